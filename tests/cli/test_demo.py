"""The tour: every command is printed before it runs, and nothing of it stays."""

from __future__ import annotations

import os
import re

import pytest

from reconciler.cli.tours import ACTIVE_DIRECTORY
from tests.cli.stage import ROOT, Played


def test_the_tour_shows_each_command_before_it_runs_and_leaves_nothing(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://192.0.2.1")
    before, around = sorted(played.root.rglob("*")), dict(os.environ)

    tour = played.run("demo", str(ROOT / "identities"))

    assert tour.code == 0, tour.output
    stops = re.split(r"^\$ (reconciler .*)$", tour.out, flags=re.MULTILINE)[1:]
    assert [line.split()[1] for line in stops[0::2]] == [
        "validate",
        "plan",
        "apply",
        "plan",
        "plan",
        "plan",
        "apply",
        "sandbox",
        "sandbox",
        "sandbox",
        "drift",
        "plan",
    ]
    shown = [" ".join(text.split()) for text in stops[1::2]]
    assert "2 approvals in " in shown[0]
    assert "79 to create; 13 people gain something." in shown[1]
    assert "PRIVILEGED break.glass.1 and break.glass.2 gain BreakGlass on 10 accounts" in shown[1]
    assert "Applied 79 of 79 changes." in shown[2]
    matching = "13 users, 12 groups, 31 memberships, 6 permission sets, 17 assignments"
    assert f"No changes. aws matches {matching}." in shown[3]
    assert "REFUSED by set-emptied" in shown[4]
    assert "set-emptied: 1 group would lose every member: approved by security-moves" in shown[5]
    assert "Applied 2 of 2 changes." in shown[6]
    assert "sam@partner.example is a member of platform-engineers now" in shown[7]
    assert "ReadOnly has the policy AdministratorAccess now" in shown[8]
    assert "payments-dev has other tags now" in shown[9]
    assert "2 differences made outside git and 1 change not applied" in shown[10]
    assert "by robin@example.com at 20" in shown[10]
    assert "Memberships: 1 to delete" in shown[11]
    assert 'ReadOnly managed_policies - "AdministratorAccess"' in shown[11]
    assert "+ ReadOnly to group everyone on payments-dev (210000000021) (selector" in shown[11]
    assert re.search(r"sam@partner.example \[~[^]]+\] loses PlatformAdmin on platform-prod", shown[11])
    assert sorted(played.root.rglob("*")) == before
    assert dict(os.environ) == around


def test_a_tour_that_takes_another_turn_says_so(played: Played) -> None:
    played.write({"people.yaml": "users: [\n"})

    tour = played.run("demo")

    assert tour.code == 1
    assert "`reconciler validate` ended with exit code 1, and not with 0" in tour.err


def test_the_story_of_a_directory_goes_from_a_recording_to_every_account(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://192.0.2.1")
    before, around = sorted(played.root.rglob("*")), dict(os.environ)

    told = played.run("demo", "--story", "ad")

    assert told.code == 0, told.output
    stops = re.split(r"^\$ (reconciler .*)$", told.out, flags=re.MULTILINE)
    texts = [" ".join(text.split()) for text in stops[2::2]]
    assert "+ cyd and eve gain Analyst on data-prod" in texts[1]
    assert "PRIVILEGED mara gains Developer on payments-prod" in texts[4]
    assert "mara loses Developer on payments-prod" in texts[7]
    assert "mara gains Analyst on data-prod" in texts[7]
    assert 'user_name "mara@example.test" -> "mara.brandt@example.test"' in texts[10]
    assert "Users: 1 to update" in texts[10]
    assert "Applied 2 of 2 changes." in texts[13]
    assert texts[14].count("No access.") == texts[17].count("No access.") == 1
    assert "20 people gain Analyst on harbour-prod" in texts[19]
    assert "Nothing was written." in told.err
    assert "match-blocked: user eve-" in texts[25]
    assert len(texts) == len(ACTIVE_DIRECTORY)
    assert sorted(played.root.rglob("*")) == before
    assert dict(os.environ) == around


def test_a_story_brings_its_own_files(played: Played) -> None:
    told = played.run("demo", "identities", "--story", "ad")

    assert told.code == 64
    assert "--story ad brings its own files; leave identities out" in told.output
