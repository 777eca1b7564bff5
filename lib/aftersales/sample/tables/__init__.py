"""The tables of the made-up company, as its systems hold them."""
