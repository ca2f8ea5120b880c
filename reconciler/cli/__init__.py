"""The command line: one command a file. Only `common.py` prints; `session/` is what commands call."""
