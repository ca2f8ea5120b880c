"""From files to what people declared: every shape, every reference, and every problem at once."""
