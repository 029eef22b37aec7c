"""Populations with honest reasons for change, and thieves among them."""
