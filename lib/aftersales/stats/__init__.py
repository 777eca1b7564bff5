"""Statistics on plain arrays and small tables; knows nothing of after-sales."""
