"""Imports from a plain LDAP server, slapd: other names, other groups, and who is enabled by configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from reconciler.cli.main import run
from reconciler.errors import InputError
from reconciler.files.tree import FolderTree
from reconciler.loading.load import load
from reconciler.sources.settings import read_settings
from tests.servers.slapd import BASE, slapd
from tests.support.ldap_server import PASSWORD

PEOPLE, GROUPS = f"ou=people,{BASE}", f"ou=groups,{BASE}"


def unit(dn: str) -> Mapping[str, object]:
    return {"dn": dn, "objectClass": "organizationalUnit", "ou": dn[3 : dn.index(",")]}


def somebody(uid: str, family: str, **more: object) -> Mapping[str, object]:
    return {
        "dn": f"uid={uid},{PEOPLE}",
        "objectClass": ["inetOrgPerson"],
        "uid": uid,
        "cn": f"{uid.capitalize()} {family}",
        "givenName": uid.capitalize(),
        "sn": family,
        "mail": f"{uid}@example.org",
        **more,
    }


def named(name: str, kind: str, **more: object) -> Mapping[str, object]:
    return {"dn": f"cn={name},{GROUPS}", "objectClass": kind, "cn": name, **more}


ADA, BOB, CYD = (f"uid={name},{PEOPLE}" for name in ("ada", "bob", "cyd"))
ENTRIES = (
    unit(PEOPLE),
    unit(GROUPS),
    somebody("ada", "Okafor", employeeType="active", title="Head", manager=BOB),
    somebody("bob", "Keller", employeeType="Active"),
    somebody("cyd", "Lind", employeeType="left"),
    {**somebody("dot", "Ito"), "uid": ["dot", "zed"]},
    named("ops", "groupOfNames", member=[ADA, BOB]),
    named("dev", "groupOfUniqueNames", uniqueMember=[f"{BOB}#'0101'B", CYD]),
    named("unix", "posixGroup", gidNumber=100, memberUid=["ada", "cyd", "nobody"]),
    named("all", "groupOfNames", member=[f"cn=ops,{GROUPS}", f"cn=unix,{GROUPS}"]),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with slapd(tmp_path_factory.mktemp("slapd"), ENTRIES) as config:
        yield config


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AD_PASSWORD", PASSWORD)


def imported(tmp_path: Path, config: str) -> int:
    (tmp_path / "identities").mkdir(exist_ok=True)
    (tmp_path / "ldap.yaml").write_text(config)
    arguments = ["--config", str(tmp_path / "ldap.yaml"), "--identities", str(tmp_path / "identities")]
    return run(["import", "ad", *arguments, "--detailed-exitcode"])


@pytest.mark.parametrize(
    ("enabled", "inactive", "left_out"),
    [
        ("all", set(), set()),
        ("{attribute: employeeType, values: [ACTIVE]}", {"cyd"}, {"dot"}),
        ("{attribute: employeeType, not_values: [left]}", {"cyd"}, set()),
    ],
)
def test_people_and_groups_of_every_form_are_imported(
    tmp_path: Path,
    server: str,
    capsys: pytest.CaptureFixture[str],
    enabled: str,
    inactive: set[str],
    left_out: set[str],
) -> None:
    config = f"{server}enabled: {enabled}\n"
    assert imported(tmp_path, config) == 2
    told = capsys.readouterr().out
    loaded = load(FolderTree(tmp_path / "identities")).identities
    assert loaded.users.keys() == {"ada", "bob", "cyd", "dot"} - left_out
    assert {key for key, one in loaded.users.items() if one.active is False} == inactive
    assert loaded.users["ada"].attributes["manager"] == "bob"
    assert loaded.users["ada"].attributes["user_name"] == "ada@example.org"
    members = {key: set(group.members or ()) for key, group in loaded.groups.items()}
    assert members == {"ops": {"ada", "bob"}, "dev": {"bob", "cyd"}, "unix": {"ada", "cyd"}, "all": set()}
    assert {one.group for one in loaded.groups["all"].include or ()} == {"ops", "unix"}
    assert "member-outside" in told
    assert "uid=nobody" in told
    assert ("it has no employeeType, which says whether it is enabled" in told) is bool(left_out)
    assert imported(tmp_path, config) == 0


def test_a_filter_narrows_who_is_read(tmp_path: Path, server: str) -> None:
    assert imported(tmp_path, f"{server}enabled: all\nusers: {{filter: '(uid=ada)'}}\n") == 2
    assert load(FolderTree(tmp_path / "identities")).identities.users.keys() == {"ada"}


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("", "does not say who is enabled"),
        ("enabled: some", "enabled"),
        ("enabled: {attribute: employeeType}", "takes one of values and not_values"),
        ("enabled: {attribute: employeeType, values: [a], not_values: [b]}", "takes one of values"),
        ("enabled: all\nusers: {member_of: ['cn=x,dc=y']}", "needs a matching rule that only Active"),
        (
            "enabled: all\nusers: {filter: '(memberOf:1.2.840.113556.1.4.1941:=cn=x)'}",
            "has a matching rule that only Active Directory has",
        ),
        (
            "enabled: all\ngroups: {filter: '(member:1.2.840.113556.1.4.1941:=cn=x)'}",
            "has a matching rule that only Active Directory has",
        ),
        ("enabled: all\nuser_name: userPrincipalName", "is of Active Directory alone"),
        ("enabled: all\ngroup_name: sAMAccountName", "is of Active Directory alone"),
    ],
)
def test_what_a_plain_server_would_answer_with_nobody_is_refused(
    tmp_path: Path, lines: str, says: str
) -> None:
    file = tmp_path / "ldap.yaml"
    file.write_text(f"kind: ldap\nbase: {BASE}\n{lines}\n")
    with pytest.raises(InputError) as told:
        read_settings(file)
    assert says in str(told.value)


@pytest.mark.parametrize(
    ("lines", "says"),
    [("enabled: all", "is of plain LDAP servers"), ("user_name: uid", "is of plain LDAP servers")],
)
def test_active_directory_says_itself_who_is_enabled(tmp_path: Path, lines: str, says: str) -> None:
    file = tmp_path / "ad.yaml"
    file.write_text(f"base: {BASE}\n{lines}\n")
    with pytest.raises(InputError) as told:
        read_settings(file)
    assert says in str(told.value)
