"""Facts from SAML metadata to checks."""
