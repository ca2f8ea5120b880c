"""The stories of people and groups, written by the SCIM endpoint and read by the Identity Store API.

Beside them what only SCIM can write: who may sign in, and the ids of another source.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance import stories_groups, stories_ownership, stories_people, stories_time
from tests.conformance.narrative import State, Story, story, tell
from tests.conformance.stories_people import ADA, BOB, FULL, FULL_SEEN

# SCIM has no place for what these are about: photos, websites, birthdays, and descriptions of groups.
NOT_IN_SCIM = frozenset(
    (
        "every attribute is set at once, and forgotten at once",
        "every attribute is added to who is there, changed, and cleared by null",
        "a description is set, changed, cleared by null and by absence, and written in any style",
        "a group that is described otherwise by somebody else is described as in git again",
    )
)
SHARED = tuple(
    each
    for each in (
        *stories_people.STORIES,
        *stories_groups.STORIES,
        *stories_time.STORIES,
        *stories_ownership.STORIES,
    )
    if each.name not in NOT_IN_SCIM
)
PAIR = "users:\n  ada: %s}\n  bob: %s}\ngroups:\n  ops: {members: [ada, bob]}\n"
OWN = (
    story(
        "every attribute that SCIM has is set at once, and what it has not is said",
        State(
            FULL,
            people={
                "ada": {
                    **FULL_SEEN,
                    **dict.fromkeys(("Photos", "Website", "Birthdate")),
                    "UserStatus": "ENABLED",
                }
            },
            says="attribute-not-written",
        ),
        State(FULL, quiet=True),
    ),
    story(
        "who is inactive cannot sign in, and can again when git says so",
        State(PAIR % (ADA, BOB), people={"ada": {"UserStatus": "ENABLED"}}),
        State(
            PAIR % (f"{ADA}, active: false", BOB),
            groups={"ops": "bob"},
            people={"ada": {"UserStatus": "DISABLED"}, "bob": {"UserStatus": "ENABLED"}},
            says="deactivation-means",
        ),
        State(PAIR % (ADA, BOB), groups={"ops": "ada bob"}, people={"ada": {"UserStatus": "ENABLED"}}),
    ),
    story(
        "whoever is gone from the files is disabled, and who comes back is enabled by git's own word",
        State(PAIR % (ADA, BOB)),
        State(
            f"users:\n  bob: {BOB}}}\ngroups:\n  ops: {{members: [bob]}}\n",
            groups={"ops": "bob"},
            people={"ada": {"UserStatus": "DISABLED"}},
        ),
        State(PAIR % (ADA, BOB), people={"ada": {"UserStatus": "DISABLED"}}, says="disabled-elsewhere"),
        State(
            PAIR % (f"{ADA}, active: true", BOB),
            groups={"ops": "ada bob"},
            people={"ada": {"UserStatus": "ENABLED"}},
            same={"ada": "ada"},
        ),
    ),
    story(
        "an id of another source is written, and keeps a person who is renamed",
        State(
            PAIR % (f"{ADA}, external_id: 6f1c-01", BOB),
            people={"ada": {"ExternalIds.Id": "6f1c-01"}},
        ),
        State(
            "users:\n  countess: {user_name: countess, given_name: Ada, family_name: Lovelace, "
            f"external_id: 6f1c-01}}\n  bob: {BOB}}}\ngroups:\n  ops: {{members: [countess, bob]}}\n",
            groups={"ops": "bob countess"},
            same={"countess": "ada"},
            nobody="ada",
        ),
    ),
    story(
        "whoever somebody else disabled is enabled only by `active: true`",
        State(PAIR % (ADA, BOB)),
        State(
            PAIR % (ADA, BOB),
            behind=lambda console: console.set_status("ada", "DISABLED"),
            people={"ada": {"UserStatus": "DISABLED"}},
            quiet=True,
        ),
        State(PAIR % (f"{ADA}, active: true", BOB), people={"ada": {"UserStatus": "ENABLED"}}),
    ),
)


def test_the_stories_that_are_left_out_are_there() -> None:
    names = {each.name for each in (*stories_people.STORIES, *stories_groups.STORIES)}
    assert names >= NOT_IN_SCIM


@pytest.mark.parametrize("output", [pytest.param(each, id=each.name) for each in (*SHARED, *OWN)])
def test_every_state_is_reached_from_the_one_before_it(output: Story, tmp_path: Path) -> None:
    tell(output, tmp_path, by_scim=True)
