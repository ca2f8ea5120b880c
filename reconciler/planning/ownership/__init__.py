"""Whose each live thing is, decided on data before anything is compared."""
