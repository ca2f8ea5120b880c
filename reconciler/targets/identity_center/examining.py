"""Looks at everything that plan and apply rest on, for `reconciler doctor aws`. Writes nothing.

Each operation that a plan calls is tried in its cheapest form, one item a page, so that every missing action
is known at once. What only an apply calls is asked of IAM's policy simulator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.doctor.aws.actions import WRITES
from reconciler.doctor.aws.denying import WRITE
from reconciler.doctor.aws.facts import (
    AwsFacts,
    Caller,
    CustomerPolicy,
    Declared,
    Instance,
    Reply,
    is_signing,
    reply_of,
)
from reconciler.doctor.check import Unseen
from reconciler.errors import NotFound, ServiceError
from reconciler.model.signin import LIST, REVOKE
from reconciler.targets.identity_center import examining_actions as actions
from reconciler.targets.identity_center.asking import Asking
from reconciler.targets.identity_center.managed_policies import partition
from reconciler.wire.aws import Aws

# Permission sets of the management account whose names are looked up: one call each.
_NAMED = 20
# Pages of the simulator's answer, and of lists of permission sets.
_PAGES = 50
_SESSION = "reconciler-doctor"
# The rights that a session in another account is limited to.
_LOOK = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:GetPolicy","Resource":"*"}]}'


class Examiner:
    """One target, looked at once. Raises nothing: what fails is part of the facts."""

    def __init__(
        self, aws: Aws, instance_arn: str | None, store_id: str | None, account_role: str = ""
    ) -> None:
        self._aws, self._arn, self._store, self._role = aws, instance_arn, store_id, account_role
        self._asking = Asking(aws)

    def facts(self, declared: Declared, deny_policy: str | None = None) -> AwsFacts:
        """Everything that was seen, by forty calls or so, and more where files name customer policies.

        `deny_policy` is the id of a policy that an apply would write.
        """
        try:
            region: str | Unseen = self._aws.region()
        except ServiceError as error:
            region = Unseen(str(error))
        source = self._aws.region_from
        caller, failure = self._caller()
        if isinstance(region, Unseen):
            return AwsFacts(region, source, caller, offset=self._aws.offset)
        if failure is not None and reply_of(failure) is Reply.CREDENTIALS:
            # Every further call would be refused alike.
            return AwsFacts(region, source, caller, signing=is_signing(failure), offset=self._aws.offset)
        instances = self._instances()
        management = self._management()
        one = instances[0] if isinstance(instances, tuple) and len(instances) == 1 else None
        found = actions.Found(
            instance=one.arn if one is not None else "",
            store=one.store if one is not None else "",
            organization=isinstance(management, str) and bool(management),
        )
        actions.try_all(self._asking, found, partition(region))
        held = self._held(found, management)
        policies = self._policies(found, declared, caller, region)
        return AwsFacts(
            region=region,
            region_from=source,
            caller=caller,
            signing=any(map(is_signing, self._asking.errors)),
            instances=instances,
            elsewhere=self._elsewhere() if instances == () else (),
            management=management,
            in_management=held,
            asked=self._asking.asked,
            simulated=self._simulated(caller, deny=deny_policy is not None),
            offset=self._aws.offset,
            policies=policies,
        )

    def _caller(self) -> tuple[Caller | Unseen, ServiceError | None]:
        try:
            answer = self._aws.call("sts", "GetCallerIdentity", mutates=False, expects=("Account", "Arn"))
        except ServiceError as error:
            return Unseen(str(error)), error
        return Caller(str(answer["Arn"]), str(answer["Account"])), None

    def _instances(self) -> tuple[Instance, ...] | Unseen:
        answer = self._asking.ask("sso-admin", "ListInstances", MaxResults=10)
        if answer is None:
            return Unseen(f"the instances could not be listed: {self._asking.last}")
        listed = [one for one in answer.get("Instances", ()) if self._meant(one)]
        return tuple(self._described(one) for one in listed)

    def _meant(self, one: Mapping[str, Any]) -> bool:
        fits = self._arn in (None, one.get("InstanceArn"))
        return fits and self._store in (None, one.get("IdentityStoreId"))

    def _described(self, listed: Mapping[str, Any]) -> Instance:
        arn, store = _text(listed, "InstanceArn"), _text(listed, "IdentityStoreId")
        one = self._asking.ask("sso-admin", "DescribeInstance", InstanceArn=arn) or {}
        encryption = one.get("EncryptionConfigurationDetails") or {}
        enabled = one.get("PermissionSetsEnabled")
        return Instance(
            arn=arn,
            store=store,
            owner=_text(listed, "OwnerAccountId"),
            status=_text(listed, "Status"),
            status_reason=_text(listed, "StatusReason"),
            primary_region=_text(listed, "PrimaryRegion"),
            permission_sets=enabled if isinstance(enabled, bool) else None,
            key=_text(encryption, "KmsKeyArn"),
            key_status=_text(encryption, "EncryptionStatus"),
            rules=self._rules(store),
        )

    def _rules(self, store: str) -> tuple[str, ...] | Unseen:
        """The network rules of the identity store, each as a sentence."""
        if not self._aws.knows("identitystore", "DescribeIdentityStore"):
            return Unseen("the installed botocore does not know DescribeIdentityStore")
        answer = self._asking.ask("identitystore", "DescribeIdentityStore", IdentityStoreId=store)
        if answer is None:
            return Unseen(self._asking.last)
        rules = answer.get("NetworkConfiguration") or {}
        return tuple(f"{name}: {rules[name]}" for name in sorted(rules) if rules[name])

    def _elsewhere(self) -> tuple[str, ...]:
        if not self._aws.takes("sso-admin", "ListInstances", "RegionScope"):
            return ()
        try:
            answer = self._aws.call(
                "sso-admin", "ListInstances", mutates=False, MaxResults=10, RegionScope="ALL_REGIONS"
            )
        except ServiceError:
            return ()
        found = {_text(one, "PrimaryRegion") for one in answer.get("Instances", ())}
        return tuple(sorted(found - {""}))

    def _management(self) -> str | Unseen:
        """The management account; "" outside of any organization, which is an answer, too."""
        answer = self._asking.ask("organizations", "DescribeOrganization")
        if answer is None:
            if self._asking.outside:
                return ""
            return Unseen(f"the organization could not be looked at: {self._asking.last}")
        account = _text(answer.get("Organization") or {}, "MasterAccountId")
        return account or Unseen("DescribeOrganization names no management account")

    def _held(self, found: actions.Found, management: str | Unseen) -> tuple[str, ...] | Unseen:
        """The names of permission sets that are provisioned in the management account."""
        if not (isinstance(management, str) and management and found.instance):
            return Unseen("the management account or the instance is not known")
        try:
            answer = self._aws.call(
                "sso-admin",
                "ListPermissionSetsProvisionedToAccount",
                mutates=False,
                InstanceArn=found.instance,
                AccountId=management,
                MaxResults=100,
            )
        except ServiceError as error:
            return Unseen(str(error))
        arns = [one for one in answer.get("PermissionSets", ()) if isinstance(one, str)]
        more = " and more" if answer.get("NextToken") or len(arns) > _NAMED else ""
        names = [self._name(found.instance, arn) or arn for arn in arns[:_NAMED]]
        return (*sorted(names), *([f"{len(arns) - _NAMED}{more}"] if more else ()))

    def _name(self, instance: str, arn: str) -> str:
        try:
            answer = self._aws.call(
                "sso-admin",
                "DescribePermissionSet",
                mutates=False,
                InstanceArn=instance,
                PermissionSetArn=arn,
            )
        except ServiceError:
            return ""
        return _text(answer.get("PermissionSet") or {}, "Name")

    def _policies(
        self, found: actions.Found, declared: Declared, caller: Caller | Unseen, region: str
    ) -> tuple[CustomerPolicy, ...]:
        """Each customer-managed policy in each account, as far as one can look there."""
        needed: dict[tuple[str, str], set[str]] = {}
        where = {key: set(declared.accounts.get(key, ())) for key in declared.customer_policies}
        for key, accounts in self._provisioned(found, set(declared.customer_policies)).items():
            where[key] |= accounts
        for key, policies in declared.customer_policies.items():
            for account in where[key]:
                for policy in policies:
                    needed.setdefault((account, policy), set()).add(key)
        own = caller.account if isinstance(caller, Caller) else ""
        made: list[CustomerPolicy] = []
        inside: dict[str, Aws | Unseen] = {own: self._aws} if own else {}
        for (account, policy), sets in sorted(needed.items()):
            arn = f"arn:{partition(region)}:iam::{account}:policy{policy}"
            if account not in inside:
                inside[account] = self._inside(account, partition(region))
            at = inside[account]
            there = at if isinstance(at, Unseen) else _has_policy(at, arn)
            made.append(CustomerPolicy(arn, tuple(sorted(sets)), there))
        return tuple(made)

    def _inside(self, account: str, of: str) -> Aws | Unseen:
        """AWS as the role of an account that may be asked, with the right to look at policies alone."""
        if not self._role:
            return Unseen("no role in this account is named")
        try:
            return self._aws.assuming(f"arn:{of}:iam::{account}:role/{self._role}", _SESSION, _LOOK)
        except ServiceError as error:
            return Unseen(str(error))

    def _provisioned(self, found: actions.Found, wanted: set[str]) -> Mapping[str, set[str]]:
        """The accounts in which permission sets of these names are provisioned; what fails is left out."""
        accounts: dict[str, set[str]] = {}
        if not (wanted and found.instance):
            return accounts
        try:
            pages = self._aws.pages(
                "sso-admin",
                "ListPermissionSets",
                "PermissionSets",
                lambda each: each,
                InstanceArn=found.instance,
                MaxResults=100,
            )
            arns: Sequence[Any] = [arn for page in pages for arn in page]
            for arn in arns:
                if wanted <= accounts.keys():
                    break
                if (name := self._name(found.instance, str(arn))) in wanted:
                    listed = self._aws.pages(
                        "sso-admin",
                        "ListAccountsForProvisionedPermissionSet",
                        "AccountIds",
                        lambda each: each,
                        InstanceArn=found.instance,
                        PermissionSetArn=str(arn),
                        MaxResults=100,
                    )
                    accounts[name] = {str(account) for page in listed for account in page}
        except ServiceError:
            return accounts
        return accounts

    def _simulated(self, caller: Caller | Unseen, *, deny: bool) -> Mapping[str, str] | Unseen:
        """What IAM's simulator says of the write actions, by the policies of the caller's role."""
        if isinstance(caller, Unseen):
            return caller
        try:
            source = self._source(caller)
            if isinstance(source, Unseen):
                return source
            decided: dict[str, str] = {}
            marker: dict[str, str] = {}
            for _ in range(_PAGES):
                answer = self._aws.call(
                    "iam",
                    "SimulatePrincipalPolicy",
                    mutates=False,
                    PolicySourceArn=source,
                    ActionNames=[*WRITES, *([WRITE] if deny else []), LIST, REVOKE],
                    **marker,
                )
                for one in answer.get("EvaluationResults", ()):
                    decided[_text(one, "EvalActionName")] = _text(one, "EvalDecision")
                if not (answer.get("IsTruncated") and answer.get("Marker")):
                    return decided
                marker = {"Marker": str(answer["Marker"])}
        except ServiceError as error:
            return Unseen(f"IAM's simulator could not be asked: {error}")
        return Unseen("the answer of IAM's simulator does not end")

    def _source(self, caller: Caller) -> str | Unseen:
        """The ARN of the role or user whose policies hold; the session's own ARN lacks the role's path."""
        prefix, _, resource = caller.arn.rpartition(":")
        kind, _, rest = resource.partition("/")
        if kind == "root":
            return Unseen("root of the account calls, which no policy of the account limits")
        if kind != "assumed-role":
            return caller.arn
        role = rest.partition("/")[0]
        if not role.startswith("AWSReservedSSO_"):
            return f"{prefix.replace(':sts:', ':iam:')}:role/{role}"
        answer = self._aws.call("iam", "GetRole", mutates=False, RoleName=role)
        return _text(answer.get("Role") or {}, "Arn") or Unseen("GetRole names no ARN")


def _has_policy(aws: Aws, arn: str) -> bool | Unseen:
    try:
        aws.call("iam", "GetPolicy", mutates=False, PolicyArn=arn)
    except NotFound:
        return False
    except ServiceError as error:
        return Unseen(str(error))
    return True


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    return value if isinstance(value, str) else ""
