"""What the text of a cell says: a time, an amount, a duration."""
