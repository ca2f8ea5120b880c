"""How people write where a SCIM service is: what is accepted, and place, message and fix of what is not."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from reconciler.config import Config, load_config
from reconciler.wire.http import Endpoint
from reconciler.wire.tokens import TokenSource
from tests.trees import configured, problems, tree

CHAT = "targets: {chat: {type: scim, url: https://chat.example/scim/v2, token: {env: T}%s}}\n"
CANARY = "xoxp-canary-0123456789"


def config(text: str) -> Config:
    return load_config(tree({"reconciler.yaml": f"format: 1\n{text}"}))


def test_a_scim_service_is_described_whole() -> None:
    found = config(
        "timezone: Europe/Zurich\ntargets:\n  chat:\n    type: scim\n    profile: slack\n"
        "    url: https://api.slack.com/scim/v2/\n    token: {env: SLACK_SCIM_TOKEN}\n"
        "    token_next: {file: /run/secrets/next}\n    expires: 2027-03-01\n    ca_file: /etc/ca.pem\n"
        "    proxy: environment\n    map: {userName: '{email}', emails.value: '{user_name}'}\n"
    ).targets["chat"]
    assert found.type == "scim"
    assert found.settings.profile == "slack"
    assert found.settings.channel is not None
    assert found.settings.channel.endpoint == Endpoint(
        url="https://api.slack.com/scim/v2/",
        token=TokenSource(env="SLACK_SCIM_TOKEN"),
        token_next=TokenSource(file="/run/secrets/next"),
        ca_file="/etc/ca.pem",
        environment_proxy=True,
    )
    assert found.settings.channel.expires == datetime(2027, 3, 2, tzinfo=ZoneInfo("Europe/Zurich"))
    assert found.policy.map == {"user_name": "{email}", "email": "{user_name}"}


def test_a_scim_service_needs_no_more_than_an_address_and_a_token() -> None:
    found = config(CHAT % "").targets["chat"]
    assert found.settings.profile == "generic"
    assert found.settings.channel is not None
    assert found.settings.channel.endpoint == Endpoint(
        url="https://chat.example/scim/v2", token=TokenSource(env="T")
    )
    assert found.settings.channel.expires is None


def test_an_instance_may_be_written_through_its_scim_endpoint() -> None:
    found = config(
        "targets: {aws: {type: identity-center, directory: {scim: {url: https://scim.example/v2, "
        "token: {env: AWS_SCIM_TOKEN}}}}}\n"
    ).targets["aws"]
    assert found.settings.channel is not None
    assert found.settings.channel.endpoint.url == "https://scim.example/v2"


def test_an_attribute_without_a_name_of_ours_is_mapped_by_its_path() -> None:
    path = "urn:ietf:params:scim:schemas:extension:Microsoft:Entra:2.0:User:mailNickname"
    found = config(
        CHAT % f", map: {{'{path}': '{{key}}', 'urn:ietf:params:scim:schemas:core:2.0:User:title': x}}"
    )
    assert found.targets["chat"].policy.map == {path: "{key}", "title": "x"}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_only_this_machine_is_reached_without_encryption(host: str) -> None:
    (target,) = config(
        f"targets: {{chat: {{type: scim, url: 'http://{host}:8080/v2', token: {{env: T}}}}}}\n"
    ).targets.values()
    assert target.settings.channel is not None


def target(more: str) -> str:
    return f"targets: {{chat: {{type: scim{more}}}}}\n"


WRONG = [
    pytest.param(
        target(", token: {env: T}"),
        ("reconciler.yaml:2:11", "targets.chat has no url", "add `url: …`"),
        id="no address",
    ),
    pytest.param(
        target(", url: https://x/v2"),
        ("reconciler.yaml:2:11", "targets.chat has no token", "add `token: …`"),
        id="no token",
    ),
    pytest.param(
        "targets: {aws: {type: identity-center, directory: {scim: {url: https://x}}}}\n",
        ("reconciler.yaml:2:52", "targets.aws.directory.scim has no token", "add `token: …`"),
        id="no token of a directory",
    ),
    pytest.param(
        "targets: {aws: {type: identity-center, directory: {}}}\n",
        (
            "reconciler.yaml:2:51",
            "targets.aws.directory names no channel",
            "add `scim: {url: …, token: …}`, or delete it",
        ),
        id="a directory without a channel",
    ),
    pytest.param(
        target(f", url: https://x/v2, token: {CANARY}"),
        (
            "reconciler.yaml:2:56",
            "targets.chat.token does not say where the token is found",
            "name where it is found: {env: SLACK_SCIM_TOKEN}, or {file: /run/secrets/slack-scim}",
        ),
        id="a token itself",
    ),
    pytest.param(
        target(", url: https://x/v2, token: {env: T, file: t}"),
        (
            "reconciler.yaml:2:56",
            "targets.chat.token must name one place, an environment variable or a file",
            "name where it is found: {env: SLACK_SCIM_TOKEN}, or {file: /run/secrets/slack-scim}",
        ),
        id="two places",
    ),
    pytest.param(
        target(", url: https://x/v2, token: {env: my-token}"),
        (
            "reconciler.yaml:2:62",
            "targets.chat.token.env is not a valid name of an environment variable",
            "write it as SLACK_SCIM_TOKEN",
        ),
        id="no name of a variable",
    ),
    pytest.param(
        target(", url: https://x/v2, token: {env: T}, token_next: {env: T}"),
        (
            "reconciler.yaml:2:78",
            "targets.chat.token_next is the same place as `token`",
            "name another, or delete it",
        ),
        id="one place twice",
    ),
    pytest.param(
        target(", url: http://chat.example/v2, token: {env: T}"),
        (
            "reconciler.yaml:2:35",
            "targets.chat.url is not encrypted, and no token is sent there",
            "write it with https://",
        ),
        id="no encryption",
    ),
    pytest.param(
        target(", url: https://me:pass@chat.example/v2, token: {env: T}"),
        (
            "reconciler.yaml:2:35",
            "targets.chat.url has a user name or a password in it",
            "take it out; the token says who asks",
        ),
        id="a password in an address",
    ),
    pytest.param(
        target(", url: 'https://chat.example/v2?x=1', token: {env: T}"),
        (
            "reconciler.yaml:2:35",
            "targets.chat.url has a query or a fragment",
            "end it with the path, as in https://…/scim/v2",
        ),
        id="a query in an address",
    ),
    pytest.param(
        target(", url: 'file:///etc/passwd', token: {env: T}"),
        (
            "reconciler.yaml:2:35",
            "targets.chat.url is not a web address",
            "write it as https://scim.example.com/scim/v2",
        ),
        id="a file as an address",
    ),
    pytest.param(
        target(", url: https://x/v2, token: {env: T}, region: us-east-1"),
        (
            "reconciler.yaml:2:66",
            "targets.chat.region makes no sense for a target of type scim",
            "delete it, or make the target one of type identity-center",
        ),
        id="a region",
    ),
    pytest.param(
        "targets: {aws: {type: identity-center, url: https://x/v2}}\n",
        (
            "reconciler.yaml:2:40",
            "targets.aws.url makes no sense for a target of type identity-center",
            "write it as `directory: {scim: {url: …}}`",
        ),
        id="an address of an instance",
    ),
    pytest.param(
        CHAT % ", profile: ../x",
        (
            "reconciler.yaml:2:91",
            "targets.chat.profile is not a valid name of a profile",
            "write a name from docs/scim.md, such as generic",
        ),
        id="a profile that is a path",
    ),
    pytest.param(
        CHAT % ", map: {usernam: '{email}'}",
        (
            "reconciler.yaml:2:88",
            "targets.chat.map.usernam is not an attribute of a SCIM user",
            'did you mean "userName"?',
        ),
        id="a mistyped path",
    ),
    pytest.param(
        CHAT % ", map: {userName: '{emial}'}",
        (
            "reconciler.yaml:2:98",
            "targets.chat.map.userName speaks of {emial}, which is not an attribute that is text",
            'did you mean "email"?',
        ),
        id="a mistyped attribute",
    ),
    pytest.param(
        CHAT % ", map: {userName: '{email'}",
        (
            "reconciler.yaml:2:98",
            "targets.chat.map.userName has a brace without its other one",
            "write {{ or }} for a brace that is meant",
        ),
        id="half a placeholder",
    ),
    pytest.param(
        CHAT % ", map: {userName: '{email.__class__}'}",
        (
            "reconciler.yaml:2:98",
            "targets.chat.map.userName speaks of {email.__class__}, which is not an attribute that is text",
            (
                "name one of key, user_name, external_id, given_name, middle_name, family_name, "
                "formatted_name, honorific_prefix, honorific_suffix, display_name, nick_name, email, "
                "phone_number, user_type, title, role, preferred_language, locale, timezone, "
                "profile_url, website, birthdate, employee_number, cost_center, organization, "
                "division, department"
            ),
        ),
        id="a look inside",
    ),
]


@pytest.mark.parametrize(("text", "expected"), WRONG)
def test_what_is_wrong_is_said_with_its_place_and_the_way_out(
    text: str, expected: tuple[str, str, str]
) -> None:
    found = problems({**configured(text), "a.yaml": "users: {ada: {user_name: ada}}"})
    assert found == [expected]
    assert CANARY not in str(found)


def test_two_targets_at_one_address_are_refused() -> None:
    one = "{type: scim, url: https://x/v2%s, token: {env: T}}"
    found = problems(
        {
            **configured(f"targets: {{a: {one % ''}, b: {one % '/'}}}\n"),
            "a.yaml": "users: {a: {user_name: a}}",
        }
    )
    assert [(message, fix) for _, message, fix in found] == [
        (
            "targets.b.url is the address of a, too: each would remove what the other made",
            "make them one target",
        )
    ]


def test_two_targets_with_one_policy_of_denials_are_refused() -> None:
    one = "{type: identity-center, region: us-east-1, instance_arn: 'arn:aws:sso:::instance/ssoins-%s', %s}"
    targets = {
        "a": one % ("1" * 16, "deny_policy: p-1a2b3c4d5e"),
        "b": one % ("2" * 16, "deny_policy: p-another1"),
        "c": one % ("3" * 16, "deny_policy: p-1a2b3c4d5e"),
        "d": one % ("4" * 16, "scope: {}"),
        "e": one % ("5" * 16, "scope: {}"),
    }
    text = "".join(f"  {name}: {target}\n" for name, target in targets.items())
    found = problems({**configured(f"targets:\n{text}"), "a.yaml": "users: {a: {user_name: a}}"})
    assert [(message, fix) for _, message, fix in found] == [
        (
            "targets.c.deny_policy is the policy of a, too: each would take out whom the other denies",
            "create a policy for each target",
        )
    ]
