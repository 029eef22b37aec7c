"""Programs that run in the environment of the independent packages; they import nothing of crocs."""
