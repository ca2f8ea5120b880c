"""Files as they lie: in a folder, in a commit, in memory; and YAML, read strictly, with places."""
