"""What is reported together more often than alone."""
