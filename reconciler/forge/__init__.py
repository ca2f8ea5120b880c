"""What workflows ask of the service that hosts the repository: comments, issues, runs, artifacts.

Every answer of that service about runs, events and reviews is its own word. What an artifact holds is
not: a pull request may have written it, and it is read as data.
"""
