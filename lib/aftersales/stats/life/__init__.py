"""Life of units: recurrence, months in service, claims ahead, completeness."""
