"""What sets a cluster of consumers apart, and what changed."""
