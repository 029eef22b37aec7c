"""The paper's experiments and the methods that CROCS is compared with."""
