"""Raw files and databases, read in batches by the mapping."""
