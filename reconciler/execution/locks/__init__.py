"""Keeps two applies apart: a lease for each target, in a file, at the remote of git, or in S3."""
