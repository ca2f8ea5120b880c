"""Reads SAML metadata: fetches, parses without entities, verifies signatures."""
