"""The entries of the registry: what each metric is called, means and needs."""
