"""Which key gets which live object: on names and ids alone, without a plan around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from reconciler.planning.ownership.match import Candidates, MatchCriteria, Pairing, pair

MANY = "2 live objects are named {}".format
OF_MANY = "2 live objects carry its former names"
THEIRS = "the live object named {} carries another external id".format
ANOTHERS = "the live object named {} could be another key's".format
EITHER = "both the live object named {} and the one with its former name could be it".format
NOTHING_TELLS = "no name tells which live objects {} are".format
ALSO = "{} had the same former name".format


@dataclass
class Case:
    """Live objects in words (`1=name`, `2=name/external id`), keys looking for them, and what comes of it."""

    objects: str
    wanted: Sequence[MatchCriteria]
    ids: str = ""
    blocked: Mapping[str, str] = field(default_factory=dict)
    contested: str = ""

    def candidates(self) -> Candidates:
        found = []
        for each in self.objects.split():
            identifier, _, rest = each.partition("=")
            name, slash, external = rest.partition("/")
            found.append((identifier, name, external if slash else None))
        return Candidates(found)

    def check(self, pairing: Pairing) -> None:
        expected = dict(each.split("=") for each in self.ids.split())
        assert pairing.ids == expected
        assert pairing.keys == {identifier: key for key, identifier in expected.items()}
        assert pairing.blocked == self.blocked
        assert pairing.contested == set(self.contested.split())


def of(key: str, name: str, former: str = "", previously: str = "", **more: object) -> MatchCriteria:
    keys = {"former": tuple(former.split()), "previously": tuple(previously.split())}
    return MatchCriteria(key, name, **keys, **more)  # type: ignore[arg-type]  # any field by name


BY_NAME = [
    pytest.param(Case("1=x 2=y", [of("a", "x"), of("b", "z")], "a=1"), id="by its name"),
    pytest.param(Case("1=X", [of("a", "x")], "a=1"), id="whatever the case"),
    pytest.param(
        Case("1=x 2=X 3=y", [of("a", "x"), of("b", "y")], "b=3", {"a": MANY("x")}, "1 2"), id="two of a name"
    ),
    pytest.param(
        Case("1=x 2=x 3=x", [of("a", "x", external_id="E")], "", {"a": "3" + MANY("x")[1:]}, "1 2 3"), id="3"
    ),
    pytest.param(
        Case("1=x", [of("a", "x"), of("b", "x")], "a=1"), id="one object for two keys: who asks first"
    ),
]
BY_EXTERNAL_ID = [
    pytest.param(
        Case(
            "1=y/E 2=x",
            [of("a", "n", "x", external_id="E", settled=False), of("b", "w", "y", external_id="E")],
            "",
            {"a": EITHER("n"), "b": ALSO("another key")},
            "1 2",
        ),
        id="two keys of one, the first in doubt",
    ),
    pytest.param(
        Case(
            "1=x/E 2=y/E 3=z",
            [of("a", "z", external_id="E"), of("b", "w", "z")],
            "",
            {"a": "2 live objects carry the external id E", "b": ALSO("another key")},
            "1 2 3",
        ),
        id="two objects, and another was called so",
    ),
    pytest.param(
        Case(
            "1=x/E 2=y/E",
            [of("a", "z", external_id="E"), of("b", "x")],
            "",
            {"a": "2 live objects carry the external id E", "b": ANOTHERS("x")},
            "1 2",
        ),
        id="two objects, and another is called so",
    ),
    pytest.param(
        Case(
            "1=x/F 2=y 3=y",
            [of("a", "x", external_id="E", leaving=True), of("b", "y")],
            "",
            {"b": MANY("y")},
            "2 3",
        ),
        id="another one, and only others are in doubt",
    ),
    pytest.param(
        Case(
            "1=x/E 2=p 3=q",
            [of("a", "x", "", "p q"), of("b", "w", external_id="E")],
            "b=1",
            {"a": OF_MANY},
            "2 3",
        ),
        id="what is claimed is not contested by its name",
    ),
    pytest.param(Case("1=x/F", [of("a", "y", "x", external_id="E")]), id="another one under a name it had"),
    pytest.param(Case("1=x/E 2=y", [of("a", "y", external_id="E")], "a=1"), id="before its name"),
    pytest.param(
        Case("1=x/E 2=y", [of("b", "x"), of("a", "y", external_id="E")], "a=1"),
        id="before the name of another",
    ),
    pytest.param(
        Case(
            "1=x/E 2=y/E 3=z",
            [of("a", "z", external_id="E")],
            "",
            {"a": "2 live objects carry the external id E"},
            "1 2 3",
        ),
        id="two objects, and the one of its name is nobody's either",
    ),
    pytest.param(Case("1=x", [of("a", "x", external_id="E")], "a=1"), id="an object without one"),
    pytest.param(Case("1=x/", [of("a", "x", external_id="E")], "a=1"), id="an object with an empty one"),
    pytest.param(Case("1=x/F", [of("a", "x")], "a=1"), id="a key without one"),
    pytest.param(Case("1=/", [of("a", "x")], ""), id="neither has one"),
    pytest.param(
        Case("1=x/F", [of("a", "x", external_id="E")], "", {"a": THEIRS("x")}, "1"), id="another one"
    ),
    pytest.param(
        Case("1=x/F", [of("a", "x", external_id="E", leaving=True)]), id="another one, and the key goes"
    ),
    pytest.param(
        Case("1=x/F", [of("a", "y", "x", external_id="E"), of("b", "z", "", "x", external_id="F")], "b=1"),
        id="another one under a former name",
    ),
    pytest.param(
        Case("1=x/E", [of("a", "y", external_id="E"), of("b", "x", external_id="E")], "a=1"),
        id="two keys of one: who asks first",
    ),
]
BY_FORMER_NAMES = [
    pytest.param(Case("1=x", [of("a", "y", "x")], "a=1"), id="a name that it had"),
    pytest.param(Case("1=x", [of("a", "y", "", "x")], "a=1"), id="a name that it was previously"),
    pytest.param(Case("1=x 2=y", [of("a", "z", "y x")], "a=2"), id="the newest of them"),
    pytest.param(
        Case("1=x 2=q", [of("a", "z", "y x", "q")], "a=1"), id="what it was called before previously"
    ),
    pytest.param(
        Case("1=x 2=X", [of("a", "y", "x")], "", {"a": OF_MANY}, "1 2"), id="two objects of a former name"
    ),
    pytest.param(
        Case("1=x 2=y", [of("a", "z", "", "x y")], "", {"a": OF_MANY}, "1 2"), id="two previous ones"
    ),
    pytest.param(Case("1=x", [of("a", "z", "", "x X")], "a=1"), id="one object by two previous names"),
    pytest.param(
        Case("1=x", [of("a", "y", "x"), of("b", "z", "x")], "", {"a": ALSO("b"), "b": ALSO("a")}, "1"),
        id="two keys",
    ),
    pytest.param(
        Case(
            "1=x",
            [of("c", "w", "x"), of("b", "z", "x"), of("a", "y", "x")],
            "",
            {"a": ALSO("b, c"), "b": ALSO("a, c"), "c": ALSO("a, b")},
            "1",
        ),
        id="three keys",
    ),
    pytest.param(Case("1=x", [of("a", "y", "x"), of("b", "x")], "b=1"), id="what is another's name now"),
    pytest.param(
        Case("1=x", [of("a", "y", "", "x"), of("b", "z", "x")], "b=1"),
        id="what another was called is stronger than previously",
    ),
    pytest.param(
        Case(
            "1=x 2=y",
            [of("a", "p", "", "x y"), of("b", "q", "", "y")],
            "",
            {"a": OF_MANY, "b": ALSO("another key")},
            "1 2",
        ),
        id="what another could have been",
    ),
    pytest.param(
        Case("1=x 2=y", [of("a", "x", "y"), of("b", "z", "y")], "a=1 b=2"),
        id="settled: a namesake is another",
    ),
    pytest.param(
        Case("1=x 2=y", [of("a", "x", "y", settled=False)], "", {"a": EITHER("x")}, "1 2"),
        id="not settled: both could be it",
    ),
    pytest.param(
        Case("1=x 2=y", [of("a", "x", "", "y", settled=False)], "", {"a": EITHER("x")}, "1 2"),
        id="not settled, previously",
    ),
    pytest.param(Case("1=x", [of("a", "x", "y", settled=False)], "a=1"), id="not settled, and only one"),
    pytest.param(
        Case("1=x 2=y", [of("a", "x", "y", settled=False), of("b", "y")], "a=1 b=2"),
        id="not settled, and the other is somebody's",
    ),
    pytest.param(
        Case(
            "1=x 2=y 3=z",
            [of("a", "y", "x", settled=False), of("b", "z", "y", settled=False)],
            "",
            {"a": EITHER("y"), "b": EITHER("z")},
            "1 2 3",
        ),
        id="doubt spreads to whoever was called so",
    ),
    pytest.param(
        Case(
            "1=x 2=y 3=z",
            [of("b", "y", "x", settled=False), of("a", "z", "y", settled=False)],
            "",
            {"b": EITHER("y"), "a": EITHER("z")},
            "1 2 3",
        ),
        id="and back to one before it in order",
    ),
]
HELD = [
    pytest.param(
        Case("1=y/E", [of("a", "y", "x", holder="b"), of("b", "z"), of("c", "w", external_id="E")], "c=1"),
        id="what it is called is a third one",
    ),
    pytest.param(
        Case(
            "1=z 2=y 3=w 4=x",
            [of("a", "y", "x", holder="b"), of("b", "w", holder="c"), of("c", "z")],
            "a=2 b=3 c=1",
        ),
        id="a name that was freed is stronger than a former one",
    ),
    pytest.param(
        Case("1=y", [of("a", "y", holder="b"), of("b", "z", "y", holder="c"), of("c", "w")], "b=1"),
        id="the name of its holder is free, and held by a third",
    ),
    pytest.param(
        Case(
            "1=x 2=y 4=q",
            [
                of("a", "y", "x", holder="b"),
                of("b", "z", "y", holder="c"),
                of("c", "x", "z", "q", holder="a"),
            ],
            "a=1 b=2 c=4",
        ),
        id="a ring of which one name is free, and each has its own",
    ),
    pytest.param(
        Case(
            "1=y 2=z 3=v",
            [of("a", "y", "x", holder="b"), of("b", "z", "y v", holder="c"), of("c", "v", "z", holder="b")],
            "",
            {"a": NOTHING_TELLS("a and b"), "b": NOTHING_TELLS("b and c"), "c": NOTHING_TELLS("b and c")},
            "1 2 3",
        ),
        id="held by one of a ring",
    ),
    pytest.param(
        Case(
            "1=y 2=z 3=w",
            [
                of("a", "y", "x", holder="b"),
                of("b", "z", holder="c"),
                of("c", "w", "q", holder="d"),
                of("d", "v"),
            ],
            "",
            {
                **dict.fromkeys("ab", NOTHING_TELLS("a and b")),
                **dict.fromkeys("cd", NOTHING_TELLS("c and d")),
            },
            "1 2 3",
        ),
        id="what is blocked already is not looked at again",
    ),
    pytest.param(
        Case("1=y 2=", [of("a", "y", holder="b"), of("b", "z")], "a=1"),
        id="nobody else was it, and some object has no name",
    ),
    pytest.param(
        Case("1=x 2=y", [of("a", "y", "x", holder="b"), of("b", "z", "y")], "a=1 b=2"), id="both are renamed"
    ),
    pytest.param(
        Case("1=y 2=z", [of("a", "y", "x", holder="b"), of("b", "z", "y")], "a=1 b=2"), id="both were renamed"
    ),
    pytest.param(
        Case(
            "1=z 2=y 3=w",
            [of("a", "y", holder="b"), of("b", "w", holder="c"), of("c", "z")],
            "a=2 b=3 c=1",
        ),
        id="names free one another in any order",
    ),
    pytest.param(
        Case("1=y", [of("a", "y", holder="b"), of("b", "z", "y")], "b=1"), id="its holder takes it along"
    ),
    pytest.param(
        Case(
            "1=y",
            [of("a", "y", "x", holder="b"), of("b", "z")],
            "",
            {"a": NOTHING_TELLS("a and b"), "b": NOTHING_TELLS("a and b")},
            "1",
        ),
        id="its own has no object, and the holder may be it",
    ),
    pytest.param(Case("1=y", [of("a", "y", holder="b"), of("b", "z")], "a=1"), id="nobody else was it"),
    pytest.param(Case("1=y", [of("a", "y", "x", holder="b")], "a=1"), id="the holder is gone"),
    pytest.param(
        Case("1=y 2=x", [of("a", "y", "x", holder="b")], "a=2"), id="the holder is gone, and it has its own"
    ),
    pytest.param(
        Case("1=y 2=x", [of("a", "y", "", "x", holder="b")], "a=2"),
        id="the holder is gone, and it was another previously",
    ),
    pytest.param(
        Case(
            "1=y 2=x",
            [of("a", "y", "x", holder="b"), of("b", "x", "y", holder="a")],
            "",
            {"a": NOTHING_TELLS("a and b"), "b": NOTHING_TELLS("a and b")},
            "1 2",
        ),
        id="a ring of two",
    ),
    pytest.param(
        Case(
            "1=x 2=y 3=z",
            [of("a", "y", "x", holder="b"), of("b", "z", "y", holder="c"), of("c", "x", "z", holder="a")],
            "",
            dict.fromkeys("abc", NOTHING_TELLS("a and b and c")),
            "1 2 3",
        ),
        id="a ring of three",
    ),
    pytest.param(
        Case(
            "1=x 2=y",
            [of("a", "y", "x", holder="b"), of("b", "z", "y", holder="c"), of("c", "x", "z", holder="a")],
            "",
            dict.fromkeys("abc", NOTHING_TELLS("a and b and c")),
            "1 2",
        ),
        id="a ring of which one name is free",
    ),
    pytest.param(
        Case(
            "1=n 2=p 3=q",
            [of("a", "n", "", "p q", holder="b"), of("b", "m")],
            "",
            {"a": OF_MANY},
            "1 2 3",
        ),
        id="held, and in doubt for another reason",
    ),
]


@pytest.mark.parametrize("case", [*BY_NAME, *BY_EXTERNAL_ID, *BY_FORMER_NAMES, *HELD])
def test_each_key_gets_the_object_that_is_its_own_beyond_doubt(case: Case) -> None:
    case.check(pair(case.wanted, case.candidates()))
