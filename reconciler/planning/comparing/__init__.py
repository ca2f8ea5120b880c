"""Both sides of each kind, compared: what becomes a change, and why."""
