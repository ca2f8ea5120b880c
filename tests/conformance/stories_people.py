"""Stories of people: attributes, names, managers, comings and goings."""

from __future__ import annotations

from tests.conformance.narrative import State, story

ADA = "{user_name: ada, given_name: Ada, family_name: Lovelace"
BOB = "{user_name: bob, given_name: Bob, family_name: Keller"
CYD = "{user_name: cyd, given_name: Cyd, family_name: Lind"
TRIO = f"users:\n  ada: {ADA}}}\n  bob: {BOB}}}\n  cyd: {CYD}}}\n"

FULL = """
users:
  ada:
    user_name: ada
    given_name: Augusta
    middle_name: Ada
    family_name: King
    formatted_name: Augusta Ada King
    honorific_prefix: Lady
    honorific_suffix: FRS
    display_name: Ada King
    nick_name: Ada
    email: ada@example.com
    phone_number: +41 44 000 00 00
    address: {formatted: "Main 1, Zürich", street_address: Main 1, locality: Zürich, region: ZH,
              postal_code: 08000, country: CH}
    user_type: employee
    title: Principal
    role: engineer
    preferred_language: en
    locale: de-CH
    timezone: Europe/Zurich
    profile_url: https://people.example.com/ada
    photos: [https://people.example.com/1.png, https://people.example.com/2.png]
    website: https://ada.example.com
    birthdate: 1815-12-10
    employee_number: 0012
    cost_center: 1e3
    organization: no
    division: null
    department: Analytics
    manager: bob
  bob: {user_name: bob, given_name: Bob, family_name: Keller}
"""
FULL_SEEN = {
    "UserName": "ada",
    "Name.GivenName": "Augusta",
    "Name.MiddleName": "Ada",
    "Name.FamilyName": "King",
    "Name.Formatted": "Augusta Ada King",
    "Name.HonorificPrefix": "Lady",
    "Name.HonorificSuffix": "FRS",
    "DisplayName": "Ada King",
    "NickName": "Ada",
    "Emails.Value": "ada@example.com",
    "PhoneNumbers.Value": "+41 44 000 00 00",
    "Addresses.Formatted": "Main 1, Zürich",
    "Addresses.StreetAddress": "Main 1",
    "Addresses.Locality": "Zürich",
    "Addresses.Region": "ZH",
    "Addresses.PostalCode": "08000",
    "Addresses.Country": "CH",
    "UserType": "employee",
    "Title": "Principal",
    "Roles.Value": "engineer",
    "PreferredLanguage": "en",
    "Locale": "de-CH",
    "Timezone": "Europe/Zurich",
    "ProfileUrl": "https://people.example.com/ada",
    "Photos": ("https://people.example.com/1.png", "https://people.example.com/2.png"),
    "Website": "https://ada.example.com",
    "Birthdate": "1815-12-10",
    "employeeNumber": "0012",
    "costCenter": "1e3",
    "organization": "no",
    "division": None,
    "department": "Analytics",
    "manager": "bob",
}
PLAIN = f"users:\n  ada: {ADA}}}\n  bob: {BOB}}}\n"
PLAIN_SEEN = dict.fromkeys(FULL_SEEN) | {
    "UserName": "ada",
    "Name.GivenName": "Ada",
    "Name.FamilyName": "Lovelace",
}
_REQUIRED = ("user_name", "given_name", "family_name", "display_name")
NULLS = "".join(
    f"    {line.split(':')[0].strip()}: null\n"
    for line in FULL.partition("bob:")[0].splitlines()
    if line.startswith("    ") and ":" in line and not line.startswith("     ")
    if line.split(":")[0].strip() not in _REQUIRED
)
CLEARED = f"""
users:
  ada:
    user_name: ada
    given_name: Ada
    family_name: Lovelace
{NULLS}  bob: {BOB}}}
"""

