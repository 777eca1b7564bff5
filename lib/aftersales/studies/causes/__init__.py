"""What explains an excess: searched, checked, cleared."""
