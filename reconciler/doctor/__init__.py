"""Whether what the reconciler rests on is as it must be: facts in, checks out. Pure."""
