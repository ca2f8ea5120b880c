"""The state of Terraform, as `terraform show -json` prints it (format 1): names, structure, what to let go.

Source: Terraform documentation, "JSON Output Format" (values representation), and `removed` blocks, whose
address has no instance keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.adopting.keys import slug
from reconciler.adopting.moving.source import Grants, Source
from reconciler.adopting.outcome import Inventory, Left
from reconciler.errors import InputError, Problem
from reconciler.files.characters import show
from reconciler.model.address import AccountId, Arn, Kind

LABEL = "the state of Terraform"
_USER, _GROUP = "aws_identitystore_user", "aws_identitystore_group"
_MEMBERSHIP = "aws_identitystore_group_membership"
_SET, _ASSIGNMENT = "aws_ssoadmin_permission_set", "aws_ssoadmin_account_assignment"
# What is a field of a permission set here.
_OF_SETS = frozenset(
    (
        "aws_ssoadmin_managed_policy_attachment",
        "aws_ssoadmin_managed_policy_attachments_exclusive",
        "aws_ssoadmin_customer_managed_policy_attachment",
        "aws_ssoadmin_customer_managed_policy_attachments_exclusive",
        "aws_ssoadmin_permission_set_inline_policy",
        "aws_ssoadmin_permissions_boundary_attachment",
    )
)
_OURS = ("aws_ssoadmin_", "aws_identitystore_")
# Names of resources that say nothing of what one of them is.
_GENERIC = frozenset(
    ("this", "default", "main", "all", "user", "users", "group", "groups", "assignment", "assignments")
)
_INSTANCE = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|[0-9]+)\]')
# Names may have letters of any script (HCL specification, "Identifiers").
_ADDRESS = re.compile(r"(?:module\.[^\W\d][\w-]*\.)*[a-z_][a-z0-9_]*\.[^\W\d][\w-]*")


@dataclass(frozen=True, slots=True)
class Resource:
    """One instance of a managed resource."""

    address: str
    type: str
    name: str
    index: str | None
    values: Mapping[str, Any]

    @property
    def plain(self) -> str:
        """Its address without instance keys, as `removed` takes it; "" where it is not an address."""
        found = _INSTANCE.sub("", self.address)
        return found if _ADDRESS.fullmatch(found) else ""

    @property
    def key(self) -> str:
        """The key that its address asks for; "" where it says nothing."""
        if self.index and not self.index.isdigit():
            return slug(self.index)
        return "" if self.name in _GENERIC else slug(self.name)

    @property
    def block(self) -> str:
        """What all instances of its resource are called together."""
        if self.name not in _GENERIC:
            return slug(self.name)
        above = self.plain.split(".")[:-2]
        return slug(above[-1]) if above else ""

    def text(self, name: str) -> str:
        """One of its values, where that is text."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""


def read_state(text: str, label: str) -> list[Resource]:
    """The managed resources of Identity Center in a state. `label` is the file.

    Raises InputError for what `terraform show -json` does not print.
    """
    fix = "write it with `terraform show -json > state.json`"
    try:
        document = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise InputError([Problem(f"{label} is not JSON (line {error.lineno})", fix)]) from None
    except RecursionError:
        raise InputError([Problem(f"{label} cannot be read: it is nested too deep", fix)]) from None
    except ValueError:
        raise InputError([Problem(f"{label} cannot be read: a number in it is too long", fix)]) from None
    if not isinstance(document, dict) or "format_version" not in document:
        why = "is not a state as `terraform show -json` prints it"
        if isinstance(document, dict) and "lineage" in document:
            why = "is a state as Terraform keeps it, not as it shows it"
        raise InputError([Problem(f"{label} {why}", fix)])
    version = str(document["format_version"])
    if not version.startswith("1."):
        why = f"has format_version {show(version)}; only 1 is understood"
        raise InputError([Problem(f"{label} {why}", "write it with Terraform 1.1 or later, or OpenTofu")])
    prior = document.get("prior_state")
    values = document.get("values") or (prior.get("values") if isinstance(prior, dict) else None)
    if values is None:
        # What is printed where the state is empty, and of a plan that was made without one.
        where = "run it where Terraform's backend and workspace are chosen"
        raise InputError([Problem(f"{label} is an empty state", where)])
    if not isinstance(values, dict):
        raise InputError([Problem(f"{label}: values is not an object", fix)])
    return sorted(_resources(values.get("root_module")), key=lambda one: (one.address, one.index or ""))


