"""Plans for readers who shall not see who people are."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import Place, PlanFileError
from reconciler.model.access import AccessChange, Direction
from reconciler.model.change import Action, Change, FieldChange
from reconciler.model.plan import Finding, Plan, Severity
from reconciler.model.resources import Origin
from reconciler.render.comment.document import plan_markdown
from reconciler.render.github import plan_github
from reconciler.render.json import plan_from_json, plan_json
from reconciler.render.redacting import People, redacted
from reconciler.render.text import plan_text
from tests.render import pieces, plans

TOKEN = "0f3b9c5e7a1d4f6288aa10b2c3d4e5f6"
# Values that no sentence of ours has.
_WORDS = st.text("qxzQXZéß漢", min_size=2, max_size=6)
_MIDDLE = st.sampled_from([" ", ".", "-", "_", "@", "+", "'", ", ", "/", "\u0301", "#", ":", "  ", "|"])
_VALUE = st.builds(
    lambda first, middle, second, end: f"{first}{middle}{second}{end}",
    _WORDS,
    _MIDDLE,
    st.text("qxzQXZéß漢.-_@ '", min_size=2, max_size=20).map(str.strip).map(lambda text: f"z{text}x"),
    st.sampled_from(["", ".", ")", "'"]),
)
_ATTRIBUTES = ("user_name", "email", "given_name", "family_name", "display_name", "phone_number", "birthdate")


@st.composite
def persons(draw: st.DrawFn) -> list[tuple[str, dict[str, str]]]:
    keys = draw(st.lists(_VALUE, min_size=2, max_size=4, unique=True))
    return [(key, {name: draw(_VALUE) for name in _ATTRIBUTES}) for key in keys]


def speaking_of(known: list[tuple[str, dict[str, str]]]) -> Plan:
    """A plan that has every value of everybody in every place that a value can be in."""
    changes: list[Change] = []
    findings: list[Finding] = []
    access = [
        AccessChange(Direction.GAIN, "Read", (key,), ("210000000010",), ("sre",), privileged=True)
        for key, _ in known
    ]
    for number, (key, values) in enumerate(known):
        fields = {name: (None, value) for name, value in values.items()}
        owner = {"tags.owner": (values["email"], f"of {key}; {values}")}
        changes += [
            pieces.user(key, fields=fields | {"manager": (key, known[0][0])}, name=values["user_name"]),
            pieces.member("sre", key, name=values["display_name"], reason=f"asked by {values['email']}"),
            pieces.assigned("210000000010", "Read", f"user:{key}", called=values["user_name"]),
            pieces.permission_set(f"Set{number}", Action.UPDATE, owner),
        ]
        findings += (
            Finding(
                "incomplete-user",
                Severity.WARNING,
                f'{value} is not there ("{value}"), and {value}\'s manager',
                fix=f"add given_name to the user {value}: do",
                details=(value, f"{value}: {value}"),
                origin=Origin(f"people/{value}.yaml", 1),
                address=changes[-4].address,
            )
            for value in (key, *values.values())
        )
    gaps = (("user", known[0][0], known[0][0]),)
    part = pieces.part(changes, findings, access=access, gaps=gaps, partial=True)
    authors = tuple(key for key, _ in known)
    plan = pieces.plan(replace(part, authors=authors, approvals=(f"  x: {{reason: {known[0][0]}}}",)))
    origins = {
        one.origin: replace(pieces.PLACES[pieces.PEOPLE], path=one.origin.path)
        for one in findings
        if one.origin
    }
    return replace(plan, places={**plan.places, **origins})


@given(known=persons())
@settings(deadline=None, max_examples=60)
def test_no_value_of_a_person_is_in_any_format(known: list[tuple[str, dict[str, str]]]) -> None:
    plan = redacted(speaking_of(known), People(tuple(known), frozenset({"sre", "Read"})))
    shown = "\n".join(
        (
            plan_markdown(plan, max_bytes=None),
            plan_markdown(plan, max_bytes=2048),
            plan_text(plan, color=False, verbose=True),
            plan_json(plan),
            plan_github(plan, token=TOKEN, verbose=True),
        )
    )
    for key, values in known:
        for value in (key, *values.values()):
            assert value not in shown
            assert value.casefold() not in shown.casefold()
    assert "person-1" in shown
    assert "sre" in shown


def test_pseudonyms_are_the_same_everywhere_and_things_keep_their_names() -> None:
    known = (
        ("ada", {"user_name": "ada@example.com", "given_name": "Ada", "email": "Ada.L@example.com"}),
        ("will", {"user_name": "will@example.com", "given_name": "Will"}),
    )
    people = People(known, frozenset({"ada-team", "Ada Lovelace Institute"}))
    told = (
        "ADA (ada.l@example.com) of ada-team will join Will's Ada Lovelace Institute; nada, adaption, ada_x"
    )
    assert people.sentence(told) == (
        "person-1 (person-1) of ada-team person-2 join person-2's Ada Lovelace Institute; nada, adaption, "
        "person-1_x"
    )


def test_no_pseudonym_is_somebodys_name() -> None:
    people = People((("person-1", {}), ("zoe", {})), frozenset({"person-2"}))
    assert people.pseudonyms == {"person-1": "person-3", "zoe": "person-4"}


@pytest.mark.parametrize("name", plans.PLANS)
def test_the_digest_stays_and_nothing_can_be_applied_by_it(name: str) -> None:
    plan = plans.PLANS[name]
    shown = redacted(plan, People(()))
    assert [part.digest for part in shown.targets] == [part.digest for part in plan.targets]
    assert plan_json(shown).count('"before":""') == len(plan.changes)
    with pytest.raises(PlanFileError, match="for reading"):
        plan_from_json(plan_json(shown))


def test_of_a_user_nothing_is_shown_but_that_it_changes() -> None:
    edit = pieces.user("ada", Action.UPDATE, {"title": ("A", "B"), "active": (True, False)})
    (part,) = redacted(pieces.of(edit), People((("ada", {}),))).targets
    assert part.changes[0].fields == (
        FieldChange("title", "(redacted)", "(redacted)"),
        FieldChange("active", True, False),
    )


@pytest.mark.parametrize(
    "path",
    [
        "people/ada.yaml",
        "people/LOVELACE.yaml",
        "people/lovelace-ada.yaml",
        "people/ada_lovelace.yaml",
        "people/jose.yaml",
        "people/jos\u00e9.yaml",
        "people/jose\u0301.yml",
        "people/alovelace.yaml",
        "al.yaml",
    ],
)
def test_a_file_with_the_name_of_a_person_is_named_without_it(path: str) -> None:
    ada = {"given_name": "Ada", "family_name": "Lovelace", "user_name": "alovelace@example.com"}
    people = People((("u1", ada), ("u2", {"given_name": "Jos\u00e9"}), ("u3", {"nick_name": "Al"})))
    message = f"the user is declared twice (identities/{path}:3:1)"
    found = Finding("duplicate", Severity.WARNING, message, origin=Origin(path, 3))
    part = replace(plans.PLANS["everyday"].targets[0], findings=(found,))
    plan = replace(
        plans.PLANS["everyday"],
        targets=(part,),
        places={Origin(path, 3): Place(f"identities/{path}", 3, 1)},
    )

    shown = redacted(plan, people)

    (finding,) = shown.targets[0].findings
    for text in (
        finding.message,
        str(finding.origin),
        *map(str, shown.places),
        *map(str, shown.places.values()),
    ):
        assert "person-" in text
        assert not {"ada", "lovelace", "jose", "jos\u00e9", "jose\u0301", "alovelace", "al"} & set(
            re.split(r"[^\w\u0301]|_", text.casefold())
        )
    assert finding.origin in shown.places


def test_a_whole_name_is_found_in_any_letters_and_a_word_only_as_it_is_written() -> None:
    people = People((("u1", {"given_name": "Will", "display_name": "Will May"}),))

    assert people.sentence("WILL MAY asked") == "person-1 asked"
    assert people.sentence("it will be") == "it will be"
