"""Turn changes into tags, a score, an order and reasons."""
