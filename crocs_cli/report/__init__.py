"""Arrays in, SVG and HTML text out: figures, words and pages, the same bytes for the same arrays."""
