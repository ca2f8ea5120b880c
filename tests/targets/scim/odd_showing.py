"""What an odd SCIM service shows: one object, lists, and what it says of itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.targets.scim.odd_world import Held, Refusal, Resource

_EQ = re.compile(r'^(\S+) eq (".*")$')


class Showing(Held):
    """The reading side."""

    def _shown(self, one: Resource, *, listed: bool = True) -> Resource:
        shown = {key: value for key, value in one.items() if key != "password"}
        if "userName" in one and self.members == "in-user":
            shown["groups"] = [
                {"value": group["id"]}
                for group in self.groups.values()
                if any(each["value"] == one["id"] for each in group.get("members", ()))
            ]
        if "members" in one:
            if self.members in ("hidden", "in-user", "by-filter") or (
                listed and (self.members == "one-by-one" or one["id"] in self.shows_none_in_list)
            ):
                shown.pop("members")
            if self.members == "name":
                shown["members"] = [{"value": self._name(each["value"])} for each in one["members"]]
        return shown

    def _list(self, kind: str, where: dict[str, Resource], query: Mapping[str, str]) -> Any:
        hidden = frozenset() if "filter" in query and self.filter_finds_hidden else self.hides_from_list
        found = [one for one in where.values() if one["id"] not in hidden]
        found = self._filtered(kind, found, query.get("filter", ""))
        if any(one["id"] == self.lists_twice for one in found):
            found.append(where[self.lists_twice])
        count, start = (
            min(int(query.get("count", self.page)), self.page),
            int(query.get("startIndex", "1")) - 1,
        )
        if self.first_page_only:
            found = found[: self.page]
        if self.ignores_index:
            start = 0
        if self.wraps and found:
            page = (found + found)[start % len(found) :][: min(count, len(found))]
        else:
            page = found[start : start + count]
        if not page and self.past_end:
            return self._nothing_more(len(found), first=start == 0)
        body = {"Resources": [self._shown(one) for one in page]}
        total = {"true": len(found), "page": len(page)}.get(self.total)
        return body if total is None else {**body, "totalResults": total}

    def _nothing_more(self, total: int, *, first: bool) -> Any:
        if self.past_end == "204":
            return None
        if self.past_end.isdecimal() and not first:
            raise Refusal(int(self.past_end), "index out of range")
        return {"totalResults": total, **({} if self.past_end == "absent" else {"Resources": None})}

    def _filtered(self, kind: str, found: list[Resource], wish: str) -> list[Resource]:
        match = _EQ.match(wish)
        if match is None or self.filter == "ignored":
            return found
        if self.filter == "nothing":
            return []
        if self.filter == "400":
            raise Refusal(400, "filters are not for you", kind="invalidFilter")
        path, value = match[1], json.loads(match[2])
        if path == "groups.value":
            if value not in self.groups:
                raise Refusal(404, f"no {value}")
            inside = {each["value"] for each in self.groups[value].get("members", ())}
            return [one for one in found if one["id"] in inside]
        if path == "members.value":
            if value not in self.users:
                raise Refusal(404, f"no {value}")
            return [one for one in found if any(each["value"] == value for each in one.get("members", ()))]
        return [one for one in found if str(one.get(path, "")).lower() == value.lower()]

    def _discover(self, kind: str) -> tuple[int, Any]:
        expected = {
            "ServiceProviderConfig": self.config,
            "ResourceTypes": self.types,
            "Schemas": self.schemas,
        }[kind]
        if expected is None:
            raise Refusal(self.discovery_status, "no discovery", body=self.discovery_body)
        return 200, expected
