"""The rules of a repository at GitHub: rulesets, what is in force for a branch, and the older protection.

Sources: docs.github.com/en/rest/repos/rules and /branches/branch-protection. The list of those who may go
past a ruleset is shown to those who may edit it, and to nobody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.doctor.github.facts import OF_PROTECTION, Actor, BranchRule, Protection, RuleSet
from reconciler.errors import IncompleteRead, NotFound
from reconciler.forge.github import GitHub, number_of

_NOT_PROTECTED = "branch not protected"


def branch_rules(github: GitHub, branch: str) -> tuple[BranchRule, ...]:
    """Every rule that is in force for a branch, also of the organization. Raises ServiceError."""
    found = github.rest.pages(github.at("rules", "branches", branch), "GetRulesForBranch")
    return tuple(
        BranchRule(str(one.get("type")), number_of(one, "ruleset_id"), _object(one, "parameters"))
        for one in found
    )


def rulesets(github: GitHub) -> tuple[RuleSet, ...]:
    """Every ruleset for branches or tags that is in force. Raises ServiceError."""
    query = {"includes_parents": "true"}
    listed = list(github.rest.pages(github.at("rulesets"), "ListRulesets", query=query))
    return tuple(
        _ruleset(
            github.rest.ask("GET", github.at("rulesets", number_of(one, "id")), "GetRuleset", query=query)
        )
        for one in listed
        if one.get("enforcement") == "active" and one.get("target") in ("branch", "tag")
    )


def _ruleset(body: Any) -> RuleSet:
    names = _object(_object(body, "conditions"), "ref_name")
    rules = body.get("rules") if isinstance(body, Mapping) else None
    if not isinstance(rules, list):
        raise IncompleteRead("the answer has no rules", target="github", request="GetRuleset")
    actors = body.get("bypass_actors")
    return RuleSet(
        id=number_of(body, "id"),
        name=str(body.get("name")),
        target=str(body.get("target")),
        include=_texts(names, "include"),
        exclude=_texts(names, "exclude"),
        rules={str(one.get("type")): _object(one, "parameters") for one in rules if isinstance(one, Mapping)},
        bypass=tuple(_actor(one) for one in actors) if isinstance(actors, list) else None,
    )


def _actor(body: Any) -> Actor:
    if not isinstance(body, Mapping):
        raise IncompleteRead("the answer names no actor", target="github", request="GetRuleset")
    number = body.get("actor_id")
    return Actor(
        str(body.get("actor_type")),
        number if isinstance(number, int) else None,
        str(body.get("bypass_mode") or "always"),
    )


def protection(github: GitHub, branch: str) -> Protection | None:
    """The older protection of a branch, in the words of rules; None where it has none.

    Raises ServiceError: NotFound as well where the token may not see it.
    """
    path = github.at("branches", branch, "protection")
    try:
        body = github.rest.ask("GET", path, "GetBranchProtection")
    except NotFound as error:
        if _NOT_PROTECTED in str(error).lower():
            return None
        raise
    return Protection(tuple(_rules(body)), tuple(_exempt(body)))


def _rules(body: Any) -> Iterator[BranchRule]:
    if reviews := _object(body, "required_pull_request_reviews"):
        yield BranchRule(
            "pull_request",
            OF_PROTECTION,
            {
                "required_approving_review_count": reviews.get("required_approving_review_count", 0),
                "dismiss_stale_reviews_on_push": reviews.get("dismiss_stale_reviews"),
                "require_code_owner_review": reviews.get("require_code_owner_reviews"),
                "require_last_push_approval": reviews.get("require_last_push_approval"),
            },
        )
    if checks := _object(body, "required_status_checks"):
        listed = checks.get("checks")
        demanded = [
            {"context": one.get("context"), "integration_id": _app(one.get("app_id"))}
            for one in (listed if isinstance(listed, list) else ())
            if isinstance(one, Mapping)
        ]
        yield BranchRule("required_status_checks", OF_PROTECTION, {"required_status_checks": demanded})
    for key, kind in (("allow_force_pushes", "non_fast_forward"), ("allow_deletions", "deletion")):
        if _object(body, key).get("enabled") is False:
            yield BranchRule(kind, OF_PROTECTION)


def _app(number: object) -> object:
    """-1 stands for any app."""
    return None if number == -1 else number


def _exempt(body: Any) -> Iterator[str]:
    if _object(body, "enforce_admins").get("enabled") is not True:
        yield "administrators of the repository"
    allowed = _object(_object(body, "required_pull_request_reviews"), "bypass_pull_request_allowances")
    for key, name in (("users", "login"), ("teams", "slug"), ("apps", "slug")):
        listed = allowed.get(key)
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, Mapping):
                yield f"{key.removesuffix('s')} {one.get(name)}"


def _object(body: Any, key: str) -> Mapping[str, Any]:
    value = body.get(key) if isinstance(body, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _texts(body: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = body.get(key)
    return tuple(map(str, value)) if isinstance(value, list) else ()
