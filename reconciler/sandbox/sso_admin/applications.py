"""Applications of the instance, and who is assigned to them: as the console made them, for reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.sandbox.answers import ApiError
from reconciler.sandbox.call import Answer, Call, Handler
from reconciler.sandbox.sso_admin.common import check_instance, pages

# ApplicationList holds 50 at most (service model).
_PAGE = 50


def list_applications(call: Call) -> Answer:
    """ListApplications: those that AWS services and people made."""
    check_instance(call)

    def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
        found = call.db.execute(
            "SELECT seq, id, name FROM applications WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)
        )
        return [(seq, _application(call, arn, name)) for seq, arn, name in found]

    return pages(call, rows, most=_PAGE)


def list_assignments(call: Call) -> Answer:
    """ListApplicationAssignments: users and groups of one application, those that are gone included."""
    check_instance(call)
    arn = call.params["ApplicationArn"]
    if call.db.execute("SELECT 1 FROM applications WHERE id = ?", (arn,)).fetchone() is None:
        raise ApiError("ResourceNotFoundException", f"Application {arn} does not exist.")

    def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
        found = call.db.execute(
            "SELECT seq, principal_type, principal_id FROM application_assignments"
            " WHERE application = ? AND seq > ? ORDER BY seq LIMIT ?",
            (arn, after, limit),
        )
        return [
            (seq, {"ApplicationArn": arn, "PrincipalType": kind, "PrincipalId": principal})
            for seq, kind, principal in found
        ]

    return pages(call, rows)


def _application(call: Call, arn: str, name: str) -> Answer:
    meta = call.meta
    return {
        "ApplicationArn": arn,
        "ApplicationProviderArn": "arn:aws:sso::aws:applicationProvider/custom",
        "Name": name,
        "ApplicationAccount": meta["management_account"],
        "InstanceArn": meta["instance_arn"],
        "Status": "ENABLED",
        "CreatedDate": float(meta["created_at"]),
    }


OPERATIONS: Mapping[str, Handler] = {
    "ListApplications": list_applications,
    "ListApplicationAssignments": list_assignments,
}
