"""What offboarding does about sessions of `aws login`, what became of them, and the commands for the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from reconciler.model.signin import AccountSessions
from reconciler.planning.reaches import Reach
from reconciler.render.escape import sentence, text
from reconciler.render.offboarding import accounts_text
from reconciler.render.words import counted, some

OPTION = "--end-sessions-of-their-roles"
_SESSION = ("session", "sessions")
# Sets by which the printed command looks; of more it lists every role of Identity Center.
_FILTERED = 5
# What a name of a permission set is made of (API reference); anything else comes into no command.
_SET = re.compile(r"[\w+=,.@-]{1,32}", re.ASCII)


def intended(
    role: str | None, reaches: Sequence[Reach], *, everybody: bool, whole: bool = True
) -> Sequence[str]:
    """What will be done about them, as lines. `role` is the one in other accounts.

    `whole` says that what the person reaches was read.
    """
    where = (
        "in the caller's own account; for others the commands are printed"
        if role is None
        else f"in the caller's own account, and in others as the role {text(role)}"
    )
    shared = sorted({one.permission_set for one in reaches if not one.alone})
    names = some([text(one) for one in shared], _FILTERED)
    lines = [f"then their sessions of `aws login` end: {where}"]
    if not reaches:
        why = "they reach nothing now" if whole else "what they reach was not read"
        lines.append(
            f"but {why}, so that nobody knows which roles they had: only sessions in their own name end, and "
            "those of roles stay open"
        )
    if shared and everybody:
        lines.append(f"ALSO THE SESSIONS OF OTHERS who have {names} end: they must sign in again")
    elif shared:
        lines.append(
            f"but those of {names} stay open, because others have it, too: {OPTION} ends all of them, and "
            "the others must sign in again"
        )
    return lines


def sessions_text(
    found: Sequence[AccountSessions], reaches: Sequence[Reach], region: str, *, everybody: bool
) -> str:
    """What became of the sessions around one target; "" where nothing was looked at or to be looked at.

    `reaches` are what the person had, `region` the Region that was asked.
    """
    if not found:
        return ""
    names = {one.identifier: one.account for one in reaches}
    found = sorted(found, key=lambda one: one.account)
    lines = ["Sessions of `aws login` and of MCP clients:"]
    lines += _done(found, names)
    left = [*_shared(found, names, everybody=everybody), *_failures(found, names)]
    lines += left
    if left:
        lines += _commands(sorted({one.permission_set for one in reaches}), region)
    return "\n".join(lines) + "\n"


def _done(found: Sequence[AccountSessions], names: Mapping[str, str]) -> Iterator[str]:
    ended = [one for one in found if one.ended]
    if ended:
        count = counted(sum(len(one.ended) for one in ended), _SESSION)
        yield f"  {count} ended on {_on(ended, names)}: their last credentials end within 15 minutes"
    none = [
        one
        for one in found
        if one.asked and not (one.problem or one.ended or one.failed or one.theirs or one.shared)
    ]
    if none:
        yield f"  nothing is open on {_on(none, names)}"


def _shared(found: Sequence[AccountSessions], names: Mapping[str, str], *, everybody: bool) -> Iterator[str]:
    if everybody:
        return
    for name in sorted({name for one in found for name in one.shared}):
        those = [one for one in found if one.shared.get(name)]
        count = counted(sum(one.shared[name] for one in those), _SESSION)
        yield (
            f"  NOT ENDED: {count} of {text(name)} on {_on(those, names)}: others have it, too, and AWS does "
            "not say whose a session is"
        )


def _failures(found: Sequence[AccountSessions], names: Mapping[str, str]) -> Iterator[str]:
    alike: dict[str, list[AccountSessions]] = {}
    for one in found:
        why = "no `session_role` is configured" if not one.asked else one.problem
        if why:
            label = "NOT READ BACK" if one.ended or one.failed else "NOT LOOKED AT"
            # Refusals differ in the account that they name, and are one line all the same.
            alike.setdefault(f"  {label}: {sentence(why.replace(one.account, 'ACCOUNT'))}", []).append(one)
    for says, those in alike.items():
        yield f"{says}: {_on(those, names)}"
    refused: dict[str, list[AccountSessions]] = {}
    for one in found:
        for why in one.failed.values():
            says = sentence(why.replace(one.account, "ACCOUNT"))
            refused.setdefault(says, []).append(one)
    for says, those in refused.items():
        once = list({one.account: one for one in those}.values())
        yield f"  NOT ENDED: {counted(len(those), _SESSION)} on {_on(once, names)}: {says}"


def _on(found: Sequence[AccountSessions], names: Mapping[str, str]) -> str:
    return accounts_text([names.get(one.account, one.account) for one in found])


def _commands(sets: Sequence[str], region: str) -> Iterator[str]:
    plain = [one for one in sets if _SET.fullmatch(one)]
    some_sets = plain if 0 < len(plain) <= _FILTERED and len(plain) == len(sets) else [""]
    prefixes = [f"AWSReservedSSO_{one}_" if one else "AWSReservedSSO_" for one in some_sets]
    looks = " || ".join(f"contains(principalArn, '{one}')" for one in prefixes)
    yield "  With credentials of each of these accounts, list them and end what is theirs, five at a time:"
    yield (
        f"    aws signin list-sessions --region {region} --status ACTIVE --principal-arn "
        '"arn:aws:iam::$(aws sts get-caller-identity --query Account --output text):*" '
        f'--query "items[?{looks}].[principalArn, sessionArn]" --output text'
    )
    yield (
        f"    aws signin batch-revoke-sessions --region {region} --principal-arn PRINCIPAL --session-arns ARN"
    )
