"""What a notebook cell displays."""
