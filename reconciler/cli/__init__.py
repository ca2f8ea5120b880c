"""The command line: one command a file. Only `common.py` prints, `workspace.py` puts rooms together."""
