"""The services on the other side: read them, and write to them one step at a time."""
