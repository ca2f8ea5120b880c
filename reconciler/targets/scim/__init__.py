"""SCIM 2.0 service providers as targets: one client, driven by a profile of each (RFC 7643, RFC 7644)."""
