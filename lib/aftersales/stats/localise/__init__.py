"""Which combination of attributes explains a change."""
