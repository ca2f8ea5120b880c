"""What IAM Identity Center wants of every user who is created."""

from __future__ import annotations

# "Required in practice" by CreateUser: the model asks for none, the service refuses without.
REQUIRED = ("user_name", "display_name", "given_name", "family_name")
