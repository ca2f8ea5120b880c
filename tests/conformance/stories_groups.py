"""Stories of groups: names, members, includes, sharing."""

from __future__ import annotations

from reconciler.sandbox import Console
from tests.conformance.narrative import State, story

PEOPLE = """
users:
  ada: {user_name: ada, given_name: Ada, family_name: Lovelace}
  bob: {user_name: bob, given_name: Bob, family_name: Keller}
  cyd: {user_name: cyd, given_name: Cyd, family_name: Lind}
  dot: {user_name: dot, given_name: Dot, family_name: Frei}
"""
OPS = PEOPLE + "groups: {ops: {members: [ada, bob]}}\n"


def swap_ada_for_dot(console: Console) -> None:
    """Somebody else's idea of who operates."""
    console.add_member("ops", "dot")
    console.remove_member("ops", "ada")


STORIES = (
    story(
        "members come, go and are swapped",
        State(OPS, groups={"ops": "ada bob"}),
        State(PEOPLE + "groups: {ops: {members: [ada, bob, cyd]}}\n", groups={"ops": "ada bob cyd"}),
        State(PEOPLE + "groups: {ops: {members: [cyd]}}\n", groups={"ops": "cyd"}),
        State(PEOPLE + "groups: {ops: {members: [dot]}}\n", groups={"ops": "dot"}),
    ),
    story(
        "a group is emptied, left unmanaged, and managed again",
        State(OPS, groups={"ops": "ada bob"}),
        State(PEOPLE + "groups: {ops: {members: []}}\n", groups={"ops": ""}),
        State(
            PEOPLE + "groups: {ops: {}}\n",
            behind=lambda console: console.add_member("ops", "dot"),
            groups={"ops": "dot"},
            quiet=True,
        ),
        State(OPS, groups={"ops": "ada bob"}),
    ),
    story(
        "a group whose membership is no longer managed keeps its members",
        State(OPS, groups={"ops": "ada bob"}),
        State(PEOPLE + "groups: {ops: }\n", groups={"ops": "ada bob"}),
    ),
    story(
        "a description is set, changed, cleared by null and by absence, and written in any style",
        State(PEOPLE + "groups: {ops: {description: Runs it}}\n", described={"ops": "Runs it"}),
        State(PEOPLE + "groups: {ops: {description: Runs all of it}}\n", described={"ops": "Runs all of it"}),
        State(PEOPLE + "groups: {ops: {description: null}}\n", described={"ops": None}),
        State(
            PEOPLE + "groups: {ops: {description: \"  two\\n\\tlines: 'é' — *bold* {{x}}\"}}\n",
            described={"ops": "  two\n\tlines: 'é' — *bold* {{x}}"},
        ),
        State(PEOPLE + "groups: {ops: {}}\n", described={"ops": None}),
        State(
            PEOPLE + "groups:\n  ops:\n    description: |\n      one\n      two\n",
            described={"ops": "one\ntwo\n"},
        ),
    ),
    story(
        "a group that is described otherwise by somebody else is described as in git again",
        State(PEOPLE + "groups: {ops: {description: Runs it}}\n"),
        State(
            PEOPLE + "groups: {ops: {description: Runs it}}\n",
            behind=lambda console: console.set_group("ops", "description", "Ours now"),
            described={"ops": "Runs it"},
        ),
    ),
    story(
        "a group that somebody else renamed is nobody that git knows: it is left alone and made again",
        State(OPS, groups={"ops": "ada bob"}),
        State(
            OPS,
            behind=lambda console: console.rename_group("ops", "operations"),
            groups={"ops": "ada bob", "operations": "ada bob"},
            same={"operations": "operations"},
        ),
    ),
    story(
        "a group is renamed by its display name, by its key, and by both, and stays the same group",
        State(OPS, groups={"ops": "ada bob"}),
        State(
            PEOPLE + "groups: {ops: {display_name: Operations, members: [ada, bob]}}\n",
            groups={"Operations": "ada bob"},
            same={"Operations": "ops"},
        ),
        State(
            PEOPLE + "groups: {sre: {display_name: Operations, previously: [ops], members: [ada, bob]}}\n",
            groups={"Operations": "ada bob"},
            same={"Operations": "Operations"},
            quiet=True,
        ),
        State(
            PEOPLE + "groups: {reliability: {previously: [sre, ops], members: [ada, cyd]}}\n",
            groups={"reliability": "ada cyd"},
            same={"reliability": "Operations"},
        ),
        State(
            PEOPLE + "groups: {Reliability: {previously: [reliability], members: [ada, cyd]}}\n",
            groups={"Reliability": "ada cyd"},
            same={"Reliability": "reliability"},
        ),
    ),
    story(
        "a group made by somebody else under a former name is taken over",
        State(PEOPLE, behind=lambda console: console.add_group("platform-team")),
        State(
            PEOPLE + "groups: {platform: {previously: [platform-team], members: [ada]}}\n",
            groups={"platform": "ada"},
            same={"platform": "platform-team"},
        ),
    ),
    story(
        "names move on in a chain within one plan",
        State(
            PEOPLE + "groups: {one: {members: [ada]}, two: {members: [bob]}}\n",
            groups={"one": "ada", "two": "bob"},
        ),
        State(
            PEOPLE
            + "groups:\n  one: {display_name: two, members: [ada]}\n"
            + "  two: {display_name: three, members: [bob]}\n",
            groups={"two": "ada", "three": "bob"},
            same={"two": "one", "three": "two"},
        ),
    ),
    story(
        "keys that move on beside each other do so one by one",
        State(PEOPLE + "groups: {one: {members: [ada]}, two: {members: [bob]}}\n"),
        State(
            PEOPLE + "groups:\n  one: {members: [ada]}\n  three: {previously: [two], members: [bob]}\n",
            groups={"one": "ada", "three": "bob"},
            same={"three": "two"},
        ),
        State(
            PEOPLE + "groups:\n  two: {previously: [one], members: [ada]}\n  three: {members: [bob]}\n",
            groups={"two": "ada", "three": "bob"},
            same={"two": "one", "three": "three"},
        ),
    ),
    story(
        "a group is removed with its members, and made anew later",
        State(OPS, groups={"ops": "ada bob"}),
        State(PEOPLE, groups={}),
        State(OPS, groups={"ops": "ada bob"}),
    ),
    story(
        "a group deleted behind git's back is made again with every member",
        State(OPS, groups={"ops": "ada bob"}),
        State(OPS, behind=lambda console: console.remove_group("ops"), groups={"ops": "ada bob"}),
    ),
    story(
        "keys with slashes, accents and signs are keys, and address their groups",
        State(
            PEOPLE + "groups: {a/b: {members: [ada]}, a.b: {members: [bob]}, a@b+c: {members: [cyd]}}\n",
            groups={"a/b": "ada", "a.b": "bob", "a@b+c": "cyd"},
        ),
        State(
            PEOPLE + 'groups: {a/b: {display_name: "Équipe « A » 100%", members: [ada, bob]}}\n',
            groups={"Équipe « A » 100%": "ada bob"},
        ),
    ),
    story(
        "included groups are flattened through several floors, and follow every change below",
        State(
            PEOPLE + "groups:\n  all: {include: [mid]}\n  mid: {members: [ada], include: [low]}\n"
            "  low: {members: [bob, ada]}\n",
            groups={"all": "ada bob", "mid": "ada bob", "low": "ada bob"},
        ),
        State(
            PEOPLE + "groups:\n  all: {include: [mid]}\n  mid: {members: [ada], include: [low]}\n"
            "  low: {members: [cyd]}\n",
            groups={"all": "ada cyd", "mid": "ada cyd", "low": "cyd"},
        ),
        State(
            PEOPLE + "groups:\n  all: {members: [dot], include: []}\n  mid: {members: [ada]}\n"
            "  low: {members: [cyd]}\n",
            groups={"all": "dot", "mid": "ada", "low": "cyd"},
        ),
    ),
    story(
        "whoever is a member by two ways stays when one of them ends",
        State(
            PEOPLE + "groups: {ops: {members: [ada], include: [sre]}, sre: {members: [ada, bob]}}\n",
            groups={"ops": "ada bob", "sre": "ada bob"},
        ),
        State(
            PEOPLE + "groups: {ops: {members: [ada], include: [sre]}, sre: {members: [bob]}}\n",
            groups={"ops": "ada bob", "sre": "bob"},
        ),
    ),
    story(
        "a group whose members nobody manages contributes nobody",
        State(PEOPLE, behind=lambda console: (console.add_group("lose"), console.add_group("ops"))),
        State(
            PEOPLE + "groups: {ops: {members: [ada], include: [lose]}, lose: {}}\n",
            behind=lambda console: console.add_member("ops", "bob"),
            groups={"ops": "ada", "lose": ""},
        ),
    ),
    story(
        "a shared group tolerates what others add, and gives up what git gave up",
        State(
            PEOPLE + "groups: {ops: {shared: true, members: [ada, bob]}}\n",
            groups={"ops": "ada bob"},
        ),
        State(
            PEOPLE + "groups: {ops: {shared: true, members: [ada, bob]}}\n",
            behind=lambda console: console.add_member("ops", "cyd"),
            groups={"ops": "ada bob cyd"},
            quiet=True,
        ),
        State(
            PEOPLE + "groups: {ops: {shared: true, members: [ada]}}\n",
            groups={"ops": "ada cyd"},
        ),
        State(PEOPLE + "groups: {ops: {shared: false, members: [ada]}}\n", groups={"ops": "ada"}),
    ),
    story(
        "where the scope shares memberships, a group may say that it is its own",
        State(
            PEOPLE + "groups: {ops: {members: [ada]}, own: {shared: false, members: [ada]}}\n",
            config="scope: {memberships: managed}\n",
        ),
        State(
            PEOPLE + "groups: {ops: {members: [ada]}, own: {shared: false, members: [ada]}}\n",
            config="scope: {memberships: managed}\n",
            behind=lambda console: (console.add_member("ops", "bob"), console.add_member("own", "bob")),
            groups={"ops": "ada bob", "own": "ada"},
        ),
    ),
    story(
        "what somebody added is removed, what somebody took is given again, and that is said",
        State(OPS),
        State(
            OPS,
            behind=swap_ada_for_dot,
            groups={"ops": "ada bob"},
            says="restores",
        ),
    ),
    story(
        "files are moved, split and merged without a change",
        State({"people.yaml": PEOPLE, "teams/ops.yaml": "groups: {ops: {members: [ada, bob]}}\n"}),
        State(OPS, quiet=True, groups={"ops": "ada bob"}),
        State(
            {
                "z/1.yaml": "groups: {ops: {members: [bob, ada]}}\n",
                "a/b/c/2.yaml": "\n".join(PEOPLE.splitlines()[:3]) + "\n",
                "3.yaml": "users:\n" + "\n".join(PEOPLE.splitlines()[3:]) + "\n",
            },
            quiet=True,
            groups={"ops": "ada bob"},
        ),
    ),
)
