"""One module per question; each returns a result with `to_frame`, `plot` and `findings`."""
