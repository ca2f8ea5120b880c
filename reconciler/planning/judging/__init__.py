"""What is not made or not allowed although it differs: withheld changes, guards, rules, findings."""
