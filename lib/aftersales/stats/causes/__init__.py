"""Causes by comparison inside strata, and the pitfalls that mimic them."""
