"""Daily energy: reading and cleaning it, its calendar, gaps and filters, what stands beside it."""
