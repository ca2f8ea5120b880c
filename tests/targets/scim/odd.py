"""A SCIM service on loopback that is odd in every way that real ones are, one switch each. The tests' own."""

from __future__ import annotations

import json
import re
import threading  # noqa: TID251  # a server needs threads of its own
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
_EQ = re.compile(r'^(\S+) eq (".*")$')
_MEMBER = re.compile(r'^members\[value eq (".*")\]$')
_PAGE = "<html><body>Something went wrong</body></html>"
Resource = dict[str, Any]


class Refusal(Exception):
    """An answer other than success; a body of text is sent as it is."""

    def __init__(self, status: int, detail: str = "", *, kind: str = "", body: str | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.kind, self.body = status, detail, kind, body


class Lost(Exception):
    """The connection ends without a word."""


@dataclass
class Odd:
    """What the service holds, and how it misbehaves. Nothing is odd by default, and nothing is offered."""

    users: dict[str, Resource] = field(default_factory=dict)
    groups: dict[str, Resource] = field(default_factory=dict)
    token: str = "good"
    # Lists.
    page: int = 100
    total: str = "true"  # "page", "none"
    ignores_index: bool = False
    first_page_only: bool = False
    wraps: bool = False
    past_end: str = ""  # "null", "absent", "204", or a status of an error behind the end
    filter: str = "works"  # "ignored", "nothing", "400"
    lists_twice: str = ""
    hides_from_list: frozenset[str] = frozenset()
    filter_finds_hidden: bool = False
    shows_none_in_list: frozenset[str] = frozenset()
    # Members.
    members: str = "id"  # "name", "hidden", "one-by-one", "in-user", "by-filter"
    refuses_again: int = 0  # the status for who is in already, or out
    most_members: int = 10_000
    stores_twice: bool = False
    needs_member: bool = False
    # Where a PATCH by a path with a URN goes: to its place, or "beside" it, under the path itself.
    extensions: str = ""
    takes_pathless: bool = True
    # Words that the service refuses wherever they stand as a key, or at the end of a path.
    refuses: frozenset[str] = frozenset()
    # In which forms a removal is carried out; all are answered with success. "wipes" is RFC 7644's way.
    removal: frozenset[str] = frozenset(("path", "many", "value"))
    # Writes.
    drops: frozenset[str] = frozenset()
    patch: int = 204  # or 200, 405, 501, 404; 0 is no answer at all
    put: bool = True
    delete: int = 204
    unique: bool = True
    conflict_kind: str = "uniqueness"
    losing: list[tuple[str, bool]] = field(default_factory=list)
    # The writes, by their number, whose answer is lost, and whether they are carried out before.
    lost_writes: frozenset[int] = frozenset()
    lost_after: bool = True
    etag: str = ""  # "kept", "ignored", "second"
    etag_of_groups: bool = True
    # Discovery and errors.
    config: Any = None
    types: Any = None
    schemas: Any = None
    discovery_status: int = 404
    discovery_body: str | None = None
    bulk: str = ""  # "works", "lost", "half", "501", "413"
    fail: Callable[[str, str], Refusal | None] = lambda _method, _path: None
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _next: int = 0

    # What the world is, for tests to look at and to change behind the client's back.

    def add_user(self, name: str, **more: Any) -> str:
        names = {"givenName": name, "familyName": "X"}
        made = {"userName": name, "name": names, "active": True, **more}
        return str(self._create(self.users, "u", made)["id"])

    def add_group(self, name: str, *members: str) -> str:
        made = self._create(self.groups, "g", {"displayName": name})
        made["members"] = [{"value": each} for each in members]
        return str(made["id"])

    def named(self, name: str) -> Resource:
        return next(each for each in self.users.values() if each["userName"] == name)

    def crews(self) -> dict[str, set[str]]:
        """Who is in which group, by names; whoever does not exist by id."""
        return {
            group["displayName"]: {self._name(each["value"]) for each in group.get("members", ())}
            for group in self.groups.values()
        }

    def writes(self) -> list[tuple[str, str, Any]]:
        return [one for one in self.asked if one[0] != "GET"]

    def _name(self, user: str) -> str:
        return str(self.users[user]["userName"]) if user in self.users else user

    def _create(self, where: dict[str, Resource], letter: str, body: Resource) -> Resource:
        self._next += 1
        made = {**body, "id": f"{letter}{self._next}"}
        self._touch(made)
        where[made["id"]] = made
        return made

    def _touch(self, one: Resource) -> None:
        if self.etag and (self.etag_of_groups or "userName" in one):
            self._next += 1
            mark = "second" if self.etag == "second" else str(self._next)
            one["meta"] = {"version": f'W/"{mark}"'}

    # Answering.

    def answer(self, method: str, target: str, body: Any, headers: Mapping[str, str]) -> tuple[int, Any]:
        """Status and body; raises Refusal and Lost."""
        parts = urlsplit(target)
        path = parts.path.removeprefix("/v2/")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        with self.lock:
            self.asked.append((method, path + (f"?{unquote(parts.query)}" if parts.query else ""), body))
            self.headers.append(headers)
            if headers.get("authorization") != f"Bearer {self.token}":
                raise Refusal(401, body="" if self.discovery_body is None else _PAGE)
            if (refusal := self.fail(method, path)) is not None:
                raise refusal
            if method != "GET" and (word := next(_words(body, self.refuses), None)):
                raise Refusal(400, f"Attribute '{word}' is not supported", kind="invalidSyntax")
            kind, _, name = path.partition("/")
            lose = next((one for one in self.losing if one[0] == f"{method} {kind}"), None)
            number = len(self.writes()) if method != "GET" else 0
            if number in self.lost_writes:
                if self.lost_after:
                    self._route(method, kind, unquote(name), query, body, headers)
                raise Lost
            if lose is not None:
                self.losing.remove(lose)
                if lose[1]:
                    self._route(method, kind, unquote(name), query, body, headers)
                raise Lost
            return self._route(method, kind, unquote(name), query, body, headers)

    def _route(
        self,
        method: str,
        kind: str,
        name: str,
        query: Mapping[str, str],
        body: Any,
        headers: Mapping[str, str],
    ) -> tuple[int, Any]:
        if kind == "Bulk":
            return 200, self._bulk(body)
        if kind not in ("Users", "Groups"):
            return self._discover(kind)
        where = self.users if kind == "Users" else self.groups
        if method == "POST":
            return 201, self._shown(self._post(kind, where, body))
        if not name:
            listed = self._list(kind, where, query)
            return (204 if listed is None else 200), listed
        if name not in where:
            raise Refusal(404, f"no {name}")
        one = where[name]
        if method == "GET":
            return 200, self._shown(one, listed=False)
        return self._change(method, kind, where, one, body, headers)

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
        self._check_name(kind, new, one["id"])
        if kind == "Groups" and self.needs_member and not new.get("members"):
            raise Refusal(400, "object class violation: a group needs a member", kind="invalidValue")
        where[one["id"]] = new
        self._touch(new)
        return (200, self._shown(new)) if method == "PUT" or self.patch == 200 else (204, None)

    def _post(self, kind: str, where: dict[str, Resource], body: Any) -> Resource:
        self._check_name(kind, body, "")
        if kind == "Groups" and self.needs_member and not body.get("members"):
            raise Refusal(400, "object class violation: a group needs a member", kind="invalidValue")
        return self._create(where, "u" if kind == "Users" else "g", self._kept(body))

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
            coming = [each["value"] for each in value]
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
            if self.members == "name":
                going = {each for each in present if self._name(each) in going}
            if self.refuses_again and not going <= present:
                raise Refusal(self.refuses_again, "no member")
            group["members"] = [each for each in now if each["value"] not in going]
        else:
            raise AssertionError(f"{verb} of all members")

    # Showing.

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
        said = {"ServiceProviderConfig": self.config, "ResourceTypes": self.types, "Schemas": self.schemas}[
            kind
        ]
        if said is None:
            raise Refusal(self.discovery_status, "no discovery", body=self.discovery_body)
        return 200, said

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
                answer |= {"status": "201", "location": f"https://elsewhere.example/v2/{kind}/{made['id']}"}
            except Refusal as refusal:
                answer |= {"status": str(refusal.status), "response": {"detail": refusal.detail}}
            answers.append(answer)
        if self.bulk == "lost":
            raise Lost
        return {"Operations": answers}


def _words(body: Any, refused: frozenset[str]) -> Iterator[str]:
    """The refused words that a body has as keys, or at the ends of paths."""
    if isinstance(body, list):
        for each in body:
            yield from _words(each, refused)
    elif isinstance(body, dict):
        for key, value in body.items():
            if key in refused:
                yield key
            if key == "path" and isinstance(value, str) and value.rpartition(".")[2] in refused:
                yield value
            yield from _words(value, refused)


@contextmanager
def serving(odd: Odd) -> Iterator[str]:
    """The service on loopback; its base address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def answer(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            headers = {key.lower(): value for key, value in self.headers.items()}
            try:
                status, said = odd.answer(self.command, self.path, body, headers)
                text = "" if said is None else json.dumps(said)
            except Refusal as refusal:
                status = refusal.status
                error = {"schemas": [_ERROR], "status": str(status), "detail": refusal.detail}
                error |= {"scimType": refusal.kind} if refusal.kind else {}
                text = json.dumps(error) if refusal.body is None else refusal.body
            except Lost:
                self.close_connection = True
                return
            data = text.encode()
            self.send_response_only(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v2"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
