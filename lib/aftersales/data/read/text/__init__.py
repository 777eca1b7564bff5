"""Text files: encodings, lines, CSV and JSON lines."""
