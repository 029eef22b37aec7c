"""What each command computes: from a key to the arrays of that key's output file."""
