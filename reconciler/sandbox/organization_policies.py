"""AWS Organizations: service control policies, and where they are attached."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reconciler.sandbox import scp
from reconciler.sandbox.access.terms import Caller
from reconciler.sandbox.answers import ApiError
from reconciler.sandbox.call import Answer, Call, Handler

_IN_ARNS = len("p-") + 10


class PolicyHandlers:
    """The operations on policies. `in_use` refuses whom Organizations refuses, `page` makes pages of rows."""

    def __init__(
        self,
        in_use: Callable[[Call], None],
        page: Callable[[Call, Any], Answer],
        arn: Callable[[Call, str, str], str],
    ) -> None:
        self._in_use, self._page, self._arn = in_use, page, arn

    def operations(self) -> Mapping[str, Handler]:
        """The handlers by their operations."""
        return {
            "CreatePolicy": self.create,
            "DescribePolicy": self.describe,
            "UpdatePolicy": self.update,
            "AttachPolicy": self.attach,
            "DetachPolicy": self.detach,
            "ListTargetsForPolicy": self.targets,
            "ListPolicies": self.policies,
            "ListPoliciesForTarget": self.policies_for_target,
        }

    def create(self, call: Call) -> Answer:
        """CreatePolicy."""
        self._may_write(call)
        self._is_scp(call.params["Type"])
        identifier = scp.new_id()
        params = call.params
        scp.put(call.db, identifier, params["Name"], params["Description"], params["Content"])
        return self._policy(call, identifier)

    def describe(self, call: Call) -> Answer:
        """DescribePolicy."""
        self._ready(call)
        return self._policy(call, call.params["PolicyId"])

    def update(self, call: Call) -> Answer:
        """UpdatePolicy: the document is replaced, and nothing asks whether it was another meanwhile."""
        self._may_write(call, "UpdatePolicy")
        identifier, name, description, content = scp.get(call.db, call.params["PolicyId"])
        if identifier == scp.FULL_ACCESS:
            raise ApiError("AccessDeniedException", "You can't modify a policy that AWS manages.")
        content = call.params.get("Content", content)
        scp.check(content)
        call.db.execute(
            "UPDATE scps SET name = ?, description = ?, content = ? WHERE id = ?",
            (call.params.get("Name", name), call.params.get("Description", description), content, identifier),
        )
        return self._policy(call, identifier)

    def attach(self, call: Call) -> Answer:
        """AttachPolicy."""
        self._may_write(call)
        self._target(call)
        scp.attach(call.db, call.params["PolicyId"], call.params["TargetId"])
        return {}

    def detach(self, call: Call) -> Answer:
        """DetachPolicy."""
        self._may_write(call)
        self._target(call)
        scp.detach(call.db, call.params["PolicyId"], call.params["TargetId"])
        return {}

    def targets(self, call: Call) -> Answer:
        """ListTargetsForPolicy."""
        self._ready(call)
        identifier, *_ = scp.get(call.db, call.params["PolicyId"])

        def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
            query = "SELECT seq, target FROM scp_targets WHERE policy = ? AND seq > ? ORDER BY seq LIMIT ?"
            found = call.db.execute(query, (identifier, after, limit)).fetchall()
            return [(seq, self._place(call, target)) for seq, target in found]

        return self._page(call, rows)

    def policies(self, call: Call) -> Answer:
        """ListPolicies."""
        self._ready(call)
        self._is_scp(call.params["Filter"])

        def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
            query = "SELECT seq, id FROM scps WHERE seq > ? ORDER BY seq LIMIT ?"
            found = call.db.execute(query, (after, limit)).fetchall()
            return [(seq, self._summary(call, identifier)) for seq, identifier in found]

        return self._page(call, rows)

    def policies_for_target(self, call: Call) -> Answer:
        """ListPoliciesForTarget: those that are attached to it directly."""
        self._ready(call)
        self._is_scp(call.params["Filter"])
        self._target(call)

        def rows(after: int, limit: int) -> Sequence[tuple[int, Answer]]:
            query = "SELECT seq, policy FROM scp_targets WHERE target = ? AND seq > ? ORDER BY seq LIMIT ?"
            found = call.db.execute(query, (call.params["TargetId"], after, limit)).fetchall()
            return [(seq, self._summary(call, policy)) for seq, policy in found]

        return self._page(call, rows)

    def _ready(self, call: Call) -> None:
        self._in_use(call)
        scp.prepare(call.db, call.meta["root_id"])

    def _may_write(self, call: Call, operation: str = "") -> None:
        """Only the management account may, and whom its resource policy of Organizations allows it."""
        self._ready(call)
        here = call.access.circumstances
        if here.caller is Caller.DELEGATED and operation not in here.delegated_actions:
            raise ApiError("AccessDeniedException", "You don't have permissions to access this resource.")

    def _is_scp(self, kind: str) -> None:
        if kind != scp.SCP:
            raise ApiError("InvalidInputException", "The sandbox has service control policies only.",
                           members={"Reason": "INVALID_ENUM_POLICY_TYPE"})  # fmt: skip

    def _target(self, call: Call) -> None:
        self._place(call, call.params["TargetId"])

    def _place(self, call: Call, target: str) -> Answer:
        organization = call.meta["organization_id"]
        kind, name, arn = "ROOT", "Root", self._arn(call, "root", f"{organization}/{target}")
        if target != call.meta["root_id"]:
            unit = call.db.execute("SELECT name FROM units WHERE id = ?", (target,)).fetchone()
            account = call.db.execute("SELECT name FROM accounts WHERE id = ?", (target,)).fetchone()
            if unit is None and account is None:
                raise ApiError("TargetNotFoundException", "You specified a target that doesn't exist.")
            kind = "ACCOUNT" if unit is None else "ORGANIZATIONAL_UNIT"
            name = (unit or account)[0]
            arn = self._arn(call, "account" if unit is None else "ou", f"{organization}/{target}")
        return {"TargetId": target, "Arn": arn, "Name": name, "Type": kind}

    def _summary(self, call: Call, identifier: str) -> Answer:
        _, name, description, _ = scp.get(call.db, identifier)
        path = f"{call.meta['organization_id']}/service_control_policy/{identifier}"
        managed = identifier == scp.FULL_ACCESS
        arn = self._arn(call, "policy", path)
        if managed:
            arn = f"arn:aws:organizations::aws:policy/service_control_policy/{identifier}"
        return {
            "Id": identifier,
            # The model wants longer ids in ARNs than elsewhere: PolicyArn, PolicyId.
            **({"Arn": arn} if len(identifier) >= _IN_ARNS else {}),
            "Name": name,
            "Description": description,
            "Type": scp.SCP,
            "AwsManaged": managed,
        }

    def _policy(self, call: Call, identifier: str) -> Answer:
        content = scp.get(call.db, identifier)[3]
        return {"Policy": {"PolicySummary": self._summary(call, identifier), "Content": content}}
