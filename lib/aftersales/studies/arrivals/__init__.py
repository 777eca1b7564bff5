"""How rows arrive: by day, late, joined."""
