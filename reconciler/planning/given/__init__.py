"""What git gave, by live ids: pairing by it, letting it go, what is owed of it, and the next ledger."""
