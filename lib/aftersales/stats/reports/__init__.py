"""Disproportionate reporting of pairs."""
