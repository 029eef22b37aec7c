"""The tests for change between the periods before and after the reference date."""
