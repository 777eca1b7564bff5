"""A made-up company: raw files with planted truth and dirt in known numbers."""
