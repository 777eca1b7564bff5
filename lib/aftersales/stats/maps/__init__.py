"""Places: funnels and scans."""
