"""Test for changes between the periods before and after the reference date."""
