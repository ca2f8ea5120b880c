"""What offboarding one person takes away, how that ended, and until when anything may live on. As text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from reconciler.model.address import Kind
from reconciler.model.change import Change
from reconciler.model.report import Result, Status, TargetReport
from reconciler.planning.offboarding import Person, Removal
from reconciler.planning.reaches import Reach
from reconciler.render.escape import text
from reconciler.render.words import duration, some

# Accounts of one line that are named; of the others it says how many they are.
MOST = 12
_VERBS = {Kind.MEMBERSHIP: "leaves the group", Kind.ASSIGNMENT: "loses", Kind.USER: ""}
# Source: IAM Identity Center user guide, "Understanding authentication sessions".
_PORTAL = (
    "The access portal lists nothing more for them; the portal itself can stay open for 90 days. "
    "AWS-managed applications look again within about an hour."
)


def offboarding_text(
    person: Person,
    removals: Mapping[str, Removal],
    unread: Mapping[str, str],
    *,
    denies: Mapping[str, str],
    sessions: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> str:
    """What would be taken away.

    `denies` has the targets where a policy denies the person first, with why it cannot be written, or "".
    `sessions` says by target, in lines, what is done about sessions of `aws login`.
    """
    lines = [f"Offboard {text(str(person))}", ""]
    for target, found in removals.items():
        lines.append(f"{text(target)}:")
        if target in denies:
            why = denies[target]
            says = "is denied everything in every account below the policy, but the management account"
            lines.append(f"  ! {f'CANNOT BE DENIED: {text(why)}' if why else says}")
        lines += [f"  - {_says(one)}" for one in found.prepared.plan.changes]
        lines += [f"  ? stays: {_says(one)}: {text(why)}" for one, why in found.left]
        if not found.prepared.plan.changes and not found.left:
            read = " in what was read" if target in unread else ""
            lines.append(f"  nothing to take away{read}{'' if person.ids.get(target) else ': is not there'}")
        lines += [f"  reaches {one}" for one in _reached(found.reaches)]
        lines += [f"  {one}" for one in sessions.get(target, ())]
        lines.append("")
    lines += [f"{text(name)}: NOT LOOKED AT: {text(why)}" for name, why in unread.items()]
    return "\n".join(lines).rstrip() + "\n"


@dataclass(frozen=True, slots=True)
class Ended:
    """What was to be taken away, how that ended at each target, and `at` which aware instant.

    `unread` says what could not be looked at, and why; `failures` why a target could not be written to.
    `denied` says by target, where the person was to be denied, why they are not in the policy ("": they are).
    """

    removals: Mapping[str, Removal]
    reports: Mapping[str, TargetReport]
    failures: Mapping[str, str]
    unread: Mapping[str, str]
    denied: Mapping[str, str]
    at: datetime

    def results(self, target: str) -> Sequence[Result]:
        """How each change at a target ended."""
        report = self.reports.get(target)
        return report.results if report is not None else ()


def offboarded_text(ended: Ended) -> str:
    """How it ended, and what may live on."""
    lines: list[str] = []
    for target, found in ended.removals.items():
        results = ended.results(target)
        done = sum(one.status.good for one in results)
        lines.append(f"{text(target)}: {done} of {len(found.prepared.plan.changes)} taken away")
        if target in ended.denied:
            why = ended.denied[target]
            lines.append(f"  NOT DENIED: {text(why)}" if why else "  denied everything, open sessions too")
        lines += [f"  NOT DONE: {_failed(one, found)}" for one in results if not one.status.good]
        lines += [f"  STAYS: {_says(one)}: {text(why)}" for one, why in found.left]
        if target in ended.failures:
            lines.append(f"  NOT DONE: {text(ended.failures[target])}")
        denied = ended.denied.get(target) == ""
        lines += [f"  {one}" for one in _lasting(found.reaches, ended.at, denied=denied)]
    lines += [f"{text(name)}: NOT LOOKED AT: {text(why)}" for name, why in ended.unread.items()]
    lines += ["", _PORTAL]
    return "\n".join(lines) + "\n"


def came_text(ended: Ended, held: Collection[str]) -> str:
    """What came while the rest was taken away, and how taking that away ended; "" where nothing did.

    `denied` of it has the targets whose policy had lost the person. `held` names the targets whose policy
    denies them now.
    """
    lines: list[str] = []
    for target, found in ended.removals.items():
        results = ended.results(target)
        names = {one.address: _says(one) for one in found.prepared.plan.changes}
        if target in ended.denied:
            why = ended.denied[target]
            lines.append(f"  {text(target)}: {f'NOT DENIED: {text(why)}' if why else 'denied once more'}")
        lines += [f"  {text(target)}: {names[one.address]}" for one in results if one.status is Status.DONE]
        lines += [
            f"  {text(target)}: NOT DONE: {_failed(one, found)}" for one in results if not one.status.good
        ]
        if target in ended.failures:
            lines.append(f"  {text(target)}: NOT DONE: {text(ended.failures[target])}")
        lasting = _lasting(found.reaches, ended.at, denied=target in held)
        lines += [f"  {text(target)}: {one}" for one in lasting]
    if lines:
        lines.insert(0, "Given by others meanwhile, and taken away as well:")
    lines += [f"{text(name)}: NOT LOOKED AT AGAIN: {text(why)}" for name, why in ended.unread.items()]
    return "".join(f"{line}\n" for line in lines)


def _lasting(reached: Sequence[Reach], ended: datetime, *, denied: bool) -> Iterator[str]:
    """What is cut, and until when anything may live on: a line for each set and end, with its accounts."""
    alike: dict[tuple[str, str], list[str]] = {}
    for one in reached:
        until = (ended + timedelta(seconds=one.seconds)).astimezone(UTC)
        if denied and not one.management:
            how = "cut, open sessions too, if the policy is attached above it"
        else:
            why = ", where no service control policy holds" if denied else ""
            how = f"no new session; an open one lives until {until:%Y-%m-%dT%H:%M}Z at most{why}"
        alike.setdefault((one.permission_set, how), []).append(one.account)
    for (permission_set, how), accounts in alike.items():
        yield f"{text(permission_set)} on {accounts_text(accounts)}: {how}"


def accounts_text(accounts: Sequence[str]) -> str:
    """One account by its name, or how many they are with the names of the first."""
    names = [text(one) for one in accounts]
    return names[0] if len(names) == 1 else f"{len(names):,} accounts ({some(names, MOST)})"


def _says(change: Change) -> str:
    verb = _VERBS[change.address.kind]
    return f"{verb} {text(change.name)}".strip()


def _failed(result: Result, found: Removal) -> str:
    change = next(one for one in found.prepared.plan.changes if one.address == result.address)
    request = f" (request {text(result.request_id)})" if result.request_id else ""
    return f"{_says(change)}: {result.status}: {text(result.message)}{request}"


def _reached(reached: Sequence[Reach]) -> Iterator[str]:
    alike: dict[tuple[str, str], list[str]] = {}
    for one in reached:
        ways = ", ".join(f"through {text(way)}" if way else "directly" for way in one.ways)
        lasts = f"{ways}; a session lasts {duration(one.seconds)}"
        alike.setdefault((one.permission_set, lasts), []).append(one.account)
    for (permission_set, lasts), accounts in alike.items():
        yield f"{text(permission_set)} on {accounts_text(accounts)}, {lasts}"
