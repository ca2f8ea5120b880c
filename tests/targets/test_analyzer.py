"""IAM Access Analyzer's word on inline policies, against scripted answers: it is asked, and never trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.plan import Severity
from reconciler.targets.identity_center.analyzer import validate
from reconciler.wire.aws import Aws
from tests.wire.scripted import Reply, serve

ERROR = {
    "findingType": "ERROR",
    "issueCode": "INVALID_ACTION",
    "findingDetails": "The action s3:GetObjekt does not exist.",
    "learnMoreLink": "https://docs.aws.amazon.com/",
    "locations": [{"path": [{"value": "Statement"}, {"index": 0}, {"value": "Action"}], "span": {}}],
}
SUGGESTION = {**ERROR, "findingType": "SUGGESTION", "issueCode": "EMPTY_ARRAY_ACTION", "locations": []}


def aws(url: str) -> Aws:
    return Aws("aws", region="eu-central-1", endpoint_url=url, speed=1000.0, sandbox=True)


def test_every_page_of_what_it_says_of_each_policy_is_a_finding() -> None:
    def answer(asked: str, params: Mapping[str, Any]) -> Reply:
        if params["policyDocument"] == "{}":
            return Reply({"findings": []})
        if "nextToken=more" in asked:
            return Reply({"findings": [SUGGESTION]})
        return Reply({"findings": [ERROR], "nextToken": "more"})

    with serve(answer=answer) as script:
        (found,) = validate(aws(script.url), {"Admin": '{"Statement":[]}', "Clean": "{}"})

    assert {params["policyType"] for _, params in script.asked} == {"IDENTITY_POLICY"}
    assert (found.code, found.severity, found.count) == ("access-analyzer", Severity.WARNING, 2)
    assert str(found.address) == "aws/permission-set/Admin"
    first, second = found.details
    assert first == "INVALID_ACTION at Statement[0].Action: The action s3:GetObjekt does not exist."
    assert second.startswith("EMPTY_ARRAY_ACTION: ")


def test_suggestions_alone_are_a_note() -> None:
    with serve(Reply({"findings": [SUGGESTION]})) as script:
        (found,) = validate(aws(script.url), {"Admin": "{}"})

    assert found.severity is Severity.NOTE


def test_who_may_not_ask_is_told_once_which_action_is_needed() -> None:
    denied = Reply({"message": "no"}, 403, {"x-amzn-ErrorType": "AccessDeniedException:http://x/"})
    with serve(denied) as script:
        (found,) = validate(aws(script.url), {"Admin": "{}", "Reader": "{}"})

    assert len(script.asked) == 1
    assert (found.code, found.severity) == ("access-analyzer-not-asked", Severity.NOTE)
    assert "access-analyzer:ValidatePolicy" in found.message
    assert found.fix is not None


def test_a_page_of_a_proxy_is_no_clean_bill() -> None:
    with serve(Reply("<html>sign in</html>")) as script:
        (found,) = validate(aws(script.url), {"Admin": "{}"})

    assert found.code == "access-analyzer-not-asked"
