"""Sequences of days: transitions, forecasts, and synchrony of two consumers."""
