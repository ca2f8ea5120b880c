"""The application: open, plan, review, apply, record. Commands call it, and so can other programs."""
