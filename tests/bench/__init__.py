"""How fast crocs is, against independent programs and against the machine: `make bench`."""
