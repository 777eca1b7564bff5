"""The metrics themselves, a family a module."""
