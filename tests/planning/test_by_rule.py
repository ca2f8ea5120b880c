"""What goes through without a review, on changes made by hand: by its cause, and by what it needs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from reconciler.model.address import Address
from reconciler.model.change import Cause, Change
from reconciler.planning.ordering.order import Dependencies
from reconciler.planning.selection import by_rule_alone
from tests.planning.access_stage import change

ONE, TWO = "100000000001", "100000000002"
RULE = (Cause.DRIFT, Cause.EXPIRY)


def declared(*texts: str) -> list[Change]:
    """`drift create user/ada`: the cause before the change; `name=value` at the end is a field."""
    found = []
    for text in texts:
        cause, rest = text.split(maxsplit=1)
        words = rest.split()
        fields = dict(word.split("=") for word in words[2:])
        found.append(change(" ".join(words[:2]), Cause(cause), **fields))
    return found


@pytest.mark.parametrize(
    ("texts", "go"),
    [
        pytest.param([], "", id="nothing"),
        pytest.param(["drift create user/ada"], "0", id="by the rule"),
        pytest.param(["git create user/ada"], "", id="by somebody"),
        pytest.param(
            ["expiry delete membership/red/ada", "git create user/bob", "drift create user/cyd"],
            "02",
            id="each by its own cause",
        ),
        pytest.param(
            ["git create user/ada", "drift create membership/red/ada"],
            "",
            id="a member who must be made first",
        ),
        pytest.param(
            ["drift create user/ada", "git create membership/red/ada"],
            "0",
            id="a member who is made, and a membership that waits",
        ),
        pytest.param(
            ["drift create user/ada", "drift create membership/red/ada"],
            "01",
            id="a member who is made by the rule",
        ),
        pytest.param(
            [
                "drift create membership/red/bob",
                "drift create group/red display_name=ops",
                "drift delete group/ops",
                "git delete membership/ops/ada",
                "drift create user/bob",
            ],
            "4",
            id="what needs what needs what waits",
        ),
        pytest.param(
            [
                "git update permission-set/Read session_duration=PT2H",
                f"drift update provisioning/Read/{ONE}",
                f"drift update provisioning/Admin/{ONE}",
            ],
            "2",
            id="roles of a set whose edit waits",
        ),
        pytest.param(
            [
                f"git create assignment/{ONE}/Read/group:red",
                f"expiry delete assignment/{ONE}/Admin/group:red",
            ],
            "1",
            id="a removal waits for no grant",
        ),
        pytest.param(
            ["git delete membership/red/ada", f"drift create assignment/{ONE}/Read/group:red"],
            "1",
            id="a grant waits for no removal that it does not need",
        ),
    ],
)
def test_what_goes_by_rule_alone(texts: Sequence[str], go: str) -> None:
    changes = declared(*texts)
    replaced = {
        Address.parse(f"aws/assignment/{ONE}/Admin/group:red"): (
            Address.parse(f"aws/assignment/{ONE}/Read/group:red"),
        )
    }

    may, wait = by_rule_alone(changes, RULE, Dependencies(replaced=replaced))

    chosen = [changes[int(number)] for number in go]
    assert may == chosen
    assert wait == [one for one in changes if one not in chosen]
