"""Receipts that somebody edited, moved, copied or put back: refused with exit 1, and never "No changes"."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from reconciler.loading.ledger_text import seal
from tests.cli.clones import another, push
from tests.cli.conftest import Done
from tests.cli.stage import Ended, Real

CHAIN, APPLIED = "refs/tags/reconciler/receipts/aws", "refs/tags/reconciler/applied/aws"
SEEN = "refs/reconciler/seen/aws"
NEVER = "1" * 40
LESS = {"groups.yaml": "groups:\n  ops: {members: [ada]}\n  dev: {members: [cyd]}\n"}


@pytest.fixture
def twice(cloned_once: Done) -> Real:
    """A clone that was applied and pushed twice: the second apply took bob out of ops."""

    def apply_twice(stage: Real) -> None:
        stage.converge("--first-apply")
        stage.work.git("tag", "before-applied", APPLIED)
        stage.work.git("update-ref", "refs/kept/chain", CHAIN)
        stage.commit(dict(LESS))
        push(stage)
        stage.converge()

    return cloned_once("twice", apply_twice)


def refused(stage: Real, *words: str) -> Ended:
    """Plan and apply end with 1, say why and what to do, and nothing was written."""
    stage.forget()
    planned = stage.plan("--detailed-exitcode")
    assert planned.code == 1, planned.output
    assert "No changes" not in planned.out
    for word in words:
        assert word in planned.output
    did = stage.run("reconcile")
    assert did.code == 1, did.output
    assert stage.written() == []
    return planned


def oid(stage: Real, name: str) -> str:
    return stage.work.git("rev-parse", name)


def put(stage: Real, name: str, value: str) -> None:
    stage.work.git("update-ref", name, value)


def unseen(stage: Real) -> None:
    """As a clone that never read a receipt: CI's."""
    stage.work.git("update-ref", "-d", SEEN)


def rewritten(stage: Real, edit: Callable[[str], str], file: str = "receipt") -> str:
    """A copy of the newest receipt with another text in a file, on the same predecessor."""
    git, head = stage.work.git, oid(stage, CHAIN)
    before = git("cat-file", "blob", f"{head}:{file}") + "\n"
    return with_blob(stage, file, git("hash-object", "-w", "--stdin", stdin=edit(before).encode()))


def with_blob(stage: Real, file: str, blob: str, mode: str = "100644") -> str:
    return replaced(stage, oid(stage, CHAIN), f"{mode},{blob},{file}")


