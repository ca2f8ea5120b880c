"""Findings: what a reviewer must know beside the changes. Pure."""
