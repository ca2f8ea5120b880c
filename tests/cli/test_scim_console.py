"""Access tokens for SCIM, made and ended by hand in the sandbox, as in the AWS console."""

from __future__ import annotations

from reconciler.sandbox import Sandbox
from tests.cli.stage import DATA, Played
from tests.sandbox.scim import Scim


def status(played: Played, token: str) -> int:
    """What the endpoint over the same data says to a token."""
    with Sandbox(played.root / DATA, throttling=False, latency=0) as sandbox:
        return Scim(sandbox, token)("GET", "Users").status


def test_tokens_are_made_listed_and_ended_by_hand(played: Played) -> None:
    played.run("plan")
    hand = ("sandbox", "console")
    first, second = (played.run(*hand, "create-scim-token").out.strip() for _ in range(2))
    assert (status(played, first), status(played, second)) == (200, 200)

    third = played.run(*hand, "create-scim-token")
    assert third.code == 1
    assert "2 access tokens at most" in third.output

    listed = played.run(*hand, "list-scim-tokens").out
    oldest, *rest = (line.split(" expires ")[0] for line in listed.splitlines())
    assert len(rest) == 1
    assert not {first, second} & set(listed.split())
    assert played.run(*hand, "delete-scim-token", oldest).code == 0
    assert (status(played, first), status(played, second)) == (401, 200)


def test_a_token_that_is_not_there_cannot_be_ended(played: Played) -> None:
    played.run("plan")
    ended = played.run("sandbox", "console", "delete-scim-token", "nothing")
    assert ended.code == 1
    assert "`reconciler sandbox console list-scim-tokens` shows what is there" in ended.output
