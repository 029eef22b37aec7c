"""Load profiles, representative load sets, and how far they are from each other."""
