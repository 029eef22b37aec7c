"""One file a meter format: file to batches of readings."""
