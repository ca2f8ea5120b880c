"""The chain of receipts of one target, and the marks of runs whose end is not known, as this clone has them.

`reconciler/receipts/<target>` names the newest receipt: a commit without any relation to the project's
history, whose parents are the receipts before it. It holds a file `receipt` and the files of a ledger. What
is damaged, or less than the tag of the last whole apply says, is never taken for a smaller ledger.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.errors import Problem, RecordError
from reconciler.files.git import FETCH, Repository, short
from reconciler.files.git_objects import (
    Files,
    Incomplete,
    in_each,
    known_here,
    local_refs,
    read_commit,
    signature_of,
    tree_at,
    write_commit,
)
from reconciler.loading.ledger_text import Seal, parse_ledger, render_ledger, seal
from reconciler.loading.ledger_union import united
from reconciler.loading.links import RECEIPT_FILE, check_follows, check_links
from reconciler.loading.marks import FILE as MARK_FILE
from reconciler.loading.marks import Mark, marks_below, parse_mark, render_mark
from reconciler.loading.receipt import (
    APPLIED,
    CHAIN,
    CLOSES,
    COMMIT,
    ENTRIES,
    FIRST,
    FOLLOWS,
    LEDGER,
    TREE,
    NewerFormat,
    has_chain,
    parse_receipt,
    receipt_lines,
    render_receipt,
    spent,
    tag_name,
)
from reconciler.model.ledger import Ledger
from reconciler.model.state import Receipt

TAGS = "refs/tags/"
BELOW = f"{TAGS}reconciler/"


class Unusable(RecordError):
    """A part of the memory that must not be passed over: no apply goes on without it."""


@dataclass(frozen=True, slots=True)
class Link:
    """One receipt of the chain: `commit` is its id, `closes` are the runs that it ends.

    `tree` is that of the commit that its apply ran with, "" where it does not say.
    """

    commit: str
    receipt: Receipt
    ledger: Ledger
    closes: tuple[str, ...] = ()
    tree: str = ""


@dataclass(frozen=True, slots=True)
class OpenMark:
    """A mark whose run has no receipt: `commit` is its id, `intents` what the run may have added."""

    ref: str
    commit: str
    mark: Mark
    intents: Ledger


@dataclass(frozen=True, slots=True)
class Chain:
    """What this clone has of a target's chain.

    `head` is the id of the newest receipt, None where there is none; `link` is that receipt, None where it
    cannot be used, and `fault` says why. `marks` are open.
    """

    head: str | None = None
    link: Link | None = None
    marks: tuple[OpenMark, ...] = ()
    fault: str | None = None

    @property
    def ledger(self) -> Ledger | None:
        """What git gave, or may have given, by all that is known; None where there is no usable receipt."""
        if self.link is None:
            return None
        return united(self.link.ledger, *(one.intents for one in self.marks))


NO_CHAIN = Chain()


def chain_name(target: str) -> str:
    """The name of the tag that names the newest receipt of a target."""
    return f"reconciler/receipts/{target}"


def read_chain(repository: Repository, target: str) -> Chain:
    """The chain of a target, and its open marks.

    Raises Unusable for a receipt or a mark of a later version and for a mark that is damaged, and Incomplete
    where this clone lacks objects.
    """
    refs = local_refs(repository.git, BELOW)
    head = refs.get(f"{TAGS}{chain_name(target)}")
    link, fault = None, None
    if head is not None:
        try:
            link = read_link(repository, head)
            if link.receipt.target == target:
                check_links(repository, head, target)
        except NewerFormat as error:
            raise Unusable(f"the tag {chain_name(target)}: {error}") from error
        except Incomplete:
            raise
        except RecordError as error:
            link, fault = None, f"the receipt {short(head)} at {chain_name(target)} is damaged: {error}"
    below = f"{TAGS}{marks_below(target)}"
    marks = [_mark(repository, ref, oid) for ref, oid in refs.items() if ref.startswith(below)]
    over = closed(repository, head, [one.mark.run for one in marks]) if link and head and marks else ()
    return Chain(head, link, tuple(one for one in marks if one.mark.run not in over), fault)


def read_link(repository: Repository, commit: str) -> Link:
    """One receipt of a chain. RecordError where it is not one, is damaged, or is not whole here.

    The receipts before it are not read: see `check_links`.
    """
    found = read_commit(repository.git, commit)
    check_signed(repository, commit)
    text = _text(found.files, RECEIPT_FILE)
    fields = receipt_lines(text)
    receipt = parse_receipt(text)
    ledger = _ledger(found, RECEIPT_FILE, fields.get(LEDGER, ""))
    check_follows(fields, found.parents)
    return Link(commit, receipt, ledger, tuple(fields.get(CLOSES, "").split()), fields.get(TREE, ""))


def check_signed(repository: Repository, commit: str) -> None:
    """Raise Unsigned where receipts must be signed and this one is not, or not by who may."""
    if repository.signing is not None and repository.signing.demanded:
        repository.signing.check(*signature_of(repository.git, commit))


def closed(repository: Repository, head: str, runs: Collection[str]) -> Collection[str]:
    """Those of the runs that some receipt from `head` backwards closes."""
    if not runs:
        return frozenset()
    texts = in_each(repository.git, [head], [], RECEIPT_FILE)
    begin = f"{CLOSES}: ".encode()
    found = {
        run
        for text in texts
        for line in text.splitlines()
        if line.startswith(begin)
        for run in line.removeprefix(begin).decode("utf-8", "replace").split()
    }
    return found & set(runs)


def write_link(
    repository: Repository,
    receipt: Receipt,
    ledger: Ledger,
    parents: Sequence[str],
    closes: Iterable[str],
    subject: str,
    at: datetime,
) -> str:
    """Write a receipt that follows `parents`, and return its id; no ref moves. RecordError where git fails.

    `subject` is what `git log` shows of it, `at` (aware) its time.
    """
    applied = receipt.applied or receipt.commit
    tree = tree_at(repository.git, applied) if applied else None
    files = link_files(receipt, ledger, closes, tree=tree or "", follows=parents)
    return write_commit(repository.git, files, parents, subject, at, repository.signing)


def link_files(
    receipt: Receipt,
    ledger: Ledger,
    closes: Iterable[str] = (),
    *,
    tree: str = "",
    follows: Sequence[str] | None = None,
) -> Mapping[str, bytes]:
    """The files of a receipt of the chain. `receipt.commit` is the last that was applied whole, if any.

    `tree` is that of the commit that was applied, `follows` are the receipts before it (None: not said).
    """
    texts = render_ledger(ledger)
    sealed = seal(texts)
    links = {
        FOLLOWS: "" if follows is None else " ".join(follows) or FIRST,
        CLOSES: " ".join(sorted(closes)),
        COMMIT: receipt.commit,
        APPLIED: receipt.applied or receipt.commit,
        TREE: tree,
        LEDGER: sealed.digest,
        ENTRIES: str(sealed.entries),
    }
    return _bytes({RECEIPT_FILE: render_receipt(receipt, links), **texts})


def mark_files(mark: Mark, intents: Ledger) -> Mapping[str, bytes]:
    """The files of a mark."""
    texts = render_ledger(intents)
    return _bytes({MARK_FILE: render_mark(mark, seal(texts)), **texts})


def contains(repository: Repository, head: str | None, commit: str) -> bool:
    """Whether the chain that ends with `head` has the receipt `commit`."""
    if head is None or not known_here(repository.git, commit):
        return False
    return head == commit or repository.is_ancestor(commit, head)


def newest(repository: Repository, heads: Iterable[str | None]) -> Sequence[str]:
    """Those of the receipts that none of the others comes after."""
    known = list(dict.fromkeys(head for head in heads if head is not None))
    return [one for one in known if not any(o != one and contains(repository, o, one) for o in known)]


def gap_of(repository: Repository, target: str, chain: Chain) -> Problem | None:
    """Why the receipts do not tell what git gave; None where they do, or where there was no apply yet."""
    name = chain_name(target)
    by_files = "until the next apply the files of commits answer instead, which know less"
    try:
        tag = repository.tag(tag_name(target))
        named = receipt_lines(tag.message).get(CHAIN) if tag is not None else None
    except RecordError:
        return None  # said where the tag itself is read
    if named is not None and chain.head is None:
        return Problem(
            f"the tag {name} is missing: {tag_name(target)} names the receipt {short(named)}; {by_files}",
            f"run `{FETCH}`",
        )
    if tag is not None and not has_chain(tag.message) and chain.head is None:
        return Problem(
            f"{target} was applied last by a version that kept no receipts by remote ids; {by_files}", None
        )
    return None


def with_later_findings(receipt: Receipt, chain: Chain) -> Receipt:
    """The receipt of the last whole apply, with what an apply that was not whole has learned since."""
    if chain.link is None or chain.link.receipt.at < receipt.at:
        return receipt
    newer = chain.link.receipt
    applied = newer.applied or newer.commit
    return replace(
        receipt,
        used=spent(receipt.used, newer.used),
        unkept=newer.unkept,
        applied="" if applied == receipt.commit else applied,
    )


def _mark(repository: Repository, ref: str, oid: str) -> OpenMark:
    name = ref.removeprefix(TAGS)
    try:
        found = read_commit(repository.git, oid)
        check_signed(repository, oid)
        mark, digest = parse_mark(_text(found.files, MARK_FILE))
        if not ref.endswith(f"/{mark.target}/{mark.run}"):
            raise RecordError(f"it is of the run {mark.run} on {mark.target}")
        return OpenMark(ref, oid, mark, _ledger(found, MARK_FILE, digest))
    except Incomplete:
        raise
    except RecordError as error:
        raise Unusable(
            f"the tag {name}, which marks a run that began, cannot be used, so what that run gave is not "
            f"known: {error}"
        ) from error


def _ledger(found: Files, but: str, digest: str) -> Ledger:
    texts = {path: _text(found.files, path) for path in found.files if path != but}
    sealed: Seal = seal(texts)
    if sealed.digest != digest:
        raise RecordError(f"its files are not those that were written; the seal is {digest or 'missing'}")
    return parse_ledger(texts)


def _text(files: Mapping[str, bytes], path: str) -> str:
    if path not in files:
        raise RecordError(f"it has no file {path}")
    try:
        return files[path].decode("utf-8")
    except UnicodeDecodeError:
        raise RecordError(f"its file {path} is not text in UTF-8") from None


def _bytes(texts: Mapping[str, str]) -> Mapping[str, bytes]:
    return {path: text.encode("utf-8") for path, text in texts.items()}
