"""Permission sets: from documents to values, with inline policies from YAML or from JSON files."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.errors import InputError
from reconciler.files.characters import FORBIDDEN, describe, show
from reconciler.files.documents import Document, Loc, repeated, subject, suggest
from reconciler.files.faults import Faults
from reconciler.files.hints import json_hint
from reconciler.files.json_spots import spots
from reconciler.files.tree import Tree
from reconciler.files.yaml import BROKEN, MAX_DEPTH, Spot
from reconciler.loading.people import checked_previously
from reconciler.loading.policy_rules import flaws
from reconciler.loading.sets import PermissionSetDocument, managed_policy_path
from reconciler.model.policy_documents import canonical
from reconciler.model.resources import Origin, PermissionSet, PolicyReference, Sharing

# IAM Identity Center quotas, user guide, "Limits".
MAX_POLICY_BYTES = 32_768
MAX_POLICY_CHARACTERS = 10_240
MAX_POLICIES = 25


class PermissionSets:
    """Makes the permission sets of one tree; what is wrong is noted where it stands.

    What IAM rejects is looked for only where the tree is `under_plan`: what was applied once stays readable.
    """

    def __init__(self, tree: Tree, faults: Faults, *, under_plan: bool = True) -> None:
        self._tree, self._faults, self._under_plan = tree, faults, under_plan
        self._paths = frozenset(tree.paths())

    def build(
        self, document: Document, key: str, node: int, written: PermissionSetDocument | None
    ) -> PermissionSet:
        """One permission set."""
        fields: Mapping[str, Any] = written or {}
        at: Loc = ("permission_sets", key)
        managed = tuple(fields.get("managed_policies") or ())
        customer = tuple(_reference(entry) for entry in fields.get("customer_managed_policies") or ())
        _check_policies(document, at, managed, customer)
        inline = fields.get("inline_policy")
        return PermissionSet(
            key,
            Origin(document.path, node),
            declared=frozenset(fields),
            description=fields.get("description"),
            session_duration=fields.get("session_duration"),
            relay_state=fields.get("relay_state"),
            managed_policies=managed,
            customer_managed_policies=customer,
            permissions_boundary=_boundary(document, at, fields.get("permissions_boundary")),
            inline_policy=self._inline(document, (*at, "inline_policy"), inline),
            tags=dict(_tags(document, (*at, "tags"), fields.get("tags") or {})),
            assignments=Sharing(fields["assignments"]) if "assignments" in fields else None,
            previously=checked_previously(document, at, fields),
            policy_file=_path(document, inline) if isinstance(inline, str) else None,
        )

    def _inline(self, document: Document, at: Loc, written: Any) -> str | None:
        """The policy as canonical JSON: keys sorted, no spaces between tokens, ASCII."""
        if written is None or written is BROKEN:
            return None
        text: str | None = None
        if isinstance(written, str):
            policy, text = self._from_file(document, at, written)
        elif isinstance(written, dict):
            policy = written
            nothings = list(_nothings(written, at))
            for loc in nothings:
                says = "is empty, which means nothing in a policy"
                document.fault(loc, says, "write a value", key=True, kept=True)
            if nothings and self._under_plan:
                return None
        else:
            document.fault(at, "is not a policy", "write a map, or the name of a JSON file")
            return None
        if policy is None:
            return None
        if _broken(policy):
            return None  # already said, better
        if not isinstance(policy, dict) or "Statement" not in policy:
            document.fault(
                at, "is not a policy: it has no Statement", "write {Version: 2012-10-17, Statement: […]}"
            )
            return None
        if self._under_plan:
            self._judge(document, at, policy, written if text is not None else None, text)
        made = json.dumps(policy, sort_keys=True, separators=(",", ":"))
        sent = canonical(made)
        visible = sum(not character.isspace() for character in sent)
        if visible > MAX_POLICY_CHARACTERS or len(sent) > MAX_POLICY_BYTES:
            document.fault(
                at,
                f"has {visible:,} characters that are not spaces; AWS takes {MAX_POLICY_CHARACTERS:,}, "
                f"and {MAX_POLICY_BYTES:,} bytes in all",
                "shorten it, or make it a customer-managed policy",
                kept=True,
            )
        return made

    def _judge(
        self, document: Document, at: Loc, policy: Mapping[str, Any], file: str | None, text: str | None
    ) -> None:
        """Note what IAM is certain to reject, at its place in this file or in the JSON `file`."""
        found = list(flaws(policy))
        if file is None or text is None:
            for loc, says, fix, key in found:
                document.fault((*at, *loc), says, fix, key=key)
        elif found:
            path = _path(document, file)
            values, names = spots(text)
            for loc, says, fix, key in found:
                spot = names.get(loc) if key else values.get(loc)
                self._faults.at(path, spot or Spot(1, 1), f"{subject(loc)} {says}", fix)

    def _from_file(self, document: Document, at: Loc, written: str) -> tuple[Any, str]:
        """The value of a JSON file, and its text."""
        if written.lstrip().startswith("{"):
            document.fault(
                at, "is JSON in quotes", "write it as a map, without quotes, or into a file of its own"
            )
            return None, ""
        path = _path(document, written)
        if written.startswith("/") or path.split("/", 1)[0] == "..":
            document.fault(
                at, "leaves the folder of the identities", "move the file inside, and name it from here"
            )
            return None, ""
        if path not in self._paths:
            fix = suggest(path, [one for one in self._paths if one.endswith(".json")])
            document.fault(
                at, f"is {show(written)}, and the file {path} does not exist", fix or "write the file"
            )
            return None, ""
        try:
            data = self._tree.read(path)
        except InputError as error:
            self._faults.include(error.problems)
            return None, ""
        return self._parse(path, data), data.decode("utf-8", "replace")

    def _parse(self, path: str, data: bytes) -> Any:
        """The value of a JSON file (RFC 8259), with every member's name once; None where it is none."""
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            self._faults.at(path, Spot(1, 1), "the file is not UTF-8", "save it as UTF-8")
            return None
        if match := FORBIDDEN.search(text):
            before = text[: match.start()].split("\n")
            says = f"the invisible character {describe(match[0])} is not allowed"
            self._faults.at(path, Spot(len(before), len(before[-1]) + 1), says, "delete it")
            return None
        try:
            value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
            deep = _depth(value) > MAX_DEPTH
        except json.JSONDecodeError as error:
            hint = json_hint(text, error)
            self._faults.at(path, Spot(hint.line, hint.column), hint.message, hint.fix)
            return None
        except (ValueError, RecursionError) as error:
            why = "nested too deep" if isinstance(error, RecursionError) else str(error)
            self._faults.at(path, Spot(1, 1), f"this is not a policy: {why}", "fix the file")
            return None
        if deep:
            says = f"this is nested more than {MAX_DEPTH} deep"
            self._faults.at(path, Spot(1, 1), says, "write it flatter")
            return None
        return value


