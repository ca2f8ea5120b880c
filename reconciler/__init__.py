"""Who has access to AWS, as YAML in git: planned, reviewed, applied, and checked for drift."""

__version__ = "0.3.0"
