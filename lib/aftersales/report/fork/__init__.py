"""Run notebooks in forked processes: libraries are loaded once, every notebook starts afresh."""
