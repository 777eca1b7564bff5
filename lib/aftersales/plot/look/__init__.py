"""How figures look: theme, colours, fonts, labels, SVG."""
