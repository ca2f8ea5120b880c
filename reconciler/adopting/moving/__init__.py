"""Names and structure that other tools have for what is live: each by a small reader."""
