"""Permission sets as they are declared, and why some are not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import PurePosixPath
from typing import Any

from reconciler.adopting.outcome import Entry, Ignored
from reconciler.errors import InputError
from reconciler.files.characters import FORBIDDEN
from reconciler.files.tree import MemoryTree
from reconciler.loading.load import load
from reconciler.loading.sets import managed_policy_path
from reconciler.model.durations import seconds_of
from reconciler.model.names import fold
from reconciler.model.resources import TAG_PREFIX, Attributes
from reconciler.model.state import LivePermissionSet

# Permission sets that AWS Control Tower makes (user guide, "IAM Identity Center groups for AWS Control
# Tower", and "Permission sets").
CONTROL_TOWER_SETS = frozenset(
    (
        "AWSAdministratorAccess",
        "AWSOrganizationsFullAccess",
        "AWSPowerUserAccess",
        "AWSReadOnlyAccess",
        "AWSServiceCatalogAdminFullAccess",
        "AWSServiceCatalogEndUserAccess",
    )
)
# The groups of the same page.
CONTROL_TOWER_GROUPS = frozenset(
    (
        "AWSAccountFactory",
        "AWSAuditAccountAdmins",
        "AWSControlTowerAdmins",
        "AWSLogArchiveAdmins",
        "AWSLogArchiveViewers",
        "AWSSecurityAuditPowerUsers",
        "AWSSecurityAuditors",
        "AWSServiceCatalogAdmins",
    )
)
_MANAGED_BY = "managedby"
_CONTROL_TOWER = "controltower"
_RESERVED_TAG = "aws:"
# Names that some file systems keep for devices.
_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)))
)
# Where files of policies are.
_POLICIES = "policies/"


def not_ours(live: LivePermissionSet, active: Callable[[str], bool]) -> str:
    """Why a set is not to be declared; "" where nothing speaks against it.

    `active` says of an account id whether anything can be provisioned there.
    """
    tags = {
        name.removeprefix(TAG_PREFIX).lower().replace("-", "").replace("_", ""): str(value)
        for name, value in live.attributes.items()
        if name.startswith(TAG_PREFIX)
    }
    owner = tags.get(_MANAGED_BY, "").lower().replace(" ", "").replace("aws", "")
    if live.name in CONTROL_TOWER_SETS or owner == _CONTROL_TOWER:
        return "AWS Control Tower makes and changes it"
    outdated = [account for account in live.outdated if active(account)]
    if outdated:
        several = len(outdated) > 1
        lag = f"{len(outdated)} role{'s' * several} of it lag{'s' * (not several)} behind its definition"
        return f"{lag}; provision it, delete this line, and adopt again"
    return ""


def declared(
    live: Mapping[str, LivePermissionSet], active: Callable[[str], bool], taken: Collection[str] = ()
) -> tuple[list[Entry], dict[str, str], list[Ignored]]:
    """The sets to declare, the texts of policy files by path, and the sets to ignore; `active` as above.

    `taken` are paths in lower case that files have already.
    """
    ignored = {str(one.name): not_ours(one, active) for one in live.values() if not_ours(one, active)}
    made: dict[str, tuple[Entry, str, str | None]] = {}
    stems = {PurePosixPath(path).stem for path in taken if path.startswith(_POLICIES)}
    for one in sorted(live.values(), key=lambda each: each.name):
        if one.name in ignored:
            continue
        path = f"{_POLICIES}{_stem(one.name, stems)}.json"
        entry, policy = entry_of(str(one.name), one.attributes, path)
        if why := _unfit(entry, path, policy):
            ignored[str(one.name)] = why
        else:
            made[str(one.name)] = (entry, path, policy)
    # Only when all that is ignored is known: its patterns match without regard to case.
    covered = {fold(name) for name in ignored} & {fold(name) for name in made}
    for name in [name for name in made if fold(name) in covered]:
        ignored[name] = "a pattern for a set of nearly the same name covers it"
        del made[name]
    policies = {path: policy for _, path, policy in made.values() if policy is not None}
    entries = [entry for entry, _, _ in made.values()]
    return entries, policies, [Ignored(name, why) for name, why in sorted(ignored.items())]


def entry_of(name: str, have: Attributes, path: str) -> tuple[Entry, str | None]:
    """A set with live attributes as it is written, and the text of its inline policy, which is at `path`."""
    fields: dict[str, Any] = {}
    if description := have.get("description"):
        fields["description"] = description
    if duration := have.get("session_duration"):
        fields["session_duration"] = _short(str(duration))
    if relay := have.get("relay_state"):
        fields["relay_state"] = relay
    if managed := _texts(have.get("managed_policies")):
        fields["managed_policies"] = [managed_policy_path(one) for one in managed]
    if customer := _texts(have.get("customer_managed_policies")):
        fields["customer_managed_policies"] = [_reference(one) for one in customer]
    if boundary := have.get("permissions_boundary"):
        one = str(boundary)
        fields["permissions_boundary"] = (
            {"managed_policy": managed_policy_path(one)}
            if one.startswith("arn:")
            else {"customer_managed_policy": _reference(one)}
        )
    policy = None
    if inline := have.get("inline_policy"):
        policy = _pretty(str(inline))
        fields["inline_policy"] = path
    tags = {tag.removeprefix(TAG_PREFIX): value for tag, value in have.items() if tag.startswith(TAG_PREFIX)}
    ours = {tag: value for tag, value in sorted(tags.items()) if not tag.lower().startswith(_RESERVED_TAG)}
    if ours:
        fields["tags"] = ours
    made = any(tag.lower().startswith("aws:cloudformation:") for tag in tags)
    remarks = ("made by CloudFormation: let go of it there before git changes it",) if made else ()
    return Entry(name, fields, remarks), policy


def _unfit(entry: Entry, path: str, policy: str | None) -> str:
    """Why a file cannot declare a set, by loading one that does; "" where it can."""
    # JSON is YAML, and no text of a service can break out of it.
    text = json.dumps({"permission_sets": {entry.key: entry.fields}}, ensure_ascii=False)
    if FORBIDDEN.search(text):
        return "it has characters that cannot be seen; correct it, and adopt again"
    files = {"set.yaml": text, **({path: policy} if policy is not None else {})}
    try:
        load(MemoryTree("adopted", {name: one.encode() for name, one in files.items()}))
    except InputError as error:
        # What stands in a message may be text of the service: only which field it is about is told.
        said = [
            "inline_policy" if one.place is not None and one.place.path.endswith(path) else str(one)
            for one in error.problems
        ]
        fields = sorted({name for name in entry.fields if any(name in one for one in said)})
        what = " and ".join(fields) or "content"
        return f"its {what} cannot be written to a file; correct it, and adopt again"
    return ""


def _short(duration: str) -> str:
    """`4h` for `PT4H`, and one spelling for every other; what is not understood stays as it is."""
    total = seconds_of(duration)
    if not total:
        return duration
    minutes, seconds = divmod(total, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}h" * bool(hours) + f"{minutes}m" * bool(minutes)
    return text if not seconds else f"PT{text.upper()}{seconds}S"


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, tuple) else []


def _reference(path_and_name: str) -> dict[str, str]:
    path, _, name = path_and_name.rpartition("/")
    return {"name": name, **({"path": f"{path}/"} if path else {})}


def _pretty(policy: str) -> str:
    """A policy as people write it; text that is not JSON stays as it is."""
    try:
        value = json.loads(policy)
    except (ValueError, RecursionError):
        return policy
    return json.dumps(value, indent=2, ensure_ascii=True) + "\n"


def _stem(name: str, taken: set[str]) -> str:
    """The name of a file for a set, unlike all others on every file system; not one that is hidden."""
    plain = re.sub(r"[^A-Za-z0-9_+=,@-]", "_", name)
    stem, number = plain, 1
    while stem.lower() in taken or stem.lower() in _DEVICES:
        number += 1
        stem = f"{plain}_{number}"
    taken.add(stem.lower())
    return stem
