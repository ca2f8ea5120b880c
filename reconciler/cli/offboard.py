"""`reconciler offboard`: take all access of one person away, now."""

from __future__ import annotations

from dataclasses import replace

import click

from reconciler.cli.common import Options, answer, ask, common_options, on_terminal, remark
from reconciler.cli.observing import beside, observing
from reconciler.cli.progress import Progress
from reconciler.errors import AppliedInPart, ReconcilerError, UsageError
from reconciler.files.characters import FORBIDDEN
from reconciler.model.signin import AccountSessions
from reconciler.render.escape import text
from reconciler.render.offboarding import Ended, came_text, offboarded_text, offboarding_text
from reconciler.render.signed_in import OPTION, intended, sessions_text
from reconciler.session.blocking import block_in_files
from reconciler.session.offboarding import (
    Offboarded,
    Offboarding,
    carry_out,
    end_sessions,
    open_offboarding,
    session_roles,
    undo,
)
from reconciler.session.offboarding_again import ROUNDS, Came, look_again, reached

# The most letters of a reason; a file takes 1,024 (reconciler/files/fields.py), and a day comes behind it.
_MOST = 900


@click.command("offboard", short_help="take all access of one person away, now")
@click.argument("user")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--revoke-only", is_flag=True, help="Leave the files as they are: no `blocked` is written.")
@click.option(
    "--reason", metavar="TEXT", default="offboarded", show_default=True, help="What `blocked` says."
)
@click.option(
    OPTION,
    "everybody",
    is_flag=True,
    help="Also end sessions of `aws login` of roles that others have, too: they must sign in again.",
)
@click.option("--undo", "undoing", is_flag=True, help="Take USER out of the `deny_policy` again.")
@common_options(hide=("--format",), formats=("text",))
def command(
    options: Options, user: str, reason: str, *, yes: bool, revoke_only: bool, everybody: bool, undoing: bool
) -> int:
    """Show, and once confirmed take away, everything that USER has, at every target.

    USER is a key, a user name, an email address or an id; also of somebody whom git does not know. Takes no
    lock and needs no remote: it runs from a laptop. It only takes away, and does not look at what the files
    declare. A target that fails delays no other; the exit code is 6 then. With a `deny_policy`, USER is
    denied everything first, and nothing is granted to them until the files say `blocked`, or --undo. At the
    end it ends their sessions of `aws login`, in other accounts as the `session_role` of the target.
    """
    if not yes and not on_terminal():
        raise UsageError("offboard asks only on a terminal; with --yes it does not ask")
    if undoing:
        return _undo(options, user, yes=yes)
    # A reason that no file may hold is put right, and holds up nothing.
    reason = " ".join(FORBIDDEN.sub(" ", reason).split())[:_MOST] or "offboarded"
    with observing() as observer, open_offboarding(beside(observer, options), observer, user) as found:
        observer.finish()
        answer(_shown(found, everybody=everybody))
        if not yes and not ask(f"Take all of this away from {text(str(found.person))}?"):
            raise ReconcilerError("Not confirmed; nothing was written.")
        done = carry_out(found, observer)
        observer.finish()
        ended = _ended(options, found, done)
        answer(offboarded_text(ended))
        if not revoke_only:
            _block(options, found, f"{reason} {ended.at:%Y-%m-%d}")
        _say_what_lasts(found, done)
        # What takes longest and matters least comes last: everything before it is done and said.
        again: list[Came] = []
        if not done.interrupted:
            again += _look_again(options, found, done, observer)
            with_all = replace(found, removals=reached(found, again))
            _end_sessions(with_all, f"offboard: {reason}", everybody=everybody)
    settled = len(again) < ROUNDS or not again[-1].done.writes
    whole = settled and all(came.done.whole and not came.found.unread for came in again)
    return _code(found, done) or (0 if whole else AppliedInPart.exit_code)


