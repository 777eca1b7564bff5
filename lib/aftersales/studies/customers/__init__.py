"""Satisfaction and tiers."""
