"""The directory: users, groups and memberships under the rules of the Identity Store, for every writer."""
