"""Bearer tokens: where they come from, which one is in use, and that nobody ever sees one.

A token stands in an environment variable or a file, never in the configuration, an argument or a URL. It is
read when it is first needed and wrapped at once; no function here or in `http` holds one in a variable of
its own, because a traceback can show those.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from reconciler.errors import Denied
from reconciler.wire import secrets
from reconciler.wire.guarded import Guarded

# Far beyond any token (those of AWS have some 600 characters), and no more of a file is read.
_LONGEST = 16_384


class Secret:
    """A token that does not show itself; only `reveal` gives it away. `source` says where it stands."""

    __slots__ = ("_value", "source")

    def __init__(self, value: str, source: str) -> None:
        self._value, self.source = value, source

    def __repr__(self) -> str:
        return secrets.SHOWN

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written down")

    def reveal(self) -> str:
        """The token itself, for the request header and nothing else."""
        return self._value

    def scrub(self, text: str) -> str:
        """`text` with the token blotted out, in every form in which an answer or its address may hold it."""
        return secrets.scrub(text, self._value)

    def shown_in(self, body: bytes) -> bool:
        """Whether `body` holds the token; one so short that it may stand there by chance does not count."""
        return secrets.shown_in(body, self._value)

    def fault(self) -> str:
        """What keeps it from being sent in a header (RFC 6750, section 2.1); "" for nothing."""
        if len(self._value) > _LONGEST:
            return f"is longer than {_LONGEST:,} characters"
        if "\n" in self._value or "\r" in self._value:
            return "contains a line break"
        if any(character.isspace() for character in self._value):
            return "contains a space"
        if not all("!" <= character <= "~" for character in self._value):
            return "contains a character that is not plain ASCII"
        return ""


@dataclass(frozen=True, slots=True)
class TokenSource:
    """Where a token stands: an environment variable's name, or a file's path. One of both is set."""

    env: str | None = None
    file: str | None = None

    def __str__(self) -> str:
        return f"the environment variable {self.env}" if self.env is not None else f"the file {self.file}"


@dataclass(slots=True)
class _State:
    """What was read of each slot so far (None: nothing there), and which one is in use (None: none yet)."""

    read: dict[str, Secret | None]
    in_use: str | None = None


class Tokens:
    """The token of one target, and the next one, to which is switched once the first is not accepted.

    Thread-safe. `token_next` may be absent: it is there while tokens are being changed.
    """

    def __init__(self, target: str, first: TokenSource, second: TokenSource | None = None) -> None:
        self._target = target
        self._sources = {"token": first} | ({"token_next": second} if second is not None else {})
        self._state = Guarded(_State({}))

    @property
    def in_use(self) -> str:
        """Which slot the next request takes its token from: "token" or "token_next"."""
        with self._state as state:
            return self._slot(state) or "token"

    def present(self) -> bool:
        """Whether there is a token at all, in either slot; asks nobody, raises nothing."""
        with self._state as state:
            return self._slot(state) is not None

    def next_is_there(self) -> bool:
        """Whether there is a next token, whichever is in use; asks nobody, raises nothing."""
        with self._state as state:
            return self._read(state, "token_next") is not None

    def current(self) -> Secret:
        """The token to send. Raises Denied when there is none, or when it can be none."""
        with self._state as state:
            slot = self._slot(state)
            secret = state.read.get(slot) if slot is not None else None
        if slot is None or secret is None:
            self._raise_absent()
        if fault := secret.fault():
            message = f"the token in {secret.source} {fault}, so it is not sent; put the token alone there"
            raise Denied(message, target=self._target)
        return secret

    def rejected(self, secret: Secret) -> bool:
        """The service does not accept `secret`; whether there is another one to try."""
        with self._state as state:
            slot = self._slot(state)
            if slot is None or state.read[slot] is not secret:
                # Another thread was told the same, and has switched already.
                return slot is not None
            if slot == "token_next" or self._read(state, "token_next") is None:
                return False
            state.in_use = "token_next"
            return True

    def go_back(self, secret: Secret) -> None:
        """Use `secret` again: what was refused was not the token."""
        with self._state as state:
            for slot, known in state.read.items():
                if known is secret:
                    state.in_use = slot

    def refused(self) -> str:
        """What to say, and to do, when nothing that is there is accepted."""
        tried = [secret.source for secret in self._known()]
        renew = "make a new one at the service and put it there"
        if len(tried) > 1:
            return f"neither the token in {tried[0]} nor the one in {tried[1]} is accepted; {renew}"
        return f"the token in {tried[0]} is not accepted; it may have expired or been revoked: {renew}"

    def scrub(self, text: str) -> str:
        """`text` with every token blotted out that was read so far."""
        for secret in self._known():
            text = secret.scrub(text)
        return text

    def shown_in(self, body: bytes) -> bool:
        """Whether `body` holds a token that was read so far."""
        return any(secret.shown_in(body) for secret in self._known())

    def _known(self) -> list[Secret]:
        with self._state as state:
            return [secret for secret in state.read.values() if secret is not None]

    def _slot(self, state: _State) -> str | None:
        """The slot in use, under the lock; the first one that has a token."""
        if state.in_use is None:
            for slot in self._sources:
                if self._read(state, slot) is not None:
                    state.in_use = slot
                    break
        return state.in_use

    def _read(self, state: _State, slot: str) -> Secret | None:
        source = self._sources.get(slot)
        if source is not None and state.read.get(slot) is None:
            state.read[slot] = _load(source)
        return state.read.get(slot)

    def _raise_absent(self) -> NoReturn:
        source = self._sources["token"]
        if source.env is not None:
            message = f"{source} is not set, or empty; set it to the token"
        else:
            message = f"{source} is empty or cannot be read; write the token there, and nothing else"
        raise Denied(message, target=self._target)


def _load(source: TokenSource) -> Secret | None:
    """What stands at `source`, one line break at the end of a file aside; None where nothing does."""
    if source.env is not None:
        secret = Secret(os.environ.get(source.env, ""), str(source))
    else:
        try:
            with Path(source.file or "").open("rb") as file:
                secret = Secret(_without_line_break(file.read(_LONGEST + 3)), str(source))
        except (OSError, ValueError):
            return None
    return secret if secret.reveal() else None


def _without_line_break(content: bytes) -> str:
    # A character outside ASCII stays recognisable as that, and is refused before it is sent.
    return content.decode("ascii", "replace").removesuffix("\n").removesuffix("\r")
