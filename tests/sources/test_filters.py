"""Filters of LDAP that are written wrongly are found in the file, and not by a server that finds nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import InputError
from reconciler.sources.filters import fault
from reconciler.sources.settings import read_settings


@pytest.mark.parametrize(
    "text",
    [
        "(department=Payments)",
        "(&(a=b)(c=d))",
        "(&\n  (a=b)\n  (c=d))\n",
        "(|(a=b)(&(c>=1)(d~=x)(e<=2)(!(f=*))))",
        "(memberOf:1.2.840.113556.1.4.1941:=CN=x\\28y\\29,DC=z)",
        "(:dn:2.4.6:=x)",
        "(cn=a*b*)",
        "(l=Zürich)",
        "(my_attribute=1)",
    ],
)
def test_a_filter_is_taken(text: str) -> None:
    assert fault(text) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "lacks a parenthesis at character 1"),
        ("a=b", "lacks a parenthesis at character 1"),
        ("(a=b", "lacks a closing parenthesis at character 5"),
        ("(&(a=b)", "lacks a parenthesis at character 8"),
        ("(a=b))", "goes on after its end at character 6"),
        ("(a=b)(c=d)", "goes on after its end at character 6"),
        ("(department)", "has no comparison"),
        ("(dep artment=x)", "has no comparison"),
        ("(=x)", "has no comparison"),
        ("()", "has no comparison"),
        ("(&)", "has 0 filters after &"),
        ("(!(a=b)(c=d))", "has 2 filters after !"),
        ("(&(a=b)|(c=d))", "lacks a parenthesis at character 8"),
        ("(cn=Doe (external))", "lacks a closing parenthesis at character 9"),
        ("(cn=DOMAIN\\user)", "lacks a closing parenthesis at character 11"),
        ("(a=b\0)", "lacks a closing parenthesis"),
        ("(" * 5000, "has no comparison"),
        ("(&" * 5000, "is more than 100 deep"),
    ],
)
def test_what_is_not_a_filter_is_told_by_its_place(text: str, says: str) -> None:
    assert says in str(fault(text))


@pytest.mark.parametrize("written", ["(department=Payments", "(department)", "[a]", "7"])
def test_a_filter_in_the_configuration_is_told_with_line_and_column(tmp_path: Path, written: str) -> None:
    file = tmp_path / "ad.yaml"
    file.write_text(f"base: DC=x\nusers:\n  filter: {written}\n")
    with pytest.raises(InputError) as told:
        read_settings(file)
    assert "ad.yaml:3:11" in str(told.value)
    assert "is not an LDAP filter" in str(told.value)
