"""Surveillance of many short series."""