def _path(document: Document, written: str) -> str:
    """The path of a JSON file in the tree, as a document names it."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(document.path), written))


def _reference(entry: Mapping[str, str]) -> PolicyReference:
    return PolicyReference(entry["name"], entry.get("path", "/"))


def _boundary(document: Document, at: Loc, written: Mapping[str, Any] | None) -> str | PolicyReference | None:
    if written is None:
        return None
    if len(written) != 1:
        says = "names two policies" if written else "names no policy"
        document.fault(
            (*at, "permissions_boundary"),
            says,
            "write managed_policy or customer_managed_policy, one of the two",
        )
        return None
    if "managed_policy" in written:
        policy: str = written["managed_policy"]
        return policy
    return _reference(written["customer_managed_policy"])


def _check_policies(
    document: Document, at: Loc, managed: Sequence[str], customer: Sequence[PolicyReference]
) -> None:
    if len(managed) + len(customer) > MAX_POLICIES:
        says = f"has {len(managed) + len(customer)} policies; AWS takes {MAX_POLICIES}"
        document.fault(at, says, "merge some into one customer-managed policy", key=True, kept=True)
    paths = [managed_policy_path(policy) for policy in managed]
    for name, values in (("managed_policies", paths), ("customer_managed_policies", customer)):
        for index in repeated(values):
            says = "is in this list already"
            document.fault((*at, name, index), says, "delete one of the two", kept=True)


def _tags(document: Document, at: Loc, tags: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, value in tags.items():
        if key.lower().startswith("aws:"):
            says = "begins with aws:, which AWS keeps for itself"
            document.fault((*at, key), says, "rename it", key=True, kept=True)
        yield key, value


def _broken(value: Any) -> bool:
    """Whether something was refused inside a policy that is written as YAML."""
    if isinstance(value, dict):
        return any(map(_broken, value.values()))
    return any(map(_broken, value)) if isinstance(value, list) else value is BROKEN


def _nothings(value: Any, at: Loc) -> Iterator[Loc]:
    if value is None:
        yield at
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _nothings(inner, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _nothings(inner, (*at, index))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{show(twice)} appears twice in one object")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0
