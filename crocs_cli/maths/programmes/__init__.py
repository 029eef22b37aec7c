"""What segments are used for: who makes the peak, and what a tariff does to whom."""
