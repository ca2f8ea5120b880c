"""What each profile lets be written: named one by one, so that a new attribute goes nowhere unasked."""

from __future__ import annotations

import pytest

from reconciler.model.scim import GROUP_PATHS, USER_PATHS
from reconciler.targets.scim.profile import STANDARD_USER, Profile
from reconciler.targets.scim.profile_list import names, profile

NOT_WRITTEN = {
    "aws": {"photos"},
    "entra": {"photos", "profile_url", "role", "nick_name"},
    "generic": set(),
    "github-enterprise": STANDARD_USER
    - {
        "user_name",
        "external_id",
        "given_name",
        "middle_name",
        "family_name",
        "formatted_name",
        "display_name",
        "email",
        "role",
    },
    "slack": {"middle_name", "formatted_name", "honorific_suffix", "nick_name"},
}


@pytest.mark.parametrize("name", names())
def test_a_profile_names_what_may_be_written(name: str) -> None:
    known = profile(name)
    assert known.user_attributes == USER_PATHS.keys() - NOT_WRITTEN[name]
    assert known.group_attributes <= GROUP_PATHS.keys()
    assert "display_name" in known.group_attributes
    assert ("external_id" in known.group_attributes) is (name not in ("entra", "slack"))
    assert {one for one in known.required if ":" not in one} <= known.user_attributes


def test_a_profile_that_names_nothing_is_refused() -> None:
    with pytest.raises(TypeError, match="user_attributes"):
        Profile("x", "X", "seen live")  # type: ignore[call-arg]  # what is left out is the point
