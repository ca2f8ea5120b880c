"""Users, groups and memberships, through the Identity Store API."""
