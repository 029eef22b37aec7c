"""Simulate populations with honest changes, and thieves among them."""
