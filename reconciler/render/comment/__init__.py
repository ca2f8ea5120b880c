"""A plan, a report or what is wrong with files as a comment on a pull request: Markdown of a limited size."""