STORIES = (
    story(
        "every attribute is set at once, and forgotten at once",
        State(FULL, people={"ada": FULL_SEEN}),
        State(PLAIN, people={"ada": PLAIN_SEEN | {"DisplayName": "Ada King"}}),
    ),
    story(
        "every attribute is added to who is there, changed, and cleared by null",
        State(PLAIN, people={"ada": PLAIN_SEEN | {"DisplayName": "Ada Lovelace"}}),
        State(FULL, people={"ada": FULL_SEEN}),
        State(
            FULL.replace("Principal", "Head")
            .replace("Main 1", "Main 2")
            .replace("2.png", "3.png")
            .replace("0012", "0013"),
            people={
                "ada": FULL_SEEN
                | {
                    "Title": "Head",
                    "Addresses.Formatted": "Main 2, Zürich",
                    "Addresses.StreetAddress": "Main 2",
                    "Photos": ("https://people.example.com/1.png", "https://people.example.com/3.png"),
                    "employeeNumber": "0013",
                }
            },
        ),
        State(CLEARED, people={"ada": PLAIN_SEEN | {"DisplayName": "Ada King"}}),
        State(FULL, people={"ada": FULL_SEEN}),
    ),
    story(
        "an attribute that git never declared keeps whatever it is",
        State(PLAIN),
        State(
            PLAIN,
            behind=lambda console: console.set_user("ada", "nickName", "The Countess"),
            people={"ada": {"NickName": "The Countess"}},
            quiet=True,
        ),
        State(
            PLAIN.replace("Ada,", "Augusta,"),
            people={"ada": {"NickName": "The Countess", "Name.GivenName": "Augusta"}},
        ),
    ),
    story(
        "an attribute that somebody else changed is changed back",
        State(f"users:\n  ada: {ADA}, title: Engineer}}\n"),
        State(
            f"users:\n  ada: {ADA}, title: Engineer}}\n",
            behind=lambda console: console.set_user("ada", "title", "Emperor"),
            people={"ada": {"Title": "Engineer"}},
        ),
        State(
            f"users:\n  ada: {ADA}, title: Engineer}}\n",
            behind=lambda console: console.set_user("ada", "title", None),
            people={"ada": {"Title": "Engineer"}},
        ),
    ),
    story(
        "somebody who was there before is taken over, not made twice",
        State(
            f"users:\n  ada: {ADA}, title: Engineer}}\n",
            behind=lambda console: console.add_user("ADA", attributes={"NickName": "A"}),
            people={"ada": {"Title": "Engineer", "NickName": "A", "Name.GivenName": "Ada"}},
            same={"ada": "ADA"},
        ),
    ),
    story(
        "a new user name, a new key and both at once are the same person with the same groups",
        State(PLAIN + "groups: {ops: {members: [ada, bob]}}\n", groups={"ops": "ada bob"}),
        State(
            PLAIN.replace("user_name: ada", "user_name: ada.king") + "groups: {ops: {members: [ada, bob]}}\n",
            groups={"ops": "ada.king bob"},
            same={"ada.king": "ada"},
        ),
        State(
            f"users:\n  aking: {ADA.replace('user_name: ada', 'user_name: ada.king')}, previously: [ada]}}\n"
            f"  bob: {BOB}}}\ngroups: {{ops: {{members: [aking, bob]}}}}\n",
            groups={"ops": "ada.king bob"},
            same={"ada.king": "ada.king"},
            quiet=True,
        ),
        State(
            f"users:\n  countess: {ADA.replace('name: ada', 'name: countess')}, previously: [aking]}}\n"
            f"  bob: {BOB}}}\ngroups: {{ops: {{members: [countess, bob]}}}}\n",
            groups={"ops": "countess bob"},
            same={"countess": "ada.king"},
        ),
        State(
            f"users:\n  countess: {ADA.replace('user_name: ada', 'user_name: countess')}}}\n"
            f"  bob: {BOB}}}\ngroups: {{ops: {{members: [countess, bob]}}}}\n",
            groups={"ops": "countess bob"},
            quiet=True,
        ),
    ),
    story(
        "a user name in other letters is the same name, written anew",
        State(f"users:\n  ada: {ADA}}}\n"),
        State(
            f"users:\n  ada: {ADA.replace('user_name: ada', 'user_name: Ada')}}}\n",
            people={"Ada": {"UserName": "Ada"}},
            same={"Ada": "ada"},
        ),
    ),
    story(
        "a name that one gives up is taken by another in the same plan",
        State(PLAIN + "groups: {ops: {members: [ada]}}\n"),
        State(
            "users:\n  ada: {user_name: countess, given_name: Ada, family_name: Lovelace}\n"
            "  bob: {user_name: ada, given_name: Bob, family_name: Keller}\n"
            "groups: {ops: {members: [ada]}}\n",
            groups={"ops": "countess"},
            same={"countess": "ada", "ada": "bob"},
        ),
    ),
    story(
        "managers who manage each other are made at once, changed and cleared",
        State(
            f"users:\n  ada: {ADA}, manager: bob}}\n  bob: {BOB}, manager: cyd}}\n"
            f"  cyd: {CYD}, manager: ada}}\n",
            people={"ada": {"manager": "bob"}, "bob": {"manager": "cyd"}, "cyd": {"manager": "ada"}},
        ),
        State(
            f"users:\n  ada: {ADA}, manager: cyd}}\n  bob: {BOB}, manager: ada}}\n"
            f"  cyd: {CYD}, manager: null}}\n",
            people={"ada": {"manager": "cyd"}, "bob": {"manager": "ada"}, "cyd": {"manager": None}},
        ),
        State(TRIO, people={"ada": {"manager": None}, "bob": {"manager": None}}),
    ),
    story(
        "a manager who is their own, one who is new, and one who is renamed",
        State(f"users:\n  ada: {ADA}, manager: ada}}\n", people={"ada": {"manager": "ada"}}),
        State(
            f"users:\n  ada: {ADA}, manager: bob}}\n  bob: {BOB}, manager: ada}}\n",
            people={"ada": {"manager": "bob"}, "bob": {"manager": "ada"}},
        ),
        State(
            f"users:\n  ada: {ADA}, manager: bob}}\n"
            "  bob: {user_name: robert, given_name: Bob, family_name: Keller, manager: ada}\n",
            people={"ada": {"manager": "robert"}, "robert": {"manager": "ada"}},
        ),
    ),
    story(
        "somebody with an address for a name has it as email, until git says otherwise",
        State(
            "users: {ada: {user_name: ada@example.com, given_name: Ada, family_name: L}}\n",
            people={"ada@example.com": {"Emails.Value": "ada@example.com", "DisplayName": "Ada L"}},
        ),
        State(
            "users: {ada: {user_name: ada@example.com, given_name: Ada, family_name: L, email: a@b.example}}",
            people={"ada@example.com": {"Emails.Value": "a@b.example"}},
        ),
        State(
            "users: {ada: {user_name: ada@example.com, given_name: Ada, family_name: L, email: null}}\n",
            people={"ada@example.com": {"Emails.Value": None}},
        ),
    ),
    story(
        "somebody without a family name waits, and is made once it is there",
        State(
            f"users:\n  ada: {{user_name: ada, given_name: Ada}}\n  bob: {BOB}}}\n"
            "groups: {ops: {members: [ada, bob]}}\n",
            groups={"ops": "bob"},
            nobody="ada",
            says="incomplete-user",
        ),
        State(PLAIN + "groups: {ops: {members: [ada, bob]}}\n", groups={"ops": "ada bob"}),
    ),
    story(
        "whoever is gone from the files keeps the account and no membership; coming back is the same person",
        State(TRIO + "groups: {ops: {members: [ada, bob, cyd]}}\n", groups={"ops": "ada bob cyd"}),
        State(
            PLAIN + "groups: {ops: {members: [ada, bob]}}\n",
            groups={"ops": "ada bob"},
            people={"cyd": {"UserName": "cyd"}},
            says="status-not-written",
        ),
        State(
            TRIO + "groups: {ops: {members: [ada, bob, cyd]}}\n",
            groups={"ops": "ada bob cyd"},
            same={"cyd": "cyd"},
        ),
    ),
    story(
        "with on_removal delete they are deleted, and come back as somebody new",
        State(TRIO + "groups: {ops: {members: [ada, bob, cyd]}}\n"),
        State(
            PLAIN + "groups: {ops: {members: [ada, bob]}}\n",
            config="targets: {aws: {type: identity-center, on_removal: delete}}\n",
            groups={"ops": "ada bob"},
            nobody="cyd",
        ),
        State(TRIO + "groups: {ops: {members: [cyd]}}\n", groups={"ops": "cyd"}),
    ),
    story(
        "whoever is gone loses what somebody else gave them, too",
        State(TRIO, behind=lambda console: console.add_group("theirs")),
        State(
            PLAIN,
            behind=lambda console: console.add_member("theirs", "cyd"),
            groups={"theirs": ""},
        ),
    ),
    story(
        "somebody deleted behind git's back is made again with every membership",
        State(PLAIN + "groups: {ops: {members: [ada, bob]}}\n"),
        State(
            PLAIN + "groups: {ops: {members: [ada, bob]}}\n",
            behind=lambda console: console.remove_user("ada"),
            groups={"ops": "ada bob"},
        ),
    ),
    story(
        "everybody goes",
        State(PLAIN + "groups: {ops: {members: [ada, bob]}}\n"),
        State(
            "users: {}\ngroups: {}\n",
            config="targets: {aws: {type: identity-center, on_removal: delete}}\n",
            groups={},
            nobody="ada bob",
        ),
    ),
    story(
        "logins that look like numbers, truth and nothing are names",
        State(
            "users:\n"
            + "".join(
                f"  {login}: {{user_name: {login}, given_name: {login}, family_name: {login}}}\n"
                for login in ("no", "1e3", "007", "0x1f", "249043822", "1.5", "2026-11-23")
            )
            + "groups: {ops: {members: [no, 1e3, 007, 0x1f, 249043822, 1.5, 2026-11-23]}}\n",
            groups={"ops": "no 1e3 007 0x1f 249043822 1.5 2026-11-23"},
            people={"007": {"Name.GivenName": "007"}, "no": {"Name.FamilyName": "no"}},
        ),
    ),
)
