"""Monthly and weekly series: judged, dated, forecast."""
