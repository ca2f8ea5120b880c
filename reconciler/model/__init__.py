"""Ground floor: the values that every other room passes on. No I/O, no clock, no behaviour of note."""
