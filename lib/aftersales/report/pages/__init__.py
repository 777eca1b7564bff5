"""Pages: HTML of a report, a region, and the index."""
