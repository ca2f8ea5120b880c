"""Identity Center's administration (SWBExternalService): the instance, permission sets, assignments."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.sandbox.call import Handler
from reconciler.sandbox.sso_admin import (
    applications,
    assignments,
    instances,
    permission_sets,
    policies,
    provisioning,
)

OPERATIONS: Mapping[str, Handler] = {
    **instances.OPERATIONS,
    **permission_sets.OPERATIONS,
    **policies.OPERATIONS,
    **provisioning.OPERATIONS,
    **assignments.OPERATIONS,
    **applications.OPERATIONS,
}
