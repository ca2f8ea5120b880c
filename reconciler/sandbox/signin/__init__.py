"""AWS Sign-In: sessions of `aws login` and of MCP clients, listed and revoked in the account that calls."""
