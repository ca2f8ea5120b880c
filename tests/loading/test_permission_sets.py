"""Problems with permission sets: place, message and fix of each."""

from __future__ import annotations

import pytest

from tests.trees import Files, problems

CASES = [
    pytest.param(
        "permission_sets:\n  " + "P" * 33 + ": {}\n",
        [
            (
                "a.yaml:2:3",
                "permission set PPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPP has 33 characters; at most 32 are allowed",
                "shorten it",
            )
        ],
        id="a permission set name over 32",
    ),
    pytest.param(
        "permission_sets:\n  Power User: {}\n",
        [
            (
                "a.yaml:2:3",
                (
                    'permission set "Power User" is not a valid name for a permission set: letters '
                    "(A to Z), digits "
                    "and _ + = , . @ - are allowed"
                ),
                "rename it; what people should read goes into description",
            )
        ],
        id="a permission set name with a space",
    ),
    pytest.param(
        "permission_sets:\n  Admin: {session_duration: 13h}\n",
        [
            (
                "a.yaml:2:29",
                "session_duration of permission set Admin lies outside of 1 to 12 hours",
                "write 1h to 12h",
            )
        ],
        id="a session of 13 hours",
    ),
    pytest.param(
        "permission_sets:\n  Admin: {session_duration: PT30M}\n",
        [
            (
                "a.yaml:2:29",
                "session_duration of permission set Admin lies outside of 1 to 12 hours",
                "write 1h to 12h",
            )
        ],
        id="a session of 30 minutes",
    ),
    pytest.param(
        "permission_sets:\n  Admin: {session_duration: 4 hours}\n",
        [
            (
                "a.yaml:2:29",
                "session_duration of permission set Admin is not a valid duration",
                "write hours and minutes, as 4h, 1h30m or PT4H",
            )
        ],
        id="a session that is not a valid duration",
    ),
    pytest.param(
        'permission_sets:\n  Admin: {description: "Full \u2013 access"}\n',
        [
            (
                "a.yaml:2:24",
                (
                    "description of permission set Admin has a character that AWS does not take here: only "
                    "those of Latin-1 are allowed"
                ),
                "write it without emoji, typographic quotes and dashes, and other scripts",
            )
        ],
        id="a description beyond Latin-1",
    ),
    pytest.param(
        "permission_sets:\n  Admin: {description: " + "d" * 701 + "}\n",
        [
            (
                "a.yaml:2:24",
                "description of permission set Admin has 701 characters; at most 700 are allowed",
                "shorten it",
            )
        ],
        id="a description over 700",
    ),
    pytest.param(
        'permission_sets:\n  Admin: {relay_state: "https://x/ü"}\n',
        [
            (
                "a.yaml:2:24",
                "relay_state of permission set Admin has a character that a URL cannot have",
                "percent-encode it",
            )
        ],
        id="a relay state with a space of another kind",
    ),
    pytest.param(
        'permission_sets:\n  Admin: {managed_policies: ["arn:aws:iam::123456789012:policy/x"]}\n',
        [
            (
                "a.yaml:2:30",
                "managed_policies[0] of permission set Admin is not an ARN of an AWS-managed policy",
                "write arn:aws:iam::aws:policy/NAME; your own go under customer_managed_policies",
            )
        ],
        id="a customer's ARN among managed policies",
    ),
    pytest.param(
        "permission_sets:\n  Admin: {managed_policies: [Admin Access]}\n",
        [
            (
                "a.yaml:2:30",
                "managed_policies[0] of permission set Admin is not a policy's name, path or ARN",
                "write it as AdministratorAccess or job-function/Billing",
            )
        ],
        id="a policy name with a space",
    ),
    pytest.param(
        (
            "permission_sets:\n  Admin: {managed_policies: [job-function/Billing, "
            '"arn:aws:iam::aws:policy/job-function/Billing"]}\n'
        ),
        [
            (
                "a.yaml:2:52",
                "managed_policies[1] of permission set Admin is in this list already",
                "delete one of the two",
            )
        ],
        id="a managed policy twice",
    ),
    pytest.param(
        "permission_sets:\n  Admin: {managed_policies: [" + ", ".join(f"P{i}" for i in range(26)) + "]}\n",
        [
            (
                "a.yaml:2:3",
                "permission set Admin has 26 policies; AWS takes 25",
                "merge some into one customer-managed policy",
            )
        ],
        id="26 policies",
    ),
    pytest.param(
        "permission_sets:\n  Admin: {customer_managed_policies: [{path: /ci/}]}\n",
        [
            (
                "a.yaml:2:39",
                "customer_managed_policies[0] of permission set Admin has no name",
                "add `name: …`",
            )
        ],
        id="a customer policy without a name",
    ),
    pytest.param(
        "permission_sets:\n  Admin: {customer_managed_policies: [{name: x, path: ci}]}\n",
        [
            (
                "a.yaml:2:55",
                (
                    "customer_managed_policies[0].path of permission set Admin is not a valid path: "
                    "one begins and "
                    "ends with /"
                ),
                "write it as /ci/",
            )
        ],
        id="a customer policy with a bad path",
    ),
    pytest.param(
        (
            "permission_sets:\n  Admin: {permissions_boundary: {managed_policy: A, "
            "customer_managed_policy: {name: B}}}\n"
        ),
        [
            (
                "a.yaml:2:33",
                "permissions_boundary of permission set Admin names two policies",
                "write managed_policy or customer_managed_policy, one of the two",
            )
        ],
        id="a boundary of two policies",
    ),
    pytest.param(
        "permission_sets:\n  Admin: {permissions_boundary: {}}\n",
        [
            (
                "a.yaml:2:33",
                "permissions_boundary of permission set Admin names no policy",
                "write managed_policy or customer_managed_policy, one of the two",
            )
        ],
        id="a boundary of nothing",
    ),
    pytest.param(
        'permission_sets:\n  Admin: {tags: {"aws:x": a}}\n',
        [
            (
                "a.yaml:2:18",
                "tags.aws:x of permission set Admin begins with aws:, which AWS keeps for itself",
                "rename it",
            )
        ],
        id="a tag that AWS keeps",
    ),
    pytest.param(
        "permission_sets:\n  Admin: {tags: {x: a;b}}\n",
        [
            (
                "a.yaml:2:21",
                "tags.x of permission set Admin has a character that a tag cannot have",
                "use letters, digits, spaces and _ . : / = + - @",
            )
        ],
        id="a tag with a bad value",
    ),
    pytest.param(
        "permission_sets:\n  Admin: {tags: {x: }}\n",
        [("a.yaml:2:18", "tags.x of permission set Admin is empty", "write text, or delete the line")],
        id="a tag without a value",
    ),
    pytest.param(
        "permission_sets:\n  Admin: {assignments: share}\n",
        [
            (
                "a.yaml:2:24",
                'assignments of permission set Admin is the text "share"; it takes exclusive or shared',
                'did you mean "shared"?',
            )
        ],
        id="assignments that are neither",
    ),
]


@pytest.mark.parametrize(("files", "expected"), CASES)
def test_a_fault_is_told_with_its_place_and_its_fix(
    files: Files | str | bytes, expected: list[tuple[str, str, str]]
) -> None:
    assert problems(files) == expected
