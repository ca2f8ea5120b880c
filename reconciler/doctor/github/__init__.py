"""What must be true of a repository at GitHub for reviews to hold: rules, owners, environments. Pure."""
