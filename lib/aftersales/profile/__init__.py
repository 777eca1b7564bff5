"""What a company says of itself: its mapping, regions, targets and playbook, as written in YAML."""
