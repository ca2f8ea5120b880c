"""What git says, and said, of one target: entries united, selectors read over the organization of now."""
