"""Applications as the sandbox lists them, page by page."""

from __future__ import annotations

from tests.sandbox.sso import Sso


def test_applications_and_their_assignments_are_listed(sso: Sso) -> None:
    arn = sso.sandbox.store.create_application("Grafana")
    sso.sandbox.store.assign_application("Grafana", user="ada")
    sso.sandbox.store.assign_application("Grafana", group="Platform")

    (found,) = sso("list_applications")["Applications"]
    rows = sso.aws.sso.list_application_assignments(ApplicationArn=arn)["ApplicationAssignments"]

    assert (found["ApplicationArn"], found["Name"]) == (arn, "Grafana")
    assert {(row["PrincipalType"], row["PrincipalId"]) for row in rows} == {
        ("USER", sso.user),
        ("GROUP", sso.group),
    }


def test_many_come_in_pages(sso: Sso) -> None:
    for number in range(60):
        sso.sandbox.store.create_application(f"app {number}")

    first = sso("list_applications")
    second = sso("list_applications", NextToken=first["NextToken"])

    assert (len(first["Applications"]), len(second["Applications"])) == (50, 10)


def test_an_application_that_is_not_there_is_not_found(sso: Sso) -> None:
    arn = sso.sandbox.store.create_application("Grafana")

    error = sso.aws.sso.exceptions.ResourceNotFoundException
    try:
        sso.aws.sso.list_application_assignments(ApplicationArn=arn[:-4] + "0000")
    except error:
        return
    raise AssertionError("it was found")
