"""Rankings measured where the truth is known."""
