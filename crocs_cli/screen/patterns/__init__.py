"""The typical patterns of a population: features, self-organising maps, classes."""
