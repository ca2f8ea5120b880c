"""Accounts, units and tags, through AWS Organizations."""
