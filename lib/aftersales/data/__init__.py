"""Raw files in, clean tables out."""