def replaced(stage: Real, receipt: str, entry: str) -> str:
    """A commit of the files of a receipt with one entry anew, on the predecessor of the newest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_INDEX_FILE", str(stage.root / ".git" / "by-hand"))
        stage.work.git("read-tree", receipt)
        stage.work.git("update-index", "--add", "--cacheinfo", entry)
        tree = stage.work.git("write-tree")
    return stage.work.git("commit-tree", tree, "-p", oid(stage, f"{CHAIN}^"), "-m", "by hand")


def test_a_receipt_names_its_commit_tree_target_digest_and_predecessor(twice: Real) -> None:
    lines = twice.work.git("cat-file", "blob", f"{CHAIN}:receipt").splitlines()
    tag = twice.work.git("for-each-ref", "--format=%(contents)", APPLIED).splitlines()
    head, tree = oid(twice, "HEAD"), oid(twice, "HEAD^{tree}")

    assert {f"commit: {head}", f"tree: {tree}", "target: aws", f"follows: {oid(twice, CHAIN + '^')}"} <= {
        *lines
    }
    assert {f"commit: {head}", f"tree: {tree}", "target: aws", f"receipt: {oid(twice, CHAIN)}"} <= {*tag}
    (digest,) = [line for line in lines if line.startswith("digest: ")]
    assert digest in tag
    assert oid(twice, SEEN) == oid(twice, CHAIN)


def test_a_chain_that_was_put_back_by_force_is_refused_in_a_clone_that_has_seen_more(twice: Real) -> None:
    newest = oid(twice, CHAIN)
    twice.work.git("push", "-q", "--force", "origin", f"refs/kept/chain:{CHAIN}", f"before-applied:{APPLIED}")
    twice.work.git("fetch", "-q", "origin", "--tags", "--force")

    refused(twice, "somebody put the memory back", "which is older", f"git update-ref -d {SEEN}")
    refused(twice, f"git update-ref {CHAIN} {newest}")

    put(twice, CHAIN, newest)
    twice.work.git("push", "-q", "--force", "origin", CHAIN)
    put(twice, APPLIED, oid(twice, "before-applied"))
    assert "do not fit" in refused(twice).output


def test_a_memory_that_was_put_back_on_purpose_is_accepted_by_the_command_that_is_named(twice: Real) -> None:
    put(twice, CHAIN, oid(twice, "refs/kept/chain"))
    put(twice, APPLIED, oid(twice, "before-applied"))
    refused(twice, f"git update-ref -d {SEEN}")

    unseen(twice)

    assert twice.plan("--detailed-exitcode").code == 0, "all of it was applied"


def test_a_chain_that_was_deleted_is_refused_in_a_clone_that_has_seen_it(twice: Real) -> None:
    twice.work.git("update-ref", "-d", CHAIN)
    twice.work.git("update-ref", "-d", APPLIED)

    refused(twice, "is gone", f"git update-ref {CHAIN}")


def test_a_tag_that_was_put_back_alone_is_refused_in_any_clone(
    twice: Real, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    twice.work.git("push", "-q", "--force", "origin", f"before-applied:{APPLIED}")

    refused(another(twice, monkeypatch, capsys), "do not fit", "which does not contain it")


def test_a_chain_that_was_put_back_alone_is_refused_in_any_clone(
    twice: Real, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    twice.work.git("push", "-q", "--force", "origin", f"refs/kept/chain:{CHAIN}")

    refused(another(twice, monkeypatch, capsys), "do not fit", "older than that, or unrelated")


def retagged(stage: Real, edit: Callable[[str], str]) -> None:
    """The tag of the last whole apply, made anew by hand."""
    text = stage.work.git("cat-file", "tag", APPLIED) + "\n"
    put(stage, APPLIED, stage.work.git("mktag", stdin=edit(text).encode()))


def test_a_tag_that_was_edited_is_refused(twice: Real) -> None:
    head, before, tree = (oid(twice, name) for name in ("HEAD", "HEAD~1", "HEAD^{tree}"))
    whole = oid(twice, APPLIED)
    for old, new, message in (
        (f"object {head}", f"object {before}", "its receipt is that of"),
        (f"tree: {tree}", f"tree: {NEVER}", "has the tree"),
        ("digest: sha256:", "digest: sha256:0", "is not sha256:"),
        ("target: aws", "target: chat", "of the target chat"),
    ):
        retagged(twice, lambda text, old=old, new=new: text.replace(old, new))  # type: ignore[misc]  # bound here
        assert message in refused(twice).output, message
        put(twice, APPLIED, whole)


def line(name: str, value: str) -> Callable[[str], str]:
    """An edit of one line of a receipt."""

    def edit(text: str) -> str:
        lines = text.splitlines()
        assert any(one.startswith(f"{name}: ") for one in lines)
        return "\n".join(f"{name}: {value}" if one.startswith(f"{name}: ") else one for one in lines) + "\n"

    return edit


def orphan(stage: Real) -> str:
    return stage.work.git("commit-tree", f"{CHAIN}^{{tree}}", "-m", "by hand")


def graft(stage: Real) -> str:
    return stage.work.git("commit-tree", f"{CHAIN}^{{tree}}", "-p", "HEAD", "-m", "by hand")


def octopus(stage: Real) -> str:
    tips = (CHAIN, "HEAD", "HEAD~1")
    parents = [word for tip in tips for word in ("-p", oid(stage, tip))]
    return stage.work.git("commit-tree", f"{CHAIN}^{{tree}}", *parents, "-m", "by hand")


def grafted_deeper(stage: Real) -> str:
    """A receipt that fits its predecessor, which is a commit of the project."""
    under = stage.work.git("rev-parse", "HEAD")
    tree = rewritten(stage, line("follows", under))
    return stage.work.git("commit-tree", f"{tree}^{{tree}}", "-p", under, "-m", "by hand")


def empty(stage: Real) -> str:
    return stage.work.git("commit-tree", stage.work.git("mktree"), "-m", "by hand")


def blob(stage: Real) -> str:
    return stage.work.git("hash-object", "-w", "--stdin", stdin=b"x")


def tree(stage: Real) -> str:
    return oid(stage, f"{CHAIN}^{{tree}}")


def tagged(stage: Real) -> str:
    stage.work.git("tag", "-a", "-m", "x", "around", oid(stage, CHAIN))
    return oid(stage, "refs/tags/around")


def tag_of_a_tag(stage: Real) -> str:
    tagged(stage)
    stage.work.git("tag", "-a", "-m", "x", "around-it", "around")
    return oid(stage, "refs/tags/around-it")


def symlink(stage: Real) -> str:
    return with_blob(stage, "users/all", blob(stage), "120000")


def submodule(stage: Real) -> str:
    return with_blob(stage, "users/all", oid(stage, "HEAD"), "160000")


def strange_name(stage: Real) -> str:
    return with_blob(stage, "users/a\u202eb", blob(stage))


def no_text(stage: Real) -> str:
    return with_blob(stage, "receipt", stage.work.git("hash-object", "-w", "--stdin", stdin=b"\xff\xfe"))


def resealed(edit: Callable[[str], str], file: str = "users/all") -> Callable[[Real], str]:
    """A shard edited by hand, and the seal made anew, so that only what it says can be wrong."""

    def make(stage: Real) -> str:

        git = stage.work.git
        shard = rewritten(stage, edit, file)
        names = git("ls-tree", "-r", "--name-only", shard).splitlines()
        texts = {name: git("cat-file", "blob", f"{shard}:{name}") + "\n" for name in names}
        receipt = texts.pop("receipt")
        sealed = seal(texts)
        receipt = re.sub("ledger: .*", f"ledger: {sealed.digest}", receipt)
        blob = git("hash-object", "-w", "--stdin", stdin=receipt.encode())
        return replaced(stage, shard, f"100644,{blob},receipt")

    return make


MADE: list[tuple[str, Callable[[Real], str], str]] = [
    ("without its predecessor", orphan, "its chain is broken"),
    ("on a commit of the project", graft, "its chain is broken"),
    ("on three commits", octopus, "its chain is broken"),
    ("on one that is not a receipt", grafted_deeper, "is not a receipt"),
    ("an empty tree", empty, "it has no file receipt"),
    ("a blob", blob, "is not a commit"),
    ("a tree", tree, "is not a commit"),
    ("a tag around it", tagged, "is not a commit"),
    ("a tag around a tag", tag_of_a_tag, "is not a commit"),
    ("a shard that is a link", symlink, "is not a plain file"),
    ("a shard that is a submodule", submodule, "is not a plain file"),
    ("a file with a strange name", strange_name, "is not a name of a file"),
    ("no text", no_text, "is not text in UTF-8"),
    ("another tree", lambda stage: rewritten(stage, line("tree", NEVER)), "has the tree"),
    ("another target", lambda stage: rewritten(stage, line("target", "chat")), "of the target chat"),
    ("another predecessor", lambda stage: rewritten(stage, line("follows", NEVER)), "its chain is broken"),
    ("another digest", lambda stage: rewritten(stage, line("digest", "sha256:0")), "older than that, or"),
    ("another time", lambda stage: rewritten(stage, line("at", "9999-12-31T23:59:59-14:00")), "its time"),
    (
        "a later format",
        lambda stage: rewritten(stage, lambda t: t.replace("receipt 2", "receipt 9")),
        "format",
    ),
    (
        "a shard less a line",
        lambda stage: rewritten(stage, lambda t: t.split("\n", 1)[1], "users/all"),
        "seal",
    ),
    ("a line twice", resealed(lambda t: t + t), "lines are sorted"),
    (
        "lines that are not sorted",
        resealed(lambda t: "\n".join([*reversed(t.splitlines()), ""])),
        "lines are sorted",
    ),
    ("bytes behind a percent sign", resealed(lambda t: t.replace("key=", "key=%FF", 1)), "UTF-8"),
]


@pytest.mark.parametrize("part", range(3))
def test_a_receipt_that_was_made_by_hand_is_refused(twice: Real, part: int) -> None:
    head = oid(twice, CHAIN)
    for name, make, message in MADE[part::3]:
        made = make(twice)
        unseen(twice)
        put(twice, CHAIN, made)
        assert message in refused(twice).output, name
        put(twice, CHAIN, head)
    assert twice.plan("--detailed-exitcode").code == 0


def test_a_predecessor_that_is_missing_is_refused_with_what_to_fetch(twice: Real) -> None:
    before = oid(twice, f"{CHAIN}^")
    for name in ("refs/kept/chain",):
        twice.work.git("update-ref", "-d", name)
    (twice.root / ".git" / "objects" / before[:2] / before[2:]).unlink()

    refused(twice, "git fetch --refetch --no-filter origin")


def test_a_receipt_that_only_this_clone_had_may_be_replaced_by_a_fetch(
    twice: Real, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    twice.commit({"groups.yaml": "groups:\n  dev: {members: [cyd]}\n"})
    push(twice)
    twice.plan()
    assert twice.run("apply", twice.file, "--unpublished").code == 0
    assert twice.plan("--detailed-exitcode").code == 0
    twice.work.git("fetch", "-q", "origin", "--tags", "--force")

    assert twice.plan("--detailed-exitcode").code == 0


def test_another_clone_that_is_behind_is_only_told_to_fetch(
    twice: Real, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    second = another(twice, monkeypatch, capsys)
    assert second.plan("--detailed-exitcode").code == 0
    twice.commit({"groups.yaml": "groups:\n  dev: {members: [cyd]}\n"})
    push(twice)
    twice.converge()
    second.work.git("fetch", "-q", "origin", "--tags", "--force")
    second.work.git("merge", "-q", "--ff-only", "origin/main")

    assert second.plan("--detailed-exitcode").code == 0


def test_the_receipt_of_another_target_under_the_name_of_this_one_is_refused_by_unlock_too(
    twice: Real,
) -> None:
    made = rewritten(twice, line("target", "chat"))
    unseen(twice)
    put(twice, CHAIN, made)

    ended = twice.run("unlock", "--yes")

    assert ended.code == 1, ended.output
    assert "of the target chat" in ended.output


def test_refs_of_the_remote_that_were_made_by_hand_during_an_apply_are_not_built_on(twice: Real) -> None:
    """The remote has a receipt on a commit of the project: nothing is written, nor after a fetch."""
    twice.commit({"groups.yaml": "groups:\n  dev: {members: [cyd]}\n"})
    push(twice)
    assert twice.plan().code == 0
    made = graft(twice)
    twice.work.git("push", "-q", "--force", "origin", f"{made}:{CHAIN}")
    twice.forget()

    ended = twice.run("apply", twice.file)

    assert ended.code == 1, ended.output
    assert twice.written() == []
    twice.work.git("fetch", "-q", "origin", "--tags", "--force")
    refused(twice, "its chain is broken")
