"""What a profile's sources.yaml says of tables, columns and codes, and the schema they meet."""
