"""What must be true of AWS for plan and apply: credentials, actions, instance, organization. Pure."""
