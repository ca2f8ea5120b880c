"""A service that drops part of what it is sent: said once, left out from then on, and never mistaken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.address import Address
from reconciler.model.change import Action
from reconciler.model.plan import Finding, Plan, Step
from reconciler.model.policy import Mode, OnRemoval
from reconciler.model.report import Report, Status, TargetReport
from reconciler.model.resources import User, Value
from reconciler.model.state import Live, LiveGroup, LiveUser
from reconciler.planning.prepared import PreparedPlan
from reconciler.render.report import report_text
from tests.execution.services import MAY_DROP, Home, Service
from tests.planning.world import NOW, change, codes, group, identities, person

TEAM = identities(
    [person("ada", title="Lead", nick_name="Countess"), person("bob", title="Dev"), person("cyd")],
    [group("ops", ["ada", "bob", "cyd"], attributes={"description": "Operations"})],
)
NICK = "urn:example:scim:2.0:User:nick"


def not_kept(planned: PreparedPlan) -> Finding:
    (found,) = [one for one in planned.plan.findings if one.code == "attribute-not-persisted"]
    return found


def results(report: TargetReport) -> dict[str, tuple[Status, str]]:
    return {str(one.address): (one.status, one.message) for one in report.results}


def test_what_no_object_shows_is_done_and_said_and_the_next_plan_leaves_it_out() -> None:
    here = Home(Service(drops=["user.title", "group.description"]))

    report = here.converge(TEAM)

    assert report.unkept == ("group.description", "user.title")
    assert results(report)["aws/user/ada"] == (Status.DONE, "the service does not keep title")
    assert results(report)["aws/user/cyd"] == (Status.DONE, "")
    assert here.memory.receipt is not None
    assert here.memory.receipt.unkept == ("group.description", "user.title")
    found = not_kept(here.plan(TEAM))
    assert found.details == ("`title` (2 users)", "`description` (1 group)")
    assert found.count == 2
    output = report_text(Report((report,)), Plan(NOW, ()))
    assert "aws does not keep group.description, user.title" in " ".join(output.split())


def test_the_same_is_not_said_again_by_later_applies_and_never_forgotten() -> None:
    here = Home(Service(drops=["user.title"]))
    here.converge(TEAM)
    more = identities([*TEAM.users.values(), person("dan", title="New")], list(TEAM.groups.values()))

    report = here.converge(more)

    assert [each.name for each in change(here.plan(TEAM), "aws/user/dan").fields] == ["active"]
    assert report.notes == ()
    assert report.unkept == ("user.title",)
    assert here.apply(more).unkept == ("user.title",)


def test_a_create_sends_what_is_not_kept_only_where_it_must_be_there() -> None:
    must = replace(MAY_DROP, required=("user_name", "given_name"))
    here = Home(Service(drops=["user.title", "user.given_name"], capabilities=must))
    here.converge(TEAM)
    more = identities([*TEAM.users.values(), person("dan", title="New")])

    sent = {each.name for each in change(here.plan(more), "aws/user/dan").fields}

    assert "given_name" in sent
    assert "title" not in sent
    here.converge(more)


def test_a_default_is_not_sent_either_where_it_is_not_kept() -> None:
    here = Home(Service(drops=["user.email", "user.display_name"]))
    here.converge(TEAM)
    more = identities([*TEAM.users.values(), person("dan")])

    sent = {each.name for each in change(here.plan(more), "aws/user/dan").fields}

    assert sent.isdisjoint({"email", "display_name"})
    here.converge(more)


def test_an_update_may_drop_as_well_as_a_create_and_what_is_kept_of_it_is_written() -> None:
    here = Home(Service(drops=["user.title"]))
    here.converge(identities([person("ada"), person("bob")]))

    report = here.converge(identities([person("ada", title="Lead", locale="de"), person("bob")]))

    assert report.unkept == ("user.title",)
    ada = here.service.users[here.service.user_id("ada@example.com")]
    assert ada.attributes["locale"] == "de"
    report = here.converge(identities([person("ada", title="Chief", locale="fr"), person("bob")]))
    assert report.writes == 1


def test_taking_what_is_not_kept_out_of_git_is_no_change() -> None:
    here = Home(Service(drops=["user.title"]))
    here.converge(TEAM)

    planned = here.plan(identities([person("ada", nick_name="Countess"), person("bob"), person("cyd")]))

    assert [str(one.address) for one in planned.plan.changes if one.action is Action.UPDATE] == []
    assert "attribute-not-persisted" not in codes(planned)


def test_what_is_kept_here_and_not_there_has_failed_there() -> None:
    here = Home(Service(drops=["user.title"], spares=["bob"]))

    report = here.apply(TEAM)

    assert results(report)["aws/user/ada"] == (
        Status.FAILED,
        "it was written, but reads back differently: title",
    )
    assert results(report)["aws/user/bob"] == (Status.DONE, "")
    assert (report.whole, report.unkept) == (False, ())
    assert [str(one.address) for one in here.plan(TEAM).plan.changes] == ["aws/user/ada"]


def test_what_another_object_shows_is_an_attribute_that_the_service_keeps() -> None:
    service = Service(drops=["user.title"])
    service.add_user("old@example.com", title="Boss")
    here = Home(service)

    report = here.apply(TEAM)

    assert results(report)["aws/user/ada"][0] is Status.FAILED
    assert report.unkept == ()


def test_what_shows_on_an_object_is_written_again() -> None:
    here = Home(Service(drops=["user.title"]))
    here.converge(TEAM)
    here.service.drops.clear()
    bob = here.service.user_id("bob@example.com")
    here.service.users[bob] = replace(
        here.service.users[bob], attributes={**here.service.users[bob].attributes, "title": "Dev"}
    )

    planned = here.plan(TEAM)

    assert [str(one.address) for one in planned.plan.changes] == ["aws/user/ada"]
    assert "attribute-not-persisted" not in codes(planned)
    assert here.converge(TEAM).unkept == ()


class Making(Service):
    """A service that makes of one attribute of users what `make` says."""

    def __init__(self, name: str, make: Callable[[Value], Value], **more: Any) -> None:
        super().__init__(**more)
        self._name, self._make = name, make

    def _write(self, step: Step, values: Mapping[str, Value], ids: Mapping[Address, str]) -> str:
        made = super()._write(step, values, ids)
        if values.get(self._name) is not None and made in self.users:
            user = self.users[made]
            changed = {**user.attributes, self._name: self._make(values[self._name])}
            self.users[made] = replace(user, attributes=changed)
        return made


FORMS: Mapping[str, tuple[str, Value, Value]] = {
    "E.164": ("phone_number", "+1 (555) 010-0000", "+15550100000"),
    "RFC 3966": ("phone_number", "+1 555 010 0000", "tel:+1-555-010-0000"),
    "escaped": ("title", "R&D <Head>", "R&amp;D &lt;Head&gt;"),
    "cut": ("title", "Head of Research", "Head of Re"),
    "another": ("nick_name", "Countess", "LOUD"),
    "trimmed": ("display_name", " Ada ", "Ada"),
    "an address in parts": ("address", {"locality": "Bern", "region": "BE"}, {"locality": "Bern"}),
    "a locale": ("locale", "de_CH", "de-CH"),
    "an address": ("email", "ada@x.example", "ada@y.example"),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_a_service_makes_of_a_value_is_said_once_and_not_sent_again(form: str) -> None:
    name, sent, shown = FORMS[form]
    here = Home(Making(name, lambda value: shown if value == sent else value, drops=["user.locality"]))
    git = identities([person("ada", **{name: sent}), person("bob")])

    report = here.converge(git)

    assert results(report)["aws/user/ada"][1].endswith(f"keeps {name} in another form")
    assert [each.partition(":form")[0] for each in report.unkept] == [f"user.{name}"]
    assert f"aws keeps user.{name} in another form" in " ".join(report.notes)
    assert f"the form of `{name}`" in not_kept(here.plan(git)).message
    # Another value is another matter.
    other: Value = {"locality": "Basel"} if name == "address" else "+41 7"
    again = here.converge(identities([person("ada", **{name: other}), person("bob")]))
    assert (again.writes, again.notes) == (1, ())
    assert here.service.users[here.service.user_id("ada@example.com")].attributes[name] == other


def test_a_value_that_is_cleared_and_still_shows_is_no_form_of_it() -> None:
    class Keeping(Service):
        def _write(self, step: Step, values: Mapping[str, Value], ids: Mapping[Address, str]) -> str:
            return super()._write(step, {k: v for k, v in values.items() if v is not None}, ids)

    here = Home(Keeping())
    here.converge(identities([person("ada", title="Lead")]))
    gone = identities([person("ada", title=None)])

    for _ in range(2):
        report = here.apply(gone)
        assert results(report)["aws/user/ada"][0] is Status.FAILED
        assert (report.whole, report.unkept) == (False, ())
        assert [str(one.address) for one in here.plan(gone).plan.changes] == ["aws/user/ada"]


def test_a_status_that_does_not_show_is_never_remembered_away() -> None:
    class Secretive(Service):
        def live(self) -> Live:
            live = super().live()
            return replace(live, users={k: replace(u, active=None) for k, u in live.users.items()})

    here = Home(Secretive())
    here.converge(identities([person("ada"), person("bob")]))
    wish = identities([replace(person("ada"), active=False), person("bob")])

    for _ in range(2):
        report = here.apply(wish)
        status, message = results(report)["aws/user/ada"]
        assert status is Status.FAILED
        assert "does not show whether" in message
        assert (report.whole, report.unkept) == (False, ("pending.user/ada",))
        assert [str(one.address) for one in here.plan(wish).plan.changes] == ["aws/user/ada"]


def test_a_list_that_holds_one_entry_is_replaced_by_the_next_plan_which_says_so() -> None:
    class OneAddress(Service):
        def _write(self, step: Step, values: Mapping[str, Value], ids: Mapping[Address, str]) -> str:
            before = {each.name: each.before for each in step.fields}
            if step.action is Action.UPDATE and before.get("email", "") is None:
                values = {name: value for name, value in values.items() if name != "email"}
            return super()._write(step, values, ids)

    service = OneAddress(capabilities=replace(MAY_DROP, shared_lists=frozenset(("email",))))
    service.add_user("ada@example.com", given_name="Ada", family_name="Test", email="old@x.example")
    here = Home(service)
    wish = identities([person("ada", email="new@x.example")])

    report = here.apply(wish)

    assert report.whole
    assert report.unkept == ("user.email:one",)
    assert "holds one email, which the next plan replaces" in results(report)["aws/user/ada"][1]
    (each,) = change(here.plan(wish), "aws/user/ada").fields
    assert (each.before, each.after) == ("old@x.example", "new@x.example")
    here.converge(wish)


@pytest.mark.parametrize("name", ["user.user_name", "group.display_name"])
def test_a_name_that_is_not_kept_is_a_failure(name: str) -> None:
    class Nameless(Service):
        def _write(self, step: Step, values: Mapping[str, Value], ids: Mapping[Address, str]) -> str:
            made = super()._write(step, values, ids)
            objects: list[LiveUser | LiveGroup] = [*self.users.values(), *self.groups.values()]
            for one in objects:
                kind, _, attribute = name.partition(".")
                if one.id.startswith(kind[0]):
                    assert isinstance(one.attributes, dict)
                    one.attributes.pop(attribute, None)
            return made

    here = Home(Nameless())

    report = here.apply(identities([person("ada")], [group("ops")]))

    key = {"user.user_name": "aws/user/ada", "group.display_name": "aws/group/ops"}[name]
    assert results(report)[key][0] is Status.FAILED
    assert report.unkept == ()


def test_a_service_that_keeps_what_it_is_sent_is_excused_nothing() -> None:
    here = Home(Service(drops=["user.title"], capabilities=replace(MAY_DROP, may_drop_attributes=False)))

    report = here.apply(TEAM)

    assert results(report)["aws/user/ada"][0] is Status.FAILED
    assert (report.whole, report.unkept) == (False, ())


def test_an_attribute_of_an_extension_may_be_dropped_too() -> None:
    can = replace(MAY_DROP, user_attributes=MAY_DROP.user_attributes | {NICK})
    here = Home(Service(drops=[f"user.{NICK}"], capabilities=can))
    here.policy = replace(here.policy, map={NICK: "{key}"})

    report = here.converge(identities([person("ada")]))

    assert report.unkept == (f"user.{NICK}",)


def test_a_manager_who_is_made_in_the_same_apply_and_not_kept_is_no_endless_change() -> None:
    here = Home(Service(drops=["user.manager"]))

    report = here.converge(identities([person("ada", manager="bob"), person("bob")]))

    assert report.unkept == ("user.manager",)


def test_members_that_never_show_fail_with_what_to_do_about_it() -> None:
    here = Home(Service(hides_members=True))

    report = here.apply(TEAM)

    status, message = results(report)["aws/membership/ops/ada"]
    assert status is Status.FAILED
    assert "`memberships: observe`" in message
    scope = replace(here.policy.scope, memberships=Mode.OBSERVE)
    here.policy = replace(here.policy, scope=scope)
    here.converge(TEAM)


def test_a_name_in_a_case_of_its_own_is_said_once_and_is_no_endless_change() -> None:
    here = Home(Service(lowers=["user.user_name", "user.email", "group.display_name"]))
    git = identities(
        [person("ada", user_name="Ada@Example.com"), person("bob", user_name="bob@example.com")],
        [group("Ops", ["ada", "bob"])],
    )

    report = here.converge(git)

    assert report.unkept == ("group.display_name:case", "user.email:case", "user.user_name:case")
    assert here.service.members_of("ops") == {"ada@example.com", "bob@example.com"}
    assert "the case of `user_name` (1 user)" in not_kept(here.plan(git)).details
    more = identities([*git.users.values(), person("cyd", user_name="Cyd@Example.com")], [group("Ops")])
    report = here.converge(more)
    assert (report.notes, report.unkept) == (
        (),
        ("group.display_name:case", "user.email:case", "user.user_name:case"),
    )
    here.converge(identities([person("ada", user_name="Ada.L@Example.com"), *list(more.users.values())[1:]]))
    assert here.service.user_id("ada.l@example.com")


def test_a_case_that_is_kept_here_and_not_there_holds_of_that_name_alone() -> None:
    here = Home(Service(lowers=["user.user_name"], spares=["bob"]))

    report = here.converge(
        identities([person("ada", user_name="Ada@Example.com"), person("bob", user_name="Bob@Example.com")])
    )

    assert results(report)["aws/user/ada"] == (Status.DONE, "the service keeps user_name in another form")
    assert results(report)["aws/user/bob"] == (Status.DONE, "")
    (remembered,) = report.unkept
    assert remembered.startswith("user.user_name:form=")


def test_names_that_a_later_version_knows_are_passed_on() -> None:
    here = Home(Service())
    here.converge(TEAM)
    assert here.memory.receipt is not None
    known = replace(here.memory.receipt, unkept=("device.colour", "user.shoe_size", "user.user_name"))
    here.memory = replace(here.memory, receipt=known)

    report = here.converge(identities([person("ada", title="Chief"), *list(TEAM.users.values())[1:]]))

    assert report.unkept == ("device.colour", "user.shoe_size")


def test_what_a_service_makes_of_those_who_leave_is_said_once_with_how_many() -> None:
    declared = replace(MAY_DROP, deactivation="they lose every session", deletion="their mail is gone")
    here = Home(Service(capabilities=declared))
    here.converge(TEAM)
    fewer = identities([person("cyd")])

    planned = here.plan(fewer)
    here.policy = replace(here.policy, on_removal=OnRemoval.DELETE)
    deleting = here.plan(fewer)

    def messages(one: PreparedPlan) -> list[str]:
        return [found.message for found in one.plan.findings if found.code.endswith("-means")]

    assert messages(planned) == ["2 users disabled, which means here: they lose every session"]
    assert messages(deleting) == ["2 users deleted, which means here: their mail is gone"]
    assert messages(here.plan(TEAM)) == []


_NAMES = ("title", "nick_name", "locale", "email", "manager", "display_name")


@given(
    st.sets(st.sampled_from([f"user.{name}" for name in _NAMES] + ["group.description"])),
    st.sets(st.sampled_from(["user.user_name", "user.email", "group.display_name"])),
    st.lists(
        st.dictionaries(st.sampled_from("abcd"), st.sets(st.sampled_from(_NAMES))), min_size=1, max_size=4
    ),
)
@settings(max_examples=60)
def test_whatever_a_service_drops_and_lowers_every_state_of_git_converges(
    drops: set[str], lowers: set[str], states: list[dict[str, set[str]]]
) -> None:
    """What it keeps is as git says, and what it does not keep is known by its name."""
    here = Home(Service(drops=drops, lowers=lowers))
    here.policy = replace(here.policy, on_removal=OnRemoval.DELETE)
    for number, state in enumerate(states):
        people = [_person(key, names, state, number) for key, names in state.items()]
        text = {"description": f"Of {number}"}
        git = identities(people, [group("Ops", sorted(state), attributes=text)])

        report = here.converge(git)

        assert {name.removesuffix(":case") for name in report.unkept} <= drops | lowers
        assert here.service.members_of("ops" if "group.display_name" in lowers else "Ops") == {
            _lowered(str(one.attributes["user_name"]), "user.user_name", lowers) for one in people
        }
        for one in people:
            name = _lowered(str(one.attributes["user_name"]), "user.user_name", lowers)
            shown = here.service.users[here.service.user_id(name)].attributes
            for each in ("title", "nick_name", "locale"):
                wished = one.attributes.get(each) if f"user.{each}" not in drops else None
                assert shown.get(each) == wished


def _person(key: str, names: set[str], state: dict[str, set[str]], number: int) -> User:
    values: dict[str, Value] = {name: f"{name} {key}{number}" for name in names - {"manager", "email"}}
    if "email" in names:
        values["email"] = f"{key.upper()}{number}@Example.com"
    if "manager" in names:
        values["manager"] = min(state)
    return person(key, user_name=f"{key.upper()}@Example.com", **values)


def _lowered(value: str, name: str, lowers: set[str]) -> str:
    return value.lower() if name in lowers else value


def test_a_disguise_of_whoever_is_disabled_is_no_difference_and_is_taken_off_with_the_status() -> None:
    """As at GitHub, which gives a suspended user another handle and address."""

    class Disguising(Service):
        def settle(self) -> None:
            for identifier, user in self.users.items():
                if user.active is False:
                    hidden = {"user_name": f"x{identifier}", "email": "x@example.com"}
                    self.users[identifier] = replace(user, attributes={**user.attributes, **hidden})

    can = replace(
        MAY_DROP,
        user_attributes=MAY_DROP.user_attributes | {"external_id"},
        disguised=frozenset(("user_name", "email")),
    )
    service = Disguising(capabilities=can)
    here = Home(service)
    ada = person("ada", external_id="6f1c", email="ada@example.com")
    here.converge(identities([ada, person("bob", external_id="6f1d")]))

    disabled = identities([replace(ada, active=False), person("bob", external_id="6f1d")])
    assert [each.name for each in here.plan(disabled).plan.changes[0].fields] == ["active"]
    here.converge(disabled)
    service.settle()
    assert here.plan(disabled).plan.changes == ()

    back = identities([ada, person("bob", external_id="6f1d")])
    here.converge(back)
    found = {user.attributes["external_id"]: user for user in service.users.values()}
    assert found["6f1c"].active
    assert found["6f1c"].attributes["email"] == "ada@example.com"


def test_whoever_is_not_shown_any_more_once_disabled_is_disabled() -> None:
    """As at Atlassian, where every later request for them finds nobody."""

    class Hiding(Service):
        def live(self) -> Live:
            live = super().live()
            shown = {each: user for each, user in live.users.items() if user.active is not False}
            return replace(live, users=shown)

    here = Home(Hiding())
    here.converge(identities([person("ada"), person("bob")]))
    report = here.converge(identities([replace(person("ada"), active=False), person("bob")]))
    assert report.whole
