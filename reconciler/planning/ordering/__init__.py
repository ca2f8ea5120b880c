"""From changes to steps: which waits for which, how many at once, and how long that takes."""
