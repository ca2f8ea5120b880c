"""Sessions of `aws login`: whether the caller may end them, in its own account and in others."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.doctor.aws.facts import AwsFacts
from reconciler.doctor.check import Check, Unseen, not_checked, ok, warning
from reconciler.model.signin import LIST, REVOKE

_NEEDED = (LIST, REVOKE)
_FIX = f"allow {LIST} and {REVOKE} to the role that runs offboard (docs/out-at-once.md)"


def login_sessions(facts: AwsFacts) -> Iterator[Check]:
    """Every check of them; none where nothing was seen."""
    seen = facts.sessions
    if seen is None:
        return
    name = "login-sessions"
    if not seen.known:
        yield not_checked(name, "the installed boto3 does not know sessions of `aws login`", "install 1.44.8")
    elif isinstance(facts.simulated, Unseen):
        yield not_checked(name, f"whether the caller may end them was not simulated: {facts.simulated.why}")
    else:
        denied = [one for one in _NEEDED if facts.simulated.get(one) != "allowed"]
        if not denied:
            yield ok(name, "the caller may end sessions of `aws login` in its own account")
        elif seen.role:
            yield warning(name, "the caller may not end sessions of `aws login`", _FIX, denied)
        else:
            yield ok(name, "the caller may not end sessions of `aws login`: offboard prints the commands")
    if not (seen.role and seen.known):
        return
    name = "session-role"
    failed = [f"{account}: {why}" for account, why in seen.tried.items() if why]
    looked = f"{len(seen.tried)} of {seen.wanted} other accounts in which the files assign"
    if failed:
        fix = "create the role there, let the role that runs offboard assume it, and allow it both actions"
        yield warning(name, f"{seen.role} cannot be used in {len(failed)} ({looked})", fix, failed)
    elif not seen.wanted:
        yield ok(name, "the files assign nothing in another account")
    else:
        yield ok(name, f"{seen.role} can list sessions: {looked}")
