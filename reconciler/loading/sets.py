"""What people write of a permission set, field by field. Limits: botocore's model of sso-admin."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Required

from pydantic import AfterValidator, Field, StringConstraints, with_config
from typing_extensions import TypedDict

from reconciler.config.selectors import TagKey, TagValue
from reconciler.files.fields import STRICT, Text
from reconciler.files.shapes import Shape, refused

# Ten thousand hours would be a typing error, and so is more than twelve: the API takes one to twelve.
_SHORT_DURATION = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,5})m)?", re.ASCII)
_ISO_DURATION = re.compile(r"PT(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?", re.ASCII)
_NAME = r"[A-Za-z0-9_+=,.@\-]"
_POLICY_PATH = re.compile(rf"(?:{_NAME}+/)*{_NAME}{{1,128}}", re.ASCII)
_MANAGED_ARN = re.compile(
    rf"arn:aws(?:-[a-z]{{1,5}}){{0,3}}:iam::aws:policy((?:/{_NAME}+)*/{_NAME}{{1,128}})", re.ASCII
)

PermissionSetName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=32),
    Shape(
        rf"{_NAME}+",
        "is not a valid name for a permission set: letters (A to Z), digits and _ + = , . @ - are allowed",
        "rename it; what people should read goes into description",
    ),
]


def parse_duration(value: str) -> str:
    """ISO 8601 for `4h`, `1h30m`, `90m` or `PT4H`, in its shortest form; 1 to 12 hours."""
    match = (value and _SHORT_DURATION.fullmatch(value)) or _ISO_DURATION.fullmatch(value)
    if not match or not any(match.groups()):
        raise refused("is not a valid duration", "write hours and minutes, as 4h, 1h30m or PT4H")
    hours, minutes, seconds = (int(part or 0) for part in (*match.groups(), None)[:3])
    total = hours * 3600 + minutes * 60 + seconds
    if not 3600 <= total <= 12 * 3600:
        raise refused("lies outside of 1 to 12 hours", "write 1h to 12h")
    parts = (("H", total // 3600), ("M", total // 60 % 60), ("S", total % 60))
    return "PT" + "".join(f"{number}{unit}" for unit, number in parts if number)


def managed_policy_path(value: str) -> str:
    """The path of an AWS-managed policy below `policy/`: what its name, path and ARN have in common."""
    match = _MANAGED_ARN.fullmatch(value)
    return match[1].removeprefix("/") if match else value


def _managed_policy(value: str) -> str:
    if _MANAGED_ARN.fullmatch(value):
        return value
    if value.startswith("arn:"):
        raise refused(
            "is not an ARN of an AWS-managed policy",
            "write arn:aws:iam::aws:policy/NAME; your own go under customer_managed_policies",
        )
    if not _POLICY_PATH.fullmatch(value):
        raise refused(
            "is not a policy's name, path or ARN", "write it as AdministratorAccess or job-function/Billing"
        )
    return value


ManagedPolicy = Annotated[
    str, StringConstraints(min_length=1, max_length=2048), AfterValidator(_managed_policy)
]


@with_config(STRICT)
class CustomerPolicyDocument(TypedDict, total=False):
    """A customer-managed policy, which must exist by this name and path in every account."""

    name: Required[
        Annotated[
            str,
            StringConstraints(min_length=1, max_length=128),
            Shape(
                rf"{_NAME}+", "is not a valid policy name", "letters, digits and _ + = , . @ - are allowed"
            ),
            Field(description="The policy's name."),
        ]
    ]
    path: Annotated[
        str,
        StringConstraints(min_length=1, max_length=512),
        Shape(rf"((/{_NAME}+)*)/", "is not a valid path: one begins and ends with /", "write it as /ci/"),
        Field(description="The policy's path. Default: /"),
    ]


@with_config(STRICT)
class BoundaryDocument(TypedDict, total=False):
    """The most that the set can allow: one policy, AWS-managed or customer-managed."""

    managed_policy: Annotated[ManagedPolicy, Field(description="Name, path or ARN of an AWS-managed policy.")]
    customer_managed_policy: Annotated[CustomerPolicyDocument, Field(description="A policy of your own.")]


@with_config(STRICT)
class PermissionSetDocument(TypedDict, total=False):
    """What people may do in an account. Policies and boundary are whole: absent means none."""

    description: Annotated[
        Annotated[
            str,
            StringConstraints(min_length=1, max_length=700),
            Shape(
                r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*",
                "has a character that AWS does not take here: only those of Latin-1 are allowed",
                "write it without emoji, typographic quotes and dashes, and other scripts",
            ),
        ]
        | None,
        Field(description="What the set is for: 1 to 700 characters of Latin-1. `null` clears it."),
    ]
    session_duration: Annotated[
        Annotated[str, AfterValidator(parse_duration)] | None,
        Field(description="How long a session lasts: 1 to 12 hours, as 4h, 1h30m or PT4H. Default: 1h."),
    ]
    relay_state: Annotated[
        Annotated[
            str,
            StringConstraints(min_length=1, max_length=240),
            Shape(
                r"""[a-zA-Z0-9&$@#\\/%?=~\-_'"|!:,.;*+\[\] (){}]+""",
                "has a character that a URL cannot have",
                "percent-encode it",
            ),
        ]
        | None,
        Field(description="Where in the console a session begins: a URL."),
    ]
    managed_policies: Annotated[
        list[ManagedPolicy] | None, Field(description="AWS-managed policies: names, paths or ARNs.")
    ]
    customer_managed_policies: Annotated[
        list[CustomerPolicyDocument] | None,
        Field(description="Policies of your own, which must exist in every account."),
    ]
    permissions_boundary: Annotated[
        BoundaryDocument | None, Field(description="The most that the set can allow.")
    ]
    inline_policy: Annotated[
        Any,
        Field(
            description="The policy itself, or the name of a JSON file relative to this one.",
            json_schema_extra={"type": ["string", "object", "null"]},
        ),
    ]
    tags: Annotated[
        Annotated[dict[TagKey, TagValue], Field(max_length=50)] | None, Field(description="Tags of the set.")
    ]
    assignments: Annotated[
        Literal["exclusive", "shared"],
        Field(description="`shared` leaves alone what elevation tools assign. Default: as `scope` says."),
    ]
    previously: Annotated[
        list[Text],
        Field(description="Former names: the set replaces the one that had it, assignments first."),
    ]
