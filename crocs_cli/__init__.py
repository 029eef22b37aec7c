"""CROCS: segment electricity consumers by how they use energy, from their smart-meter readings."""

__version__ = "0.1.0"
