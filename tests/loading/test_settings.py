"""Problems with reconciler.yaml: place, message and fix of each."""

from __future__ import annotations

import pytest

from tests.trees import USER, Files, configured, problems

CASES = [
    pytest.param(
        {"reconciler.yaml": "format: 2\n", "a.yaml": USER},
        [
            (
                "reconciler.yaml:1:9",
                "format is a format that this version does not know",
                "write 1, or install a newer version",
            )
        ],
        id="a format of the future",
    ),
    pytest.param(
        {"reconciler.yaml": "timezone: UTC\n", "a.yaml": USER},
        [("reconciler.yaml:1:1", "the file has no format", "add `format: …`")],
        id="no format",
    ),
    pytest.param(
        configured("timezone: Europe/Zürich\n"),
        [("reconciler.yaml:2:11", "timezone is not a time zone", 'did you mean "Europe/Zurich"?')],
        id="an unknown time zone",
    ),
    pytest.param(
        configured("timezone: ../../etc/passwd\n"),
        [
            (
                "reconciler.yaml:2:11",
                "timezone is not a time zone",
                "write a name of the IANA database, such as Europe/Zurich",
            )
        ],
        id="a time zone that is a path",
    ),
    pytest.param(
        configured('requires: ">=99"\n'),
        [
            (
                "reconciler.yaml:2:11",
                "requires wants >=99, and this is version 0.3.0",
                "install a version >=99",
            )
        ],
        id="a version that is not ours",
    ),
    pytest.param(
        configured("requires: latest\n"),
        [
            (
                "reconciler.yaml:2:11",
                "requires is not a list of versions",
                'write it as ">=0.3,<1", with numbers, in quotes',
            )
        ],
        id="a requirement that is none",
    ),
    pytest.param(
        configured("targets: {aws: {type: okta}}\n"),
        [
            (
                "reconciler.yaml:2:23",
                "targets.aws.type is a type of target that does not exist",
                (
                    'write identity-center or scim, or install the package that brings "okta" '
                    "(entry point group reconciler.targets)"
                ),
            )
        ],
        id="an unknown type of target",
    ),
    pytest.param(
        configured("targets: {aws: {region: us-east-1}}\n"),
        [("reconciler.yaml:2:11", "targets.aws has no type", "add `type: …`")],
        id="a target without a type",
    ),
    pytest.param(
        configured("targets: {}\n"),
        [("reconciler.yaml:2:10", "targets is empty", "name at least one, or delete the line")],
        id="no targets",
    ),
    pytest.param(
        configured("targets: {aws/x: {type: identity-center}}\n"),
        [
            (
                "reconciler.yaml:2:11",
                (
                    "targets.aws/x is not a valid name for a target: up to 63 letters, digits, _ and "
                    "- are allowed, "
                    "a letter or digit first"
                ),
                "rename it",
            )
        ],
        id="a bad target name",
    ),
    pytest.param(
        configured("targets: {aws: {type: identity-center, region: Frankfurt}}\n"),
        [("reconciler.yaml:2:48", "targets.aws.region is not an AWS Region", "write it as eu-central-1")],
        id="a bad region",
    ),
    pytest.param(
        configured("targets: {aws: {type: identity-center, instance_arn: x, identity_store_id: y}}\n"),
        [
            (
                "reconciler.yaml:2:54",
                "targets.aws.instance_arn is not an ARN of an IAM Identity Center instance",
                "it looks like arn:aws:sso:::instance/ssoins-1234567890abcdef",
            ),
            (
                "reconciler.yaml:2:76",
                "targets.aws.identity_store_id is not a valid id of an identity store",
                "it looks like d-1234567890",
            ),
        ],
        id="a bad instance",
    ),
    pytest.param(
        configured("targets: {aws: {type: identity-center, paths: [../x, /y]}}\n"),
        [
            (
                "reconciler.yaml:2:48",
                "targets.aws.paths[0] leaves the folder of the identities",
                "write it relative to that folder, as teams/**",
            ),
            (
                "reconciler.yaml:2:54",
                "targets.aws.paths[1] leaves the folder of the identities",
                "write it relative to that folder, as teams/**",
            ),
        ],
        id="paths that leave the folder",
    ),
    pytest.param(
        configured("scope: {users: manage}\n"),
        [
            (
                "reconciler.yaml:2:16",
                'scope.users is the text "manage"; it takes observe or managed or authoritative',
                'did you mean "managed"?',
            )
        ],
        id="an unknown mode",
    ),
    pytest.param(
        configured("targets: {aws: {type: identity-center, on_removal: remove}}\n"),
        [
            (
                "reconciler.yaml:2:52",
                'targets.aws.on_removal is the text "remove"; it takes deactivate or delete',
                "write one of these",
            )
        ],
        id="a bad on_removal",
    ),
    pytest.param(
        configured("auto_apply: [git]\n"),
        [
            (
                "reconciler.yaml:2:14",
                'auto_apply[0] is the text "git"; it takes expiry or block or leaver or selector or drift',
                "write one of these",
            )
        ],
        id="an auto_apply of git",
    ),
]


@pytest.mark.parametrize(("files", "expected"), CASES)
def test_a_fault_is_told_with_its_place_and_its_fix(
    files: Files | str | bytes, expected: list[tuple[str, str, str]]
) -> None:
    assert problems(files) == expected
