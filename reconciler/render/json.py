"""A plan and a report as JSON. The JSON of a plan is also the file in which it is saved and reviewed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from math import isfinite
from typing import Any

from pydantic import ValidationError

from reconciler.errors import PlanFileError
from reconciler.model.access import AccessChange, Direction
from reconciler.model.address import Address
from reconciler.model.change import Change
from reconciler.model.plan import FORMAT_VERSION, SEMANTICS_VERSION, Finding, Plan, TargetPlan
from reconciler.model.report import Report
from reconciler.model.resources import Origin
from reconciler.planning.digest import plan_digest
from reconciler.render import authors, escape
from reconciler.render.documents import PlanDocument

# What `show` prints of a target; the digest that people approve covers less.
# Of each target; what is only there where there is something of it is covered where it is there.
_SHOWN = ("identity", "partial", "applyable", "gaps", "counts", "changes", "findings", "access", "accounts")
_SHOWN_IF_ANY = ("authors", "self_grants", "takes")
# The minor version since which that is covered.
_SHOWN_SINCE = 2


def canonical(value: object) -> str:
    r"""The one spelling of a JSON value: keys sorted, no blanks, all but plain ASCII as `\uXXXX`.

    ASCII keeps it the same bytes on every machine, valid for everything that a service may send
    (lone surrogates), and harmless on a terminal. Nor does it hold `##`, with which a command to a runner
    begins. Raises ValueError for NaN and infinities, which are not JSON.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain)
    return escape.json_text(text) + "\n"


def plan_json(plan: Plan) -> str:
    """The plan as canonical JSON, one line: the same plan gives the same bytes."""
    return canonical(
        {
            "format_version": plan.format_version,
            "semantics_version": plan.semantics_version,
            "tool_version": plan.tool_version,
            "now": plan.now.isoformat(),
            "tree": plan.tree,
            "partial": plan.partial,
            "applyable": plan.applyable,
            **({"incomplete": True} if plan.incomplete else {}),
            **({"redacted": True} if plan.redacted else {}),
            "targets": [_sealed(_target(part)) for part in plan.targets],
            "places": [
                {
                    "origin": _origin(origin),
                    "place": {"path": place.path, "line": place.line, "column": place.column},
                }
                for origin, place in sorted(plan.places.items())
            ],
        }
    )


def plan_from_json(text: str) -> Plan:
    """The plan that `plan_json` wrote.

    A higher minor version may have fields that are not known here; they are ignored. Raises
    PlanFileError where the text is not a plan, has another major version, or does not match its own digests.
    """
    try:
        data = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise PlanFileError(f"this is not a saved plan: {error}; plan again with `--out`") from None
    _check_version(data)
    if data.get("redacted") is True:
        raise PlanFileError(
            "this plan is for reading: values of people are replaced in it; plan again with `--out`, which "
            "saves it whole"
        )
    try:
        plan = PlanDocument.model_validate(data).plan()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise PlanFileError(
            f"this is not a saved plan: {where}: {first['msg']}; plan again with `--out`"
        ) from None
    except ValueError as error:
        raise PlanFileError(f"this is not a saved plan: {error}; plan again with `--out`") from None
    _check_digests(plan)
    _check_shown(data, plan)
    return plan


def report_json(report: Report) -> str:
    """The report as canonical JSON, one line."""
    statuses = Counter(str(result.status) for part in report.targets for result in part.results)
    return canonical(
        {
            "format_version": FORMAT_VERSION,
            "interrupted": report.interrupted,
            "failed": report.failed,
            "writes": report.writes,
            "statuses": dict(statuses),
            "targets": [
                {
                    "target": part.target,
                    "digest": part.digest,
                    "whole": part.whole,
                    "writes": part.writes,
                    "calls": dict(part.calls),
                    "seconds": part.seconds,
                    "notes": list(part.notes),
                    "refusals": [finding_object(finding) for finding in part.refusals],
                    "approvals": list(part.approvals),
                    "results": [
                        {
                            "address": str(each.address),
                            "status": str(each.status),
                            "message": each.message,
                            "request_id": each.request_id,
                        }
                        for each in part.results
                    ],
                }
                for part in report.targets
            ],
        }
    )


def _target(part: TargetPlan) -> dict[str, Any]:
    return {
        "target": part.target,
        "identity": dict(part.identity),
        "policy_digest": part.policy_digest,
        "digest": part.digest,
        "partial": part.partial,
        "applyable": part.applyable,
        "incomplete": bool(part.incomplete),
        "blocked": [_address(finding.address) for finding in part.blocked],
        "gaps": [{"kind": kind, "scope": scope, "reason": reason} for kind, scope, reason in part.gaps],
        "read_calls": dict(part.read_calls),
        "counts": {
            str(kind): {
                "live": counts.live,
                "desired": counts.desired,
                "unchanged": counts.unchanged,
                "unmanaged": counts.unmanaged,
                "ignored": counts.ignored,
            }
            for kind, counts in part.counts.items()
        },
        "changes": [change_object(change) for change in part.changes],
        "findings": [finding_object(finding) for finding in part.findings],
        "access": [_access(change) for change in part.access],
        "accounts": dict(part.accounts),
        **({"approvals": list(part.approvals)} if part.approvals else {}),
        **({"only": [str(address) for address in part.only]} if part.only else {}),
        **(
            {"authors": list(part.authors), "self_grants": list(authors.self_grants(part))}
            if part.authors
            else {}
        ),
        **({"takes": {"seconds": part.takes.seconds, "calls": part.takes.calls}} if part.takes else {}),
    }


