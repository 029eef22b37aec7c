"""The maths of programmes: the peak, bills, whom to ask, and what a programme changed."""