def _look_again(options: Options, found: Offboarding, done: Offboarded, observer: Progress) -> list[Came]:
    """Take away what came meanwhile, and say it; every round with what came."""
    rounds: list[Came] = []
    held = {name for name, one in done.denied.items() if one.done}
    for came in look_again(found, done, observer):
        observer.finish()
        rounds.append(came)
        ended = _ended(options, came.found, came.done)
        held = {name for name in held if not ended.denied.get(name)}
        if said := came_text(ended, held):
            answer(said)
    if len(rounds) == ROUNDS and rounds[-1].done.writes:
        remark(
            "Something gives this person access while it is taken away: offboard them again when it is over."
        )
    return rounds


def _ended(options: Options, found: Offboarding, done: Offboarded) -> Ended:
    """How what was found came to its end, which is now."""
    return Ended(
        found.removals,
        done.reports,
        done.failures,
        found.unread,
        {name: "" if one.done else one.message or "it was not written" for name, one in done.denied.items()},
        options.now or next(iter(found.sessions.values())).clock.now(),
    )


def _shown(found: Offboarding, *, everybody: bool) -> str:
    sessions = {
        name: intended(
            role, found.removals[name].reaches, everybody=everybody, whole=name not in found.unread
        )
        for name, role in session_roles(found).items()
    }
    return offboarding_text(
        found.person, found.removals, found.unread, denies=found.denies, sessions=sessions
    )


def _end_sessions(found: Offboarding, reason: str, *, everybody: bool) -> None:
    for name in session_roles(found):
        ended: list[AccountSessions] = []
        region = found.sessions[name].identities[name].get("region", "")
        try:
            ended.extend(end_sessions(found, name, reason, everybody=everybody))
        finally:  # also of a run that is interrupted it is said what it did
            said = sessions_text(ended, found.removals[name].reaches, region, everybody=everybody)
            if said:
                answer(said)


def _undo(options: Options, user: str, *, yes: bool) -> int:
    with (
        observing() as observer,
        open_offboarding(beside(observer, options), observer, user, undo=True) as found,
    ):
        observer.finish()
        if not found.denies:
            answer(
                "Nothing to undo: no target with a `deny_policy` has this person. Git gives access back: "
                "take `blocked` out of the files, plan and apply."
            )
            return 0
        names = ", ".join(found.denies)
        if not yes and not ask(f"Take {text(str(found.person))} out of the policy of denials of {names}?"):
            raise ReconcilerError("Not confirmed; nothing was written.")
        ended = undo(found)
    for name, one in ended.items():
        answer(f"{name}: {'not denied by offboard any more' if one.done else f'NOT UNDONE: {one.message}'}")
    remark("Access comes back by git: remove `blocked` from the files, and have the plan reviewed.")
    return 0 if all(one.done for one in ended.values()) else AppliedInPart.exit_code


def _block(options: Options, found: Offboarding, reason: str) -> None:
    key = found.person.key
    if not key:
        remark("Git does not know this person, so that no file was changed.")
        return
    if found.blocked:
        return
    path, problem = block_in_files(options.identities, key, reason)
    if problem:
        line = f"blocked: {{{key}: {{reason: {text(reason)}}}}}"
        remark(f"No file was changed: {problem}\nWrite it yourself: `{line}`")
    elif path:
        remark(f"{path} says `blocked` now: merge it, so that git agrees.")


def _say_what_lasts(found: Offboarding, done: Offboarded) -> None:
    if not any(one.done for one in done.denied.values()):
        why = "They are not denied" if found.denies else "No `deny_policy` is configured"
        remark(
            f"{why}: open sessions end by themselves, and any reviewed apply may give the access again until "
            "the files say `blocked`."
        )
    else:
        remark(
            "Nothing is granted to them, reviewed or not, until the files say `blocked`, or `reconciler "
            "offboard --undo`."
        )


def _code(found: Offboarding, done: Offboarded) -> int:
    left = any(one.left for one in found.removals.values())
    if done.whole and not found.unread and not left:
        return 0
    # A denial that fails is told as it is by apply and reconcile, also where nothing else was to be done.
    undenied = not all(one.done for one in done.denied.values())
    if done.writes or undenied or (done.whole and not done.failures):
        return AppliedInPart.exit_code
    return ReconcilerError.exit_code
