"""Counts and rates: intervals, excess, dispersion, shrinkage, multiplicity."""
