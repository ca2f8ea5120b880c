"""Permission sets, assignments and roles under the rules of Identity Center, for every writer."""
