"""Places and products: expected, judged, clustered."""
