"""From meter readings to the days that are used."""
