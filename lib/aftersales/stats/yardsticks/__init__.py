"""What published methods give, for tests."""
