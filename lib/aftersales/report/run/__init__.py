"""Reports run: engines, pools, clusters."""
