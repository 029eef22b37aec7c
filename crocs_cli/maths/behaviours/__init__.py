"""The behaviours that the members of a cluster share: prototype graph, communities, hyperprototypes."""
