"""From an entry to the fields of a person or group, each checked against the shape that files must have."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from reconciler.files.characters import FORBIDDEN
from reconciler.loading.documents import GroupDocument, UserDocument
from reconciler.loading.people import RESERVED
from reconciler.sources.entry import Entry
from reconciler.sources.settings import ALWAYS, Rules

_USER: TypeAdapter[UserDocument] = TypeAdapter(UserDocument)
_GROUP: TypeAdapter[GroupDocument] = TypeAdapter(GroupDocument)

# MS-ADTS 2.2.16 (userAccountControl) and 2.2.12 (groupType).
ACCOUNTDISABLE = 0x2
# Accounts of trusts between domains, of workstations, and of domain controllers.
_MACHINES = 0x800 | 0x1000 | 0x2000
SECURITY_ENABLED, BUILTIN_LOCAL = 0x80000000, 0x1
# MS-ADA1 2.2 (accountExpires): ticks of 100 ns since 1601; both of these mean never.
_NEVER = (0, 0x7FFFFFFFFFFFFFFF)
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Made:
    """The fields that could be made, and what is wrong: `faults` keep the entry out, `left_out` a field."""

    fields: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    # Whether the account may be used, where that could be read: active, and until when.
    standing: dict[str, Any] | None = None


def is_user(entry: Entry) -> bool:
    """Whether an entry is a person's account: not one of a computer, of a trust, or that the system needs."""
    classes = _classes(entry)
    if "user" not in classes or "computer" in classes or _critical(entry):
        return False
    try:
        return not (entry.number("userAccountControl") or 0) & _MACHINES
    except ValueError:
        return True


def is_group(entry: Entry) -> bool:
    """Whether an entry is a security group of the domain's own. A groupType that is not visible counts."""
    if "group" not in _classes(entry):
        return False
    try:
        kind = entry.number("grouptype")
    except ValueError:
        kind = None
    return kind is None or bool(kind & SECURITY_ENABLED and not kind & BUILTIN_LOCAL)


def user_fields(entry: Entry, guid: str, rules: Rules) -> Made:
    """The fields of a person, without the manager; in the order in which they are written."""
    made = Made()
    _name(entry, made, rules.user_name, "user_name")
    made.fields["external_id"] = guid
    for ours in (*ALWAYS, *(one for one in sorted(rules.attributes) if one not in (*ALWAYS, "manager"))):
        source = rules.sources[ours]
        needed = ours in ALWAYS
        value = _text(entry, source, made.faults if needed else made.left_out)
        if value is None and ours == "display_name":
            value = _text(entry, "cn", made.faults)
        if value is not None:
            made.fields[ours] = value
        elif needed:
            made.faults.append(f"it has no {source}, which becomes the {ours}")
        elif ours == "email":
            # A create would otherwise take the user_name for the address.
            made.fields["email"] = None
    made.standing = _standing(entry, made, rules)
    made.fields |= made.standing or {}
    _check(_USER, made, ("user_name", "external_id", *ALWAYS))
    return made


def _name(entry: Entry, made: Made, source: str, ours: str) -> None:
    """The name by which the object is found at AWS, from the attribute `source`."""
    name = _text(entry, source, made.faults)
    if name is None:
        made.faults.append(f"it has no {source}, which becomes the {ours}")
        return
    made.fields[ours] = name
    if name.lower() in RESERVED:
        made.faults.append(f"{source} is a name that AWS keeps for itself")


def group_fields(entry: Entry, guid: str, rules: Rules) -> Made:
    """The fields of a group, without its members."""
    made = Made()
    _name(entry, made, rules.group_name, "display_name")
    made.fields["external_id"] = guid
    if (description := _text(entry, "description", made.left_out)) is not None:
        made.fields["description"] = description
    _check(_GROUP, made, ("display_name", "external_id"))
    return made


def _standing(entry: Entry, made: Made, rules: Rules) -> dict[str, Any] | None:
    try:
        control, expires = entry.number("userAccountControl"), entry.number("accountExpires")
    except ValueError as error:
        made.faults.append(str(error))
        return None
    if control is None:
        says = f"it has no {rules.standing}, which says whether it is enabled: may it be read?"
        made.faults.append(says)
        return None
    found: dict[str, Any] = {"active": "false"} if control & ACCOUNTDISABLE else {}
    if expires is None or expires in _NEVER:
        return found
    if expires < 0:
        made.faults.append("accountExpires is not a point in time")
        return None
    try:
        end = _EPOCH + timedelta(microseconds=expires // 10)
    except OverflowError:
        return found  # later than any year that has a name
    if end.year < 1970:
        found["active"] = "false"
    elif end.year < 9990:  # what files may hold; later is as good as never
        found["until"] = end.replace(microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ")
    return found


def _text(entry: Entry, name: str, wrong: list[str]) -> str | None:
    try:
        return entry.text(name)
    except ValueError:
        wrong.append(f"{name} is not text")
        return None


def _check(adapter: TypeAdapter[Any], made: Made, needed: tuple[str, ...]) -> None:
    """Judge the fields as a load would; what does not fit is a fault, or left out where it is not needed."""
    bad: dict[str, str] = {}
    try:
        adapter.validate_python(made.fields)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            name, context = str(detail["loc"][0]), detail.get("ctx", {})
            too_long = detail["type"] == "string_too_long" and isinstance(made.fields[name], str)
            says = (
                f"has {len(made.fields[name]):,} characters; at most {context['max_length']:,} are allowed"
                if too_long
                else context.get("says") or detail["msg"]
            )
            bad.setdefault(name, str(says))
    for name, value in made.fields.items():
        if isinstance(value, str) and FORBIDDEN.search(value):
            bad[name] = "has a character that cannot be seen"
    for name, says in bad.items():
        if name not in made.fields:
            continue  # missing, which is said
        if name in needed:
            made.faults.append(f"{name} {says}")
        else:
            made.left_out.append(f"{name} {says}")
            if name == "email":
                made.fields[name] = None
            else:
                del made.fields[name]


def _classes(entry: Entry) -> set[str]:
    return {value.decode("utf-8", "replace").lower() for value in entry.values("objectclass")}


def _critical(entry: Entry) -> bool:
    """Whether the domain cannot do without the account: Administrator, Guest, krbtgt."""
    return any(value.strip().upper() == b"TRUE" for value in entry.values("isCriticalSystemObject"))
