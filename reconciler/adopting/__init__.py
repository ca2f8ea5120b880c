"""What is live at a service, as YAML that declares it."""
