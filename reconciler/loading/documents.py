"""What people write in an identities file, field by field. The JSON Schema for editors is made from this.

A document keeps only what was written: a field that nobody wrote is absent, `null` is None. Limits are
those of the AWS APIs (botocore's models of identitystore and sso-admin) unless a comment says otherwise.
"""

from __future__ import annotations

from typing import Annotated, Any, Required

from pydantic import Field, SkipValidation, StringConstraints, TypeAdapter, with_config
from typing_extensions import TypedDict

from reconciler.config.selectors import SelectorEntry
from reconciler.files.fields import (
    QUOTED,
    STRICT,
    ExternalId,
    Flag,
    Key,
    Lines,
    Text,
    UserName,
)
from reconciler.files.moments import Moment
from reconciler.files.shapes import OrWord, Shape, Short
from reconciler.loading.sets import PermissionSetDocument, PermissionSetName

From = Annotated[
    Moment | None,
    Field(alias="from", description="First day (in the configured time zone) or instant at which it holds."),
]
Until = Annotated[
    Moment | None,
    Field(description="Last day (whole, in the configured time zone) or instant until which it holds."),
]
Reason = Annotated[Text | None, Field(description="Why, for reviewers: a ticket or a short sentence.")]
Previously = Annotated[
    list[Text],
    Field(description="Former keys or former names: the object that had one is kept and renamed."),
]


# Written in place of a list of members: the membership of the group is no longer git's.
UNMANAGED = "unmanaged"


@with_config(STRICT)
class AddressDocument(TypedDict, total=False):
    """A postal address."""

    formatted: Annotated[Lines | None, Field(description="The whole address, formatted for display.")]
    street_address: Annotated[Lines | None, Field(description="Street and number.")]
    locality: Annotated[Text | None, Field(description="City or town.")]
    region: Annotated[Text | None, Field(description="State, canton or region.")]
    postal_code: Annotated[Text | None, Field(description="Postal code.")]
    country: Annotated[Text | None, Field(description="Country.")]


Email = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1024),
    Shape(r"[^@\s]+@[^@\s]+", "is not a valid e-mail address", "write one address, as name@example.com"),
]
Birthdate = Annotated[
    str, Shape(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "is not a valid date", "write year, month and day: 1815-12-10")
]


def _attribute(description: str) -> Any:
    return Field(description=description + " `null` clears it.")


@with_config(STRICT)
class _Attributes(TypedDict, total=False):
    """Attributes that a user and an override share."""

    given_name: Annotated[Text | None, _attribute("First name.")]
    middle_name: Annotated[Text | None, _attribute("Middle name.")]
    family_name: Annotated[Text | None, _attribute("Last name.")]
    formatted_name: Annotated[Text | None, _attribute("The whole name, formatted for display.")]
    honorific_prefix: Annotated[Text | None, _attribute("The title before the name, such as Dr.")]
    honorific_suffix: Annotated[Text | None, _attribute("The title after the name, such as PhD.")]
    display_name: Annotated[
        Text | None,
        _attribute("The name that the console shows. Default on create: given and family name."),
    ]
    nick_name: Annotated[Text | None, _attribute("How the person likes to be called.")]
    email: Annotated[
        Email | None, _attribute("E-mail address. Default on create: user_name where that is an address.")
    ]
    phone_number: Annotated[Text | None, _attribute("Phone number.")]
    address: Annotated[AddressDocument | None, _attribute("Postal address.")]
    user_type: Annotated[Text | None, _attribute("The kind of user, such as Employee or Contractor.")]
    title: Annotated[Text | None, _attribute("Job title.")]
    role: Annotated[Text | None, _attribute("What the person does, such as Researcher.")]
    preferred_language: Annotated[Text | None, _attribute("Preferred language, such as de-CH.")]
    locale: Annotated[Text | None, _attribute("Locale for dates and numbers, such as de-CH.")]
    timezone: Annotated[Text | None, _attribute("The person's time zone, such as Europe/Zurich.")]
    profile_url: Annotated[Text | None, _attribute("Address of a page about the person.")]
    photos: Annotated[
        Annotated[list[Text], Field(max_length=3)] | None, _attribute("Addresses of up to three photos.")
    ]
    website: Annotated[Text | None, _attribute("The person's own web site.")]
    birthdate: Annotated[Birthdate | None, _attribute("Date of birth.")]
    employee_number: Annotated[Text | None, _attribute("Number in the personnel system.")]
    cost_center: Annotated[Text | None, _attribute("Cost center.")]
    organization: Annotated[Text | None, _attribute("Organization.")]
    division: Annotated[Text | None, _attribute("Division.")]
    department: Annotated[Text | None, _attribute("Department.")]
    manager: Annotated[Key | None, _attribute("The manager: a key of `users`.")]
    active: Annotated[
        Flag,
        Field(description="`false` takes all access away. `true` re-enables somebody whom others disabled."),
    ]
    from_: From
    until: Until


class UserDocument(_Attributes, total=False):
    """A person."""

    user_name: Required[
        Annotated[
            UserName,
            Field(
                description="The name to sign in with: the SAML NameID. Upper and lower case are the same."
            ),
        ]
    ]
    external_id: Annotated[
        ExternalId | None,
        Field(description="The id in a source of truth, such as Active Directory's objectGUID."),
    ]
    external: Annotated[
        Flag, Field(description="`true`: somebody else's user, who is referred to and never written.")
    ]
    previously: Previously


