from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from reconciler.errors import Denied
from reconciler.wire.pool import Pool
from reconciler.wire.tokens import Secret, Tokens, TokenSource

A, B = TokenSource(env="TOKEN_A"), TokenSource(env="TOKEN_B")


def set_tokens(monkeypatch: pytest.MonkeyPatch, **values: str | None) -> None:
    for name, value in values.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)


def test_a_token_comes_from_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    set_tokens(monkeypatch, TOKEN_A="abc")

    assert Tokens("slack", A).current().reveal() == "abc"


@pytest.mark.parametrize(
    ("content", "token"), [(b"abc", "abc"), (b"abc\n", "abc"), (b"abc\r\n", "abc"), (b"a/b+c=\n", "a/b+c=")]
)
def test_a_token_comes_from_a_file_without_its_line_break(tmp_path: Path, content: bytes, token: str) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)

    assert Tokens("slack", TokenSource(file=str(file))).current().reveal() == token


def test_a_file_that_others_may_read_is_read(tmp_path: Path) -> None:
    """Containers are handed their secrets like that."""
    file = tmp_path / "token"
    file.write_text("abc")
    file.chmod(0o644)

    assert Tokens("slack", TokenSource(file=str(file))).present()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"abc\n\n", "contains a line break"),
        (b"abc\ndef\n", "contains a line break"),
        (b"abc\rdef", "contains a line break"),
        (b"abc ", "contains a space"),
        (b"\tabc", "contains a space"),
        (b"Bearer abc", "contains a space"),
        ("äbc".encode(), "not plain ASCII"),
        (b"abc\x00", "not plain ASCII"),
        (b"abc\x7f", "not plain ASCII"),
        (b"\xff\xfe", "not plain ASCII"),
        (b"x" * 16_385, "longer than 16,384"),
        (b"x" * 1_000_000, "longer than 16,384"),
    ],
)
def test_what_can_be_no_token_is_refused_by_where_it_stands(
    tmp_path: Path, content: bytes, message: str
) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)

    with pytest.raises(Denied, match=rf"^slack: the token in the file .*token .*{message}.* is not sent"):
        Tokens("slack", TokenSource(file=str(file))).current()


def test_a_line_break_in_a_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    set_tokens(monkeypatch, TOKEN_A="abc\n")

    with pytest.raises(Denied, match="environment variable TOKEN_A contains a line break"):
        Tokens("slack", A).current()


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_token_the_error_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    set_tokens(monkeypatch, TOKEN_A=value)
    tokens = Tokens("slack", A)

    assert not tokens.present()
    with pytest.raises(Denied, match="the environment variable TOKEN_A is not set, or empty; set it"):
        tokens.current()


@pytest.mark.parametrize("name", ["missing", ".", "empty", "line", "a\0b"])
def test_a_file_without_a_token_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "line").write_text("\n")

    with pytest.raises(Denied, match=r"the file .* is empty or cannot be read; write the token there"):
        Tokens("slack", TokenSource(file=f"{tmp_path}/{name}")).current()


def test_a_token_that_comes_later_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    set_tokens(monkeypatch, TOKEN_A=None)
    tokens = Tokens("slack", A)
    assert not tokens.present()

    set_tokens(monkeypatch, TOKEN_A="abc")

    assert tokens.current().reveal() == "abc"


def test_the_next_token_is_taken_when_the_first_is_not_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    set_tokens(monkeypatch, TOKEN_A="a", TOKEN_B="b")
    tokens = Tokens("slack", A, B)
    first = tokens.current()

    assert tokens.rejected(first)
    assert (tokens.current().reveal(), tokens.in_use) == ("b", "token_next")
    assert not tokens.rejected(tokens.current())
    assert tokens.current().reveal() == "b"
    assert "neither the token in the environment variable TOKEN_A nor" in tokens.refused()


@pytest.mark.parametrize("value", [None, ""])
def test_where_the_next_token_is_not_there_yet_nothing_is_changed(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    set_tokens(monkeypatch, TOKEN_A="a", TOKEN_B=value)
    tokens = Tokens("slack", A, B)

    assert not tokens.rejected(tokens.current())
    assert (tokens.current().reveal(), tokens.in_use) == ("a", "token")
    assert tokens.refused().startswith("the token in the environment variable TOKEN_A is not accepted; ")


def test_where_only_the_next_token_is_there_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    set_tokens(monkeypatch, TOKEN_A=None, TOKEN_B="b")
    tokens = Tokens("slack", A, B)

    assert (tokens.current().reveal(), tokens.in_use) == ("b", "token_next")
    assert not tokens.rejected(tokens.current())


def test_a_next_token_that_can_be_none_is_refused_and_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    set_tokens(monkeypatch, TOKEN_A="a", TOKEN_B="b\nb")
    tokens = Tokens("slack", A, B)

    assert tokens.rejected(tokens.current())
    with pytest.raises(Denied, match="TOKEN_B contains a line break"):
        tokens.current()


def test_threads_that_are_all_told_no_change_the_token_once(monkeypatch: pytest.MonkeyPatch) -> None:
    set_tokens(monkeypatch, TOKEN_A="a", TOKEN_B="b")
    tokens = Tokens("slack", A, B)
    secrets = [tokens.current() for _ in range(50)]

    with Pool(16) as pool:
        again = [more for _, more in pool.map(tokens.rejected, secrets)]

    assert again == [True] * 50
    assert tokens.current().reveal() == "b"
    assert not tokens.rejected(tokens.current())


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret("abc", "the file x")

    assert f"{secret} {secret!r} {[secret]}" == "… … […]"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


@pytest.mark.parametrize("form", ["a/b+c", "a%2Fb%2Bc", "YS9iK2M="])
def test_a_secret_blots_itself_out(form: str) -> None:
    assert Secret("a/b+c", "the file x").scrub(f"bad: {form}!") == "bad: …!"


@pytest.mark.parametrize(("value", "there"), [("b", True), ("", False), (None, False)])
def test_whether_a_next_token_is_there_is_known_before_it_is_needed(
    monkeypatch: pytest.MonkeyPatch,
    value: str | None,
    there: bool,  # noqa: FBT001  # a table column
) -> None:
    set_tokens(monkeypatch, TOKEN_A="a", TOKEN_B=value)
    tokens = Tokens("slack", A, B)

    assert tokens.next_is_there() is there
    assert not Tokens("slack", A).next_is_there()
    assert tokens.in_use == "token"
