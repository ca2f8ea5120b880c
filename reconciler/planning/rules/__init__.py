"""Rules: what the access after a plan must be like. Pure."""
