"""From what git says, said, and what is, to a plan. Pure: no clock, no I/O, no randomness."""
