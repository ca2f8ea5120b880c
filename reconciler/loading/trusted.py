"""What comes only from the trusted branch: endpoints, instances, guards, the lock, `restrict`, causes.

A pull request may change them; the change is shown and not used until it is merged (docs/concepts.md, "The
trusted branch"). Its other rules are used as it has them, and what it takes from those of the branch is
shown. Names of accounts mean in what comes from the branch what they mean there: giving a name to
another account changes no restriction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.config import CONFIG_FILE, Config, TargetConfig, load_config
from reconciler.config.configuration import DEFAULT_TARGET, default_config
from reconciler.config.selectors import ACCOUNT_ID
from reconciler.config.targets import deny_policy, differences, is_default_endpoint
from reconciler.errors import InputError, Problem
from reconciler.files.git_tree import GitTree
from reconciler.loading.account_names import account_names
from reconciler.loading.coverage import changed_coverage
from reconciler.loading.position import GitPosition
from reconciler.model.plan import Finding, Severity
from reconciler.model.policy import TargetPolicy
from reconciler.model.resources import Account, Selector
from reconciler.model.rules import Restrict, Rule


def trusted_config(
    planned: Config, accounts: Mapping[str, Account], position: GitPosition
) -> tuple[Config, tuple[Finding, ...]]:
    """The configuration to plan with: `planned`, with what must be trusted from the trusted branch.

    A target that the branch does not have is left out, and one finding names every difference. `accounts` are
    those under plan: where a name stands for another account on the branch, or for none here, the guards and
    restrictions say its id instead, and another finding names it. Where the branch has no configuration yet,
    it counts as one of defaults (`_before_any`), and a finding says so; where HEAD itself is trusted,
    `planned` is all there is. Raises InputError where it has one that does not load, and where it has none
    of the targets under plan.
    """
    tree, trusted = _tree(position), trusted_file(position)
    untrusted: tuple[Finding, ...] = ()
    if tree is None or trusted is None:
        untrusted = _untrusted(position) if planned.exists else ()
        if position.trusts_head or not planned.exists:
            return planned, untrusted
        trusted = _before_any(planned)
    targets: dict[str, TargetConfig] = {}
    ignored: list[str] = list(_restrictions(planned.rules, trusted.rules))
    rules = _rules(planned.rules, trusted.rules)
    for name, ours in planned.targets.items():
        theirs = trusted.targets.get(name)
        if theirs is None:
            ignored.append(f"{name} is new, and is planned once it is merged")
            continue
        targets[name] = replace(
            theirs,
            policy=replace(
                ours.policy,
                guards=theirs.policy.guards,
                auto_apply=theirs.policy.auto_apply,
                rules=rules,
            ),
        )
        ignored += _differences(ours, targets[name])
    if planned.lock != trusted.lock:
        ignored.append("the lock is used as it is on the trusted branch")
    if planned.signed != trusted.signed:
        ignored.append("whether receipts must be signed is as it is on the trusted branch")
    gone = [name for name in trusted.targets if name not in planned.targets]
    ignored += [f"{name} is gone from here: it is not planned, and stays as it is" for name in gone]
    if not targets:
        raise InputError(
            [
                Problem(
                    f"no target of {CONFIG_FILE} is on {position.branch} yet: {', '.join(planned.targets)}",
                    "merge the configuration first, or try the files with --sandbox",
                )
            ]
        )
    meant = {} if tree is None else _meant(tree, position, targets.values(), accounts)
    targets = {name: replace(one, policy=_by_id(one.policy, meant)) for name, one in targets.items()}
    findings = (
        *untrusted,
        *_ignored(position, ignored),
        *_named(position, meant, accounts),
        *_changed(position, planned.rules, trusted.rules),
        *(() if untrusted else changed_coverage(position, planned, trusted)),
    )
    return replace(planned, targets=targets, lock=trusted.lock, signed=trusted.signed), findings


def _before_any(planned: Config) -> Config:
    """What a branch without a configuration stands for: the defaults, and what can only lead to AWS itself.

    A target of SCIM, or one with a channel, would take a token of the environment to an address that nobody
    but the pull request names.
    """
    defaults = default_config()
    policy = defaults.targets[DEFAULT_TARGET].policy
    targets = {
        name: replace(one, policy=replace(policy, target=name))
        for name, one in planned.targets.items()
        if is_default_endpoint(one)
    }
    return replace(defaults, targets=targets)


def trusted_file(position: GitPosition) -> Config | None:
    """The configuration of the trusted branch as it stands there; None where the branch has none.

    Raises InputError where it does not load.
    """
    tree = _tree(position)
    if tree is None or CONFIG_FILE not in tree.paths():
        return None
    try:
        return load_config(tree)
    except InputError as error:
        first = error.problems[0]
        raise InputError(
            [Problem(f"{CONFIG_FILE} on {position.branch} does not load: {first}", "fix it there first")]
        ) from error


def _tree(position: GitPosition) -> GitTree | None:
    return position.repository.tree(position.trusted) if position.trusted else None


def _untrusted(position: GitPosition) -> tuple[Finding, ...]:
    used = "the one under plan is used"
    if not position.trusts_head:
        used = "guards and what else is only taken from there are the defaults"
    return (
        Finding(
            code="no-trusted-configuration",
            severity=Severity.WARNING,
            message=f"{position.branch} has no {CONFIG_FILE} yet; {used}",
            fix="merge the configuration first if the plan should use it",
        ),
    )


def _ignored(position: GitPosition, ignored: list[str]) -> tuple[Finding, ...]:
    if not ignored:
        return ()
    return (
        Finding(
            code="configuration-not-trusted",
            severity=Severity.WARNING,
            message=f"{CONFIG_FILE} differs from {position.branch} in what is only taken from there",
            fix="merge the configuration first if the plan should use it",
            details=tuple(ignored),
            count=len(ignored),
        ),
    )


def _meant(
    tree: GitTree, position: GitPosition, targets: Iterable[TargetConfig], accounts: Mapping[str, Account]
) -> Mapping[str, str]:
    """The ids of the accounts whose names, in what comes from the branch, mean something else under plan."""
    names = {name for one in targets for name in _fenced(one.policy)}
    if not names or tree.oid == position.tree:
        return {}
    there, problem = account_names(tree)
    if problem is not None and not names <= there.keys():
        raise InputError(
            [Problem(f"the accounts on {position.branch} do not load: {problem}", "fix it there first")]
        )
    here = {name: account.id for name, account in accounts.items()}
    return {name: there[name] for name in sorted(names & there.keys()) if there[name] != here.get(name)}


def _fenced(policy: TargetPolicy) -> Iterator[str]:
    """The names of accounts in guards and restrictions; an id means the same everywhere."""
    selectors = list(policy.guards.privileged.accounts)
    for rule in policy.rules:
        if isinstance(rule, Restrict):
            selectors += rule.access.accounts
    for one in selectors:
        if one.account is not None and not ACCOUNT_ID.fullmatch(one.account):
            yield one.account


def _by_id(policy: TargetPolicy, meant: Mapping[str, str]) -> TargetPolicy:
    """The policy with ids for the names in `meant`. All others stay names, so that no digest changes."""
    if not meant:
        return policy

    def written(selectors: Iterable[Selector]) -> tuple[Selector, ...]:
        return tuple(
            one if one.account is None else replace(one, account=meant.get(one.account, one.account))
            for one in selectors
        )

    privileged = policy.guards.privileged
    rules = tuple(
        replace(rule, access=replace(rule.access, accounts=written(rule.access.accounts)))
        if isinstance(rule, Restrict)
        else rule
        for rule in policy.rules
    )
    guards = replace(policy.guards, privileged=replace(privileged, accounts=written(privileged.accounts)))
    return replace(policy, guards=guards, rules=rules)


def _named(
    position: GitPosition, meant: Mapping[str, str], accounts: Mapping[str, Account]
) -> tuple[Finding, ...]:
    if not meant:
        return ()
    return (
        Finding(
            code="accounts-not-trusted",
            severity=Severity.WARNING,
            message=f"guards and restrictions of {position.branch} name accounts that are others here",
            fix="merge the accounts first if the plan should use them",
            details=tuple(
                f"{name} is {identifier} as on the trusted branch, and "
                f"{f'not {accounts[name].id}' if name in accounts else 'nothing here'}"
                for name, identifier in meant.items()
            ),
            count=len(meant),
        ),
    )


def _rules(ours: Mapping[str, Rule], theirs: Mapping[str, Rule]) -> tuple[Rule, ...]:
    """The rules to judge by: `restrict` as the branch has it, all others as they are under plan; by name."""
    used: list[Rule] = [rule for rule in ours.values() if not isinstance(rule, Restrict)]
    used += [rule for rule in theirs.values() if isinstance(rule, Restrict)]
    return tuple(sorted(used, key=lambda rule: rule.name))


def _restrictions(ours: Mapping[str, Rule], theirs: Mapping[str, Rule]) -> Iterable[str]:
    for name in sorted(ours.keys() | theirs.keys()):
        rule, used = ours.get(name), theirs.get(name)
        if isinstance(used, Restrict) and rule != used:
            yield f"the rule {name} (restrict) is used as it is on the trusted branch"
        elif isinstance(rule, Restrict) and rule != used:
            yield f"the rule {name} (restrict) is new, and holds once it is merged"


def _changed(
    position: GitPosition, ours: Mapping[str, Rule], theirs: Mapping[str, Rule]
) -> tuple[Finding, ...]:
    """A finding on the rules that the branch has and the tree under plan has lost, or has otherwise.

    What a rule says to people is not part of what it asks. A rule that is new takes nothing away.
    """
    changed = [
        f"{name} is {'changed' if name in ours else 'gone'}"
        for name, rule in sorted(theirs.items())
        if not isinstance(rule, Restrict)
        and (name not in ours or replace(ours[name], message=None) != replace(rule, message=None))
    ]
    if not changed:
        return ()
    return (
        Finding(
            code="rules-changed",
            severity=Severity.WARNING,
            message=f"rules that {position.branch} has are gone or changed here, and judge as they are here",
            fix="look whether that is meant: what they refused before may pass now",
            details=tuple(changed),
            count=len(changed),
        ),
    )


def _differences(ours: TargetConfig, used: TargetConfig) -> Iterable[str]:
    if ours.policy.guards != used.policy.guards:
        yield f"guards of {ours.name} are used as they are on the trusted branch"
    if ours.policy.auto_apply != used.policy.auto_apply:
        yield f"auto_apply of {ours.name} is used as it is on the trusted branch"
    if replace(ours, policy=used.policy) != used:
        denies = ours.type == used.type and deny_policy(ours) != deny_policy(used)
        if denies:
            yield f"deny_policy of {ours.name} is used as it is on the trusted branch"
        if not denies or len(differences(ours, used)) > 1:
            yield f"the endpoint of {ours.name} is used as it is on the trusted branch"
