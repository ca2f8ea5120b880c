"""Permission sets, their provisioning and assignments, through the sso-admin API."""
