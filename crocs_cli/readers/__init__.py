"""Read meter files: one module per format yields batches of readings."""
