"""Ward's hierarchical clustering, of a consumer's days and of very many consumers."""
