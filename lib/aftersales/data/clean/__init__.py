"""From raw rows to clean tables, each step with its account."""
