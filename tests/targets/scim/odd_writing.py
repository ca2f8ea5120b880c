"""What an odd SCIM service makes of writes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.targets.scim.odd_showing import Showing
from tests.targets.scim.odd_world import Lost, Refusal, Resource

_MEMBER = re.compile(r'^members\[value eq (".*")\]$')


class Writing(Showing):
    """The writing side."""

    def _change(
        self,
        method: str,
        kind: str,
        where: dict[str, Resource],
        one: Resource,
        body: Any,
        headers: Mapping[str, str],
    ) -> tuple[int, Any]:
        if method == "PATCH" and self.patch in (404, 405, 501):
            raise Refusal(self.patch, "no PATCH here")
        if method == "PATCH" and self.patch == 0:
            raise Lost
        if method == "PUT" and not self.put:
            raise Refusal(501, "no PUT here")
        wanted = headers.get("if-match")
        if self.etag in ("kept", "second") and wanted and wanted != one["meta"]["version"]:
            raise Refusal(412, "it moved")
        if method == "DELETE":
            del where[one["id"]]
            return self.delete, None if self.delete == 204 else {"deleted": True}
        new = json.loads(json.dumps(one))
        if method == "PUT":
            new = {**self._kept(body), "id": one["id"]}
            if self.members == "name":
                ids = {each["userName"]: key for key, each in self.users.items()}
                new["members"] = [
                    {"value": ids.get(each["value"], each["value"])} for each in new.get("members", ())
                ]
        else:
            for number, operation in enumerate(body["Operations"]):
                if number == 0 or "many" in self.removal or operation["op"] != "remove":
                    self._operate(new, operation)
        self._respell(kind, new)
        self._check_name(kind, new, one["id"])
        if kind == "Groups" and self.needs_member and not new.get("members"):
            raise Refusal(400, "object class violation: a group needs a member", kind="invalidValue")
        where[one["id"]] = new
        self._touch(new)
        return (200, self._shown(new)) if method == "PUT" or self.patch == 200 else (204, None)

    def _post(self, kind: str, where: dict[str, Resource], body: Any) -> Resource:
        body = dict(body)
        self._respell(kind, body)
        self._check_name(kind, body, "")
        if kind == "Groups" and self.needs_member and not body.get("members"):
            raise Refusal(400, "object class violation: a group needs a member", kind="invalidValue")
        return self._create(where, "u" if kind == "Users" else "g", self._kept(body))

    def _respell(self, kind: str, body: Resource) -> None:
        name = "userName" if kind == "Users" else "displayName"
        body[name] = self.respells(body[name])

    def _kept(self, body: Resource) -> Resource:
        return {key: value for key, value in body.items() if key not in self.drops and key != "schemas"}

    def _check_name(self, kind: str, body: Resource, identifier: str) -> None:
        key = "userName" if kind == "Users" else "displayName"
        where = self.users if kind == "Users" else self.groups
        for each in where.values():
            if self.unique and each["id"] != identifier and each.get(key, "").lower() == body[key].lower():
                raise Refusal(409, "Refused to create a new, duplicate resource.", kind=self.conflict_kind)

    def _operate(self, one: Resource, operation: Mapping[str, Any]) -> None:
        verb, value = operation["op"], operation.get("value")
        if "path" not in operation:
            if self.takes_pathless:
                for key, inner in (value or {}).items():
                    one[key] = {**one.get(key, {}), **inner} if isinstance(inner, dict) else inner
            return
        path = str(operation["path"])
        if self.extensions == "beside" and path.startswith("urn:"):
            if verb == "remove":
                one.pop(path, None)
            else:
                one[path] = value
            return
        if path == "members" or _MEMBER.match(path):
            self._members(one, verb, path, value)
            return
        urn, _, rest = path.rpartition(":")
        if rest in self.drops or urn in self.drops:
            return
        inside = one.setdefault(urn, {}) if urn else one
        name, _, sub = rest.partition(".")
        inside, name = (inside.setdefault(name, {}), sub) if sub else (inside, name)
        if verb == "remove":
            inside.pop(name, None)
        else:
            inside[name] = value

    def _members(self, group: Resource, verb: str, path: str, value: Any) -> None:
        if "members" in self.drops:
            return
        now = group.setdefault("members", [])
        present = {each["value"] for each in now}
        found = _MEMBER.match(path)
        if verb == "add":
            coming = [self.own(each["value"]) for each in value]
            if len(coming) > self.most_members:
                raise Refusal(413, "too many members")
            if unknown := [each for each in coming if each not in self.users]:
                raise Refusal(400, f"no user {unknown[0]}", kind="invalidValue")
            if self.refuses_again and present & set(coming):
                raise Refusal(self.refuses_again, "a member already")
            now += [{"value": each} for each in coming if self.stores_twice or each not in present]
        elif verb == "remove":
            assert found or value, "this would remove everybody"
            form = "path" if found else "value"
            if form == "value" and "wipes" in self.removal:
                group["members"] = []
            if form not in self.removal:
                return
            going = {json.loads(found[1])} if found else {each["value"] for each in value}
            going = {self.own(each) for each in going}
            if self.members == "name":
                going = {each for each in present if self._name(each) in going}
            if self.refuses_again and not going <= present:
                raise Refusal(self.refuses_again, "no member")
            group["members"] = [each for each in now if each["value"] not in going]
        else:
            raise AssertionError(f"{verb} of all members")

    def _bulk(self, body: Any) -> Any:
        if self.bulk in ("", "501", "413"):
            raise Refusal(int(self.bulk or "404"), "no Bulk here")
        answers = []
        for number, operation in enumerate(body["Operations"]):
            if self.bulk == "half" and number % 2:
                continue
            kind = operation["path"].strip("/")
            where = self.users if kind == "Users" else self.groups
            answer: dict[str, Any] = {"bulkId": operation["bulkId"], "method": "POST"}
            try:
                made = self._post(kind, where, operation["data"])
                called = self.called(made, self.creates_as)
                answer |= {"status": "201", "location": f"https://elsewhere.example/v2/{kind}/{called}"}
            except Refusal as refusal:
                answer |= {"status": str(refusal.status), "response": {"detail": refusal.detail}}
            answers.append(answer)
        if self.bulk == "lost":
            raise Lost
        return {"Operations": answers}
