"""Partitions of days and of consumers, what they are worth, and where a newcomer belongs."""
