"""Rules for the trusted branch and for the tags that are the memory, and who may go past them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from reconciler.doctor.check import Check, Unseen, not_checked, ok, problem, warning
from reconciler.doctor.github.facts import (
    ACTIONS_APP,
    OF_PROTECTION,
    Actor,
    BranchRule,
    GitHubFacts,
    Protection,
    RuleSet,
)
from reconciler.doctor.github.refs import covers

_IMPORT = "import .github/reconciler/rulesets/{} (README of the repository, step 6)"
_BRANCH_FIX = _IMPORT.format("default-branch.json")
_TAG_FIX = _IMPORT.format("memory.json")
_CHECKS = ("validate", "plan")
# What the memory is made of: names below refs/tags/, with one and with more folders (docs/memory.md).
_MEMORY = (
    "refs/tags/reconciler/snapshot",
    "refs/tags/reconciler/applied/aws",
    "refs/tags/reconciler/begun/aws",
    "refs/tags/reconciler/receipts/aws",
    "refs/tags/reconciler/marks/aws/run",
)
_KINDS = ("pull_request", "required_status_checks", "non_fast_forward", "deletion")
_TAG_RULES = ("creation", "update", "deletion")
# Actors that a person or a job cannot become without a secret that is kept for it.
_MACHINES = frozenset({"DeployKey", "Integration"})


def branch_rules(facts: GitHubFacts) -> Iterator[Check]:
    """Whether nothing comes to the trusted branch but what was reviewed."""
    unseen = [one for one in (facts.branch_rules, facts.protection) if isinstance(one, Unseen)]
    rules = [] if isinstance(facts.branch_rules, Unseen) else list(facts.branch_rules)
    rules += facts.protection.rules if isinstance(facts.protection, Protection) else ()
    by_kind: dict[str, list[BranchRule]] = {}
    for rule in rules:
        by_kind.setdefault(rule.kind, []).append(rule)
    yield _pull_request(facts, by_kind.get("pull_request", []), unseen)
    yield _code_owners(by_kind.get("pull_request", []), unseen)
    yield _checks(by_kind.get("required_status_checks", []), unseen)
    for name, kind, found, lacking in (
        ("branch-force-push", "non_fast_forward", "nobody may force-push", "history can be rewritten"),
        ("branch-deletion", "deletion", "nobody may delete it", "the branch can be deleted"),
    ):
        if kind in by_kind:
            yield ok(name, f"{facts.branch}: {found}")
        else:
            yield _lacking(name, f"{facts.branch}: {lacking}", unseen)
    yield _bypass(facts, by_kind)


def _lacking(name: str, found: str, unseen: Iterable[Unseen], details: Iterable[str] = ()) -> Check:
    """A rule that is not there; or may be among what is not seen."""
    for one in unseen:
        return not_checked(name, f"{found}, as far as is seen; not seen: {one.why}", _BRANCH_FIX, details)
    return problem(name, found, _BRANCH_FIX, details)


def _pull_request(facts: GitHubFacts, rules: list[BranchRule], unseen: list[Unseen]) -> Check:
    name = "branch-pull-request"
    if not rules:
        return _lacking(name, f"{facts.branch} takes commits without a pull request", unseen)
    approvals = max(_number(one, "required_approving_review_count") for one in rules)
    if not approvals:
        fix = "demand an approval, where more than one person works here"
        return warning(name, f"{facts.branch} takes pull requests only, and no approval is demanded", fix)
    if not any(_on(one, "dismiss_stale_reviews_on_push", "require_last_push_approval") for one in rules):
        fix = "demand the approval of the last push (require_last_push_approval)"
        found = "an approval stays when commits follow it, so that what is merged was not reviewed"
        return problem(name, found, fix)
    return ok(name, f"{facts.branch} takes pull requests only, with {approvals} approvals of the last push")


def _code_owners(rules: list[BranchRule], unseen: list[Unseen]) -> Check:
    name = "branch-code-owners"
    if any(_on(one, "require_code_owner_review") for one in rules):
        return ok(name, "code owners must approve")
    return _lacking(name, "code owners need not approve what they own", unseen)


def _checks(rules: list[BranchRule], unseen: list[Unseen]) -> Check:
    name = "branch-checks"
    demanded: dict[str, list[object]] = {}
    for rule in rules:
        listed = rule.parameters.get("required_status_checks")
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, Mapping):
                demanded.setdefault(str(one.get("context")), []).append(one.get("integration_id"))
    missing = [one for one in _CHECKS if one not in demanded]
    if missing:
        return _lacking(name, f"a merge does not wait for the checks {' and '.join(missing)}", unseen)
    loose = [one for one in _CHECKS if all(app is None for app in demanded[one])]
    if loose:
        fix = f"name the app that must report them: integration_id {ACTIONS_APP} is GitHub Actions"
        return warning(name, f"anybody who may set a status can report {' and '.join(loose)}", fix)
    return ok(name, f"a merge waits for {', '.join(sorted(demanded))}")


def _bypass(facts: GitHubFacts, by_kind: Mapping[str, list[BranchRule]]) -> Check:
    """Whom every ruleset that has a rule lets past: one that lets nobody past is enough."""
    name = "branch-bypass"
    if not by_kind:
        return not_checked(name, "the branch has no rule to go past")
    found: set[str] = set()
    softly: set[str] = set()
    hidden: set[str] = set()
    for kind in _KINDS:
        lists, unknown = _lists(facts, by_kind.get(kind, ()))
        if any(not one for one in lists):
            continue  # one that lets nobody past is enough
        hidden |= unknown
        # Only those whom all of them let past can go past the rule.
        shared = {name: {one[name] for one in lists} for name in set.intersection(*map(set, lists or [{}]))}
        found |= {name for name, soft in shared.items() if False in soft and True not in soft}
        softly |= {name for name, soft in shared.items() if True in soft}
    if found:
        fix = "empty the bypass list; in an emergency an administrator edits the ruleset, which is logged"
        says = f"{len(found)} may write to {facts.branch} without review"
        return problem(name, says, fix, sorted(found | softly))
    if hidden:
        why = f"the bypass list of {', '.join(sorted(hidden))} is not seen by this token"
        return not_checked(name, why, "use a token of somebody who may edit the rules (Administration: read)")
    if softly:
        fix = "empty the bypass list"
        return warning(name, f"{len(softly)} may merge pull requests past the rules", fix, sorted(softly))
    return ok(name, f"nobody may go past the rules of {facts.branch}")


def _lists(facts: GitHubFacts, rules: Iterable[BranchRule]) -> tuple[list[dict[str, bool]], set[str]]:
    """Whom each ruleset with a rule lets past (True: only in pull requests), and which are not seen."""
    sets = {} if isinstance(facts.rulesets, Unseen) else {one.id: one for one in facts.rulesets}
    lists: list[dict[str, bool]] = []
    unknown: set[str] = set()
    for rule in rules:
        if rule.ruleset == OF_PROTECTION:
            protection = facts.protection
            exempt = protection.exempt if isinstance(protection, Protection) else ()
            lists.append(dict.fromkeys(exempt, False))
            continue
        one = sets.get(rule.ruleset)
        if one is None or one.bypass is None:
            unknown.add(one.name if one is not None else f"ruleset {rule.ruleset}")
        else:
            lists.append({str(actor): actor.mode == "pull_request" for actor in one.bypass})
    return lists, unknown


def tag_rules(facts: GitHubFacts) -> Iterator[Check]:
    """Whether nobody but the job that applies moves the memory."""
    name = "memory-tags"
    if isinstance(facts.rulesets, Unseen):
        yield not_checked(name, facts.rulesets, _TAG_FIX)
        return
    sets = [one for one in facts.rulesets if one.target == "tag"]
    open_to_all = [
        f"{ref}: {kind}"
        for ref in _MEMORY
        for kind in _TAG_RULES
        if not any(kind in one.rules and covers(one.include, one.exclude, ref) for one in sets)
    ]
    if open_to_all:
        found = "a push can change what the reconciler remembers: not all of its tags are restricted"
        fix = (
            f"{_TAG_FIX}; a pattern that ends in ** fits one folder only, so both of its patterns are needed"
        )
        yield problem(name, found, fix, open_to_all)
    else:
        yield ok(name, "creating, moving and deleting tags below reconciler/ is restricted")
    yield from _memory_bypass(facts, sets)


def _memory_bypass(facts: GitHubFacts, sets: Collection[RuleSet]) -> Iterator[Check]:
    name = "memory-bypass"
    relevant = [
        one
        for one in sets
        if any(kind in one.rules for kind in _TAG_RULES)
        and any(covers(one.include, one.exclude, ref) for ref in _MEMORY)
    ]
    if not relevant:
        yield not_checked(name, "no ruleset restricts the memory")
        return
    hidden = [one.name for one in relevant if one.bypass is None]
    lists = [set(one.bypass) for one in relevant if one.bypass is not None]
    # Only who may go past every one of them can move a tag.
    shared: set[Actor] = set.intersection(*lists) if lists else set()
    wrong = sorted(str(one) for one in shared if not _is_machine(one))
    if hidden:
        why = f"the bypass list of {', '.join(hidden)} is not seen by this token"
        yield not_checked(name, why, "use a token of somebody who may edit the rules (Administration: read)")
    elif wrong:
        fix = "let only a deploy key, or an app of your own, go past it, whose secret is in the environments"
        yield problem(name, "people or every workflow may change what the reconciler remembers", fix, wrong)
    elif not shared:
        fix = "let the deploy key (or the app) of the environments go past the ruleset"
        yield problem(name, "nobody may move the memory, so that no apply can be remembered", fix)
    else:
        yield ok(name, f"only {', '.join(sorted(map(str, shared)))} may move the memory")
    if any(one.kind == "DeployKey" for one in shared):
        yield _deploy_keys(facts)


def _is_machine(one: Actor) -> bool:
    return one.kind in _MACHINES and not (one.kind == "Integration" and one.id == ACTIONS_APP)


def _deploy_keys(facts: GitHubFacts) -> Check:
    name = "deploy-keys"
    keys = facts.write_keys
    if isinstance(keys, Unseen):
        return not_checked(name, keys, "look under Settings, Deploy keys: only one may have write access")
    if len(keys) > 1:
        fix = "delete the others, or make them read-only: the bypass is for every deploy key that may write"
        return problem(name, f"{len(keys)} deploy keys may write, and each may move the memory", fix, keys)
    if not keys:
        return problem(
            name, "no deploy key may write, so that no apply can be remembered", "make one (step 5)"
        )
    return ok(name, f"one deploy key may write: {keys[0]}")


def _on(rule: BranchRule, *names: str) -> bool:
    return any(rule.parameters.get(name) is True for name in names)


def _number(rule: BranchRule, name: str) -> int:
    value = rule.parameters.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
