"""From the changes to tags, a score, an order and its reasons."""