@with_config(STRICT)
class MemberDocument(TypedDict, total=False):
    """A member with more to say than a name."""

    user: Required[Annotated[Key, Field(description="A key of `users`.")]]
    from_: From
    until: Until
    reason: Reason


@with_config(STRICT)
class IncludeDocument(TypedDict, total=False):
    """A group whose members are members here, while the window holds."""

    group: Required[Annotated[Key, Field(description="A key of `groups`.")]]
    from_: From
    until: Until
    reason: Reason


MemberEntry = Annotated[MemberDocument, Short("user")]


@with_config(STRICT)
class GroupDocument(TypedDict, total=False):
    """A set of people."""

    display_name: Annotated[
        Text | None, Field(description="The name that the console shows. Default: the key.")
    ]
    external_id: Annotated[
        ExternalId | None,
        Field(description="The id in a source of truth, such as Active Directory's objectGUID."),
    ]
    description: Annotated[Lines | None, Field(description="What the group is for. `null` clears it.")]
    members: Annotated[
        # A million of them are not worth a model each: loading looks at them in bulk (people.py).
        list[SkipValidation[MemberEntry]],
        OrWord(UNMANAGED),
        Field(
            description="Keys of `users`, or {user, from, until, reason}. `[]` empties the group; "
            "`unmanaged` lets go of its membership, which is then no longer git's."
        ),
    ]
    include: Annotated[
        list[Annotated[IncludeDocument, Short("group")]],
        Field(description="Groups whose members are members here: keys, or {group, from, until, reason}."),
    ]
    shared: Annotated[
        Flag,
        Field(description="`true` tolerates members whom others added, `false` does not. Default: `scope`."),
    ]
    external: Annotated[
        Flag, Field(description="`true`: somebody else's group, which is referred to and never written.")
    ]
    previously: Previously


AccountId = Annotated[
    str,
    Shape(
        r"[0-9]{12}",
        "is not a valid account id: one has exactly twelve digits",
        "write all twelve digits in quotes, leading zeros included",
    ),
    Field(description="Account id: twelve digits, in quotes.", json_schema_extra=QUOTED),
]


@with_config(STRICT)
class AssignmentDocument(TypedDict, total=False):
    """Who gets which permission sets in which accounts: every combination of the three lists."""

    groups: Annotated[list[Key], Field(description="Keys of `groups`.")]
    users: Annotated[list[Key], Field(description="Keys of `users`. Prefer groups.")]
    permission_sets: Required[
        Annotated[list[PermissionSetName], Field(min_length=1, description="Keys of `permission_sets`.")]
    ]
    accounts: Required[
        Annotated[list[SelectorEntry], Field(min_length=1, description="Accounts, by name, id, unit or tag.")]
    ]
    except_: Annotated[
        list[SelectorEntry],
        Field(alias="except", description="Accounts to leave out, of this entry only."),
    ]
    from_: From
    until: Until
    reason: Reason


@with_config(STRICT)
class BlockDocument(TypedDict, total=False):
    """A person who must have no access, even where other entries grant it."""

    since: Annotated[Moment | None, Field(description="First day or instant of the block. Default: always.")]
    reason: Reason


class OverrideDocument(_Attributes, total=False):
    """Fields laid over a user whom an import owns; absent means as imported."""


@with_config(STRICT)
class LeaverDocument(TypedDict, total=False):
    """A user who left, or will: what an import found of the account, apart from the user itself."""

    external_id: Required[
        Annotated[ExternalId, Field(description="That of the user. One who has another is not meant.")]
    ]
    active: Annotated[Flag, Field(description="`false` takes all access away.")]
    until: Until
    reason: Reason


@with_config(STRICT)
class IdentitiesDocument(TypedDict, total=False):
    """Who has access to AWS: any of eight top-level keys, each a map by a stable key."""

    users: Annotated[dict[Key, UserDocument] | None, Field(description="People, by key.")]
    groups: Annotated[dict[Key, GroupDocument | None] | None, Field(description="Groups, by key.")]
    permission_sets: Annotated[
        dict[PermissionSetName, PermissionSetDocument | None] | None,
        Field(description="Permission sets, by their name, which AWS never changes."),
    ]
    accounts: Annotated[dict[Key, AccountId] | None, Field(description="Names for account ids.")]
    assignments: Annotated[
        dict[Key, AssignmentDocument] | None, Field(description="Who gets which permission sets where.")
    ]
    blocked: Annotated[
        dict[Key, BlockDocument | None] | None,
        Field(description="Users who must have no access, by their key; wins over everything else."),
    ]
    overrides: Annotated[
        dict[Key, OverrideDocument] | None,
        Field(description="Fields laid over imported users, by their key."),
    ]
    leavers: Annotated[
        dict[Key, LeaverDocument] | None,
        Field(description="Imported users who left or will, by their key. An import writes it."),
    ]


IDENTITIES: TypeAdapter[IdentitiesDocument] = TypeAdapter(IdentitiesDocument)
MEMBER: TypeAdapter[MemberDocument] = TypeAdapter(MemberEntry)
