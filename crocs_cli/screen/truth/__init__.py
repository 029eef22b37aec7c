"""Measure rankings where cases are known."""
