"""Series over months: season, windows, change points, control limits, forecast."""
