"""Other directories as a source of people and groups: what they hold becomes YAML that an import owns."""
