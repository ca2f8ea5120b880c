"""No id stands alone in a plan where a name was read."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.plan import Finding, Severity
from reconciler.planning.called import called, with_names
from tests.planning.access_stage import Stage, change


def test_people_and_groups_without_a_key_have_names() -> None:
    stage = Stage({"red": "ada bob"}, {"1 Admin": "red"}, strangers="ada red")
    changes = [change("delete membership/~g-red/~u-ada"), change("delete assignment/1/Admin/group:~g-red")]
    assert called(stage.context(), changes, ()) == {"~g-red": "red", "~u-ada": "ada@example.com"}
    assert called(stage.context(), [change("create membership/red/bob")], ()) == {}


def test_a_finding_names_each_id_that_it_speaks_of_once() -> None:
    context = Stage({"red": "ada"}, strangers="ada red").context()
    finding = Finding(
        "x",
        Severity.NOTE,
        "~u-ada and ~nobody, a~u-ada",
        details=("aws/membership/~g-red/~u-ada: waits", "user:~u-ada", "~u-ada [ada@example.com]"),
    )
    named = with_names(context, finding)
    assert named.message == "~u-ada [ada@example.com] and ~nobody, a~u-ada"
    assert named.details == (
        "aws/membership/~g-red [red]/~u-ada [ada@example.com]: waits",
        "user:~u-ada [ada@example.com]",
        "~u-ada [ada@example.com]",
    )
    assert with_names(context, replace(finding, message="plain", details=())).message == "plain"
