"""One folder a notebook: facts, words, tables, charts, result."""
