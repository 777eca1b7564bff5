"""Personal data: pseudonyms and masks."""
