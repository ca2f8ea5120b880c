"""Who reaches what, and how a plan changes it: pure, factored, never multiplied out whole."""
