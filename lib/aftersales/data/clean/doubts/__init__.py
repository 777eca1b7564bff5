"""What is doubtful about rows that can be read: losses, meanings, columns nobody mapped."""
