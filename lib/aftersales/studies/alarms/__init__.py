"""Weekly alarms and how often they are false."""