def _sealed(part: dict[str, Any]) -> dict[str, Any]:
    """The part with a digest over what is shown of it: it checks the file, and approves nothing."""
    return {**part, "shown": _shown(part)}


def _shown(part: Mapping[str, Any]) -> str:
    covered = {name: part.get(name) for name in _SHOWN}
    covered |= {name: part[name] for name in _SHOWN_IF_ANY if name in part}
    return f"sha256:{sha256(canonical(covered).encode('ascii')).hexdigest()}"


def change_object(change: Change) -> dict[str, Any]:
    """One change, as every JSON output has it."""
    return {
        "address": str(change.address),
        "action": str(change.action),
        "effect": str(change.effect),
        "cause": str(change.cause),
        "before": change.before_hash,
        "after": change.after_hash,
        "fields": [{"name": each.name, "before": each.before, "after": each.after} for each in change.fields],
        "name": change.name,
        "reason": change.reason,
        "origin": _origin(change.origin),
        "restores": change.restores,
    }


def _access(change: AccessChange) -> dict[str, Any]:
    return {
        "direction": str(change.direction),
        "permission_set": change.permission_set,
        "people": list(change.people),
        "accounts": list(change.accounts),
        "groups": list(change.groups),
        "privileged": change.privileged,
        **(
            {"was_until": change.was_until, "until": change.until}
            if change.direction in (Direction.LONGER, Direction.SHORTER)
            else {}
        ),
        **({"unknown_content": True} if change.unknown else {}),
    }


def finding_object(finding: Finding) -> dict[str, Any]:
    """One finding, as every JSON output has it."""
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "message": finding.message,
        "address": _address(finding.address),
        "origin": _origin(finding.origin),
        "fix": finding.fix,
        "details": list(finding.details),
        "count": finding.count,
        "kind": None if finding.kind is None else str(finding.kind),
    }


def _address(address: Address | None) -> str | None:
    return None if address is None else str(address)


def _origin(origin: Origin | None) -> dict[str, Any] | None:
    return None if origin is None else {"path": origin.path, "node": origin.node}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A map whose keys come once: a second one would let two readers see two plans (RFC 8259, section 4)."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _finite(text: str) -> float:
    """A number that a float can hold: `1e400` is JSON, and would be read as infinite."""
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text[:20]} is too large for a number")
    return number


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _check_version(data: object) -> None:
    version = data.get("format_version") if isinstance(data, dict) else None
    major = version.partition(".")[0] if isinstance(version, str) else ""
    if not (major.isascii() and major.isdigit()):
        raise PlanFileError("this is not a saved plan: it has no format_version; plan again with `--out`")
    known = FORMAT_VERSION.partition(".")[0]
    if int(major[:9]) != int(known):
        raise PlanFileError(
            f"this plan has format {major[:9]}, and this version of the reconciler reads format {known}: "
            "use the version that made it, or plan again"
        )


def _check_digests(plan: Plan) -> None:
    """A digest that its own changes do not give was edited; other semantics cannot be checked here."""
    if plan.semantics_version != SEMANTICS_VERSION:
        return
    for part in plan.targets:
        if part.digest != plan_digest(part.target, part.identity, part.policy_digest, part.changes):
            raise PlanFileError(
                f"this plan was changed: the changes of {part.target} do not match their digest; plan again"
            )


def _check_shown(data: Mapping[str, Any], plan: Plan) -> None:
    """What is shown beside the changes was edited, or taken out.

    Format 1.1 did not cover it; what a later one covers besides is not known here.
    """
    minor = plan.format_version.partition(".")[2]
    since = int(minor[:9]) if minor.isascii() and minor.isdigit() else _SHOWN_SINCE
    if _SHOWN_SINCE <= since <= int(FORMAT_VERSION.partition(".")[2]):
        for raw, part in zip(data["targets"], plan.targets, strict=True):
            if raw.get("shown") != _shown(_target(part)):
                raise PlanFileError(
                    f"this plan was changed: what it shows of {part.target} does not match its digest; "
                    "plan again"
                )
    if plan.applyable and False in (
        data.get("applyable"),
        *(raw.get("applyable") for raw in data["targets"]),
    ):
        raise PlanFileError(
            "this plan was changed: it says that it cannot be applied, and not why; plan again"
        )
