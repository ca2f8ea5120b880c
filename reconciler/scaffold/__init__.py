"""A new identity repository: templates of the package, in which declared words are replaced."""
