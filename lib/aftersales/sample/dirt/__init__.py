"""What makes the made-up files as dirty as real ones."""