def _resources(module: Any) -> Iterator[Resource]:
    modules = [module]
    while modules:
        one = modules.pop()
        if not isinstance(one, dict):
            continue
        modules += _items(one.get("child_modules"))
        for raw in _items(one.get("resources")):
            if not isinstance(raw, dict) or raw.get("mode") != "managed":
                continue
            index = raw.get("index")
            found = Resource(
                str(raw.get("address") or ""),
                str(raw.get("type") or ""),
                str(raw.get("name") or ""),
                None if index is None else str(index),
                raw["values"] if isinstance(raw.get("values"), dict) else {},
            )
            if found.type.startswith(_OURS):
                yield found


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def source(resources: Sequence[Resource]) -> Source:
    """Keys and entries as the addresses of resources name them."""
    grants = [
        Grants(
            one.block,
            one.text("permission_set_arn"),
            Kind.USER if one.text("principal_type") == "USER" else Kind.GROUP,
            one.text("principal_id"),
            (one.text("target_id"),),
        )
        for one in resources
        if one.type == _ASSIGNMENT
    ]
    return Source(
        LABEL,
        users=_keys(resources, _USER, "user_id"),
        groups=_keys(resources, _GROUP, "group_id"),
        grants=grants,
    )


def _keys(resources: Sequence[Resource], kind: str, identifier: str) -> dict[str, str]:
    return {one.text(identifier): one.key for one in resources if one.type == kind and one.text(identifier)}


@dataclass(frozen=True, slots=True)
class Moved:
    """The `removed` blocks to paste, and the resources that stay Terraform's, with why."""

    removed: tuple[str, ...]
    kept: tuple[Left, ...]


def moved(resources: Sequence[Resource], inventory: Inventory) -> Moved:
    """What Terraform can let go of, because git declares it. A resource goes when all its instances do."""
    # One address may be there twice: a replaced object that is not destroyed yet has that of the new one.
    reasons = [_kept(one, inventory) for one in resources]
    held = {one.plain for one, why in zip(resources, reasons, strict=True) if why}
    going = sorted({one.plain for one in resources if one.plain} - held)
    blocks = tuple(
        f"removed {{\n  from = {one}\n  lifecycle {{\n    destroy = false\n  }}\n}}" for one in going
    )
    kept = []
    for one, why in zip(resources, reasons, strict=True):
        if not why and not one.plain:
            kept.append(_left(one, "its address is not one that a `removed` block takes"))
        elif why or one.plain in held:
            kept.append(_left(one, why or "another instance of its resource stays"))
    return Moved(blocks, tuple(kept))


def _left(one: Resource, why: str) -> Left:
    return Left("resource of Terraform", one.address, why)


def _kept(one: Resource, inventory: Inventory) -> str:
    """Why a resource stays; "" where git declares what it is about."""
    owned = {entry.key for entry in (*inventory.users, *inventory.groups) if "external" not in entry.fields}
    if one.type == _USER:
        return (
            "" if inventory.user_keys.get(one.text("user_id")) in owned else "git does not declare the user"
        )
    if one.type in (_GROUP, _MEMBERSHIP):
        key = inventory.group_keys.get(one.text("group_id"))
        if key not in owned:
            return "git does not declare the group"
        member = one.text("member_id")
        known = inventory.user_keys.get(member)
        declared = one.type == _GROUP or (known is not None and known in inventory.members.get(str(key), ()))
        return "" if declared else "git does not declare the membership"
    if one.type == _SET or one.type in _OF_SETS:
        arn = one.text("arn") if one.type == _SET else one.text("permission_set_arn")
        return "" if Arn(arn) in inventory.set_names else "git does not declare the permission set"
    if one.type == _ASSIGNMENT:
        name = inventory.set_names.get(Arn(one.text("permission_set_arn")), "")
        holders = inventory.granted.get((AccountId(one.text("target_id")), name), frozenset())
        keys = inventory.user_keys if one.text("principal_type") == "USER" else inventory.group_keys
        key = keys.get(one.text("principal_id"))
        return "" if any(holder.key == key for holder in holders) else "git does not declare the assignment"
    return "it has no counterpart here (docs/from-terraform.md)"
