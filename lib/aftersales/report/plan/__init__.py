"""Which notebook for which region, with which parameters, and whether it is current."""
