"""Arrays in, arrays out: no files, no click, no MPI, no logging."""
