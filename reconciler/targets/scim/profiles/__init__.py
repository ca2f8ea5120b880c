"""One file a service, with `PROFILE = Profile(…)`; docs/scim.md says how to add one."""
