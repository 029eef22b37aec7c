"""The only code that touches disk, processes and schedulers."""
