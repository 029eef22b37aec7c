"""What is counted of every meter while its readings become days."""

COUNTS = (
    "readings",  # rows read
    "invalid",  # rows without a usable number
    "duplicates",  # rows that repeat another one exactly
    "conflicts",  # intervals with several different readings
    "days_present",  # days with at least one reading; the next five and the used ones add up to it
    "days_outside_range",
    "days_of_other_type",  # weekends among weekdays, holidays among workdays ...
    "days_clock_change",  # days of 23 or 25 hours
    "days_conflicting",  # left out because their readings contradict each other
    "days_incomplete",
    "days_used",
    "days_flat",  # used, though all readings are equal
)
