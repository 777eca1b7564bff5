"""How a lazy table is reduced: engines, rows, attributes, exposure, what is kept of a company."""
