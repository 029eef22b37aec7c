"""Populations whose clusters are known."""
