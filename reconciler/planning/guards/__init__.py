"""Guards: limits on what one plan may do, and the approvals that lift them. Pure."""
