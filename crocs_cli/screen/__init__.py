"""Screening for non-technical losses: characterise installations by daily energy, rank suspicious ones.

After Fidalgo & Macedo, "Identification of Typical and Anomalous Patterns in Electricity Consumption",
Applied Sciences 2022, 12(7), 3317. To leave the screening out, drop this folder,
crocs_cli/cli/screen.py and its line of registration, its layouts in crocs_cli/cli/info.py, tests/screen,
configs/screen.yaml.
"""
