"""Read and clean daily energy; calendar, gaps, filters, contracts and inspections."""
