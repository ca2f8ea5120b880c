"""The memory of a sandbox: a JSON file beside its data, so that it works uncommitted and outside git.

    {"version": 2,
     "texts": {"<sha256>": "users: …"},
     "trees": {"<sha256>": {"users.yaml": "<sha256 of a text>"}},
     "targets": {"aws": {"identity": {…}, "receipt": "reconciler receipt 1 …", "whole": "<tree>",
                         "partial": ["<tree>", …], "used": ["sha256:…"],
                         "ledger": {"files": {"users/all": "…"}, "seal": "sha256:…"},
                         "marks": {"<run>": {"files": {…}, "seal": "sha256:…"}}}}}

`whole` are the files of the last whole apply, `partial` those of every apply since that may have stopped
short, newest first. Equal texts and equal trees are kept once, and only as long as something names them.
An apply saves the partial state *before* the first write, so that a killed apply is remembered. `ledger` is
what git gave by remote ids, null where no version that keeps it has ended an apply, and `marks` what runs may
have added of which nobody saw the end. Version 1 had neither, and is read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reconciler.errors import InputError, RecordError
from reconciler.files.git import short
from reconciler.files.private import write_private
from reconciler.files.tree import MemoryTree, Tree
from reconciler.loading.ledger_text import parse_ledger, render_ledger, seal
from reconciler.loading.ledger_union import merged, united
from reconciler.loading.memory import AppliedHistory, Lack
from reconciler.loading.recalling import Declarations, Read, Reader, State, recall
from reconciler.loading.receipt import parse_receipt, removed_in, removed_text, render_receipt, spent
from reconciler.model.ledger import Ledger
from reconciler.model.state import Receipt, Remembered


class Sealed(BaseModel):
    """A ledger as its files, with what tells whether they are as they were written."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    files: dict[str, str]
    seal: str

    @classmethod
    def of(cls, ledger: Ledger) -> Sealed:
        """The ledger as it is kept."""
        files = dict(render_ledger(ledger))
        return cls(files=files, seal=seal(files).digest)

    def ledger(self) -> Ledger:
        """The ledger that was kept. RecordError where the files are not those that were written."""
        if seal(self.files).digest != self.seal:
            raise RecordError("a ledger is not as it was written")
        return parse_ledger(self.files)


class Kept(BaseModel):
    """What is kept of one target. `identity` is the instance's; another instance starts anew."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    identity: dict[str, str]
    receipt: str | None = None
    whole: str | None = None
    partial: list[str] = Field(default_factory=list)
    # The approved digests that were spent, oldest first.
    used: list[str] = Field(default_factory=list)
    # What runs without a review took away in the 24 hours before the last apply.
    removed: str = ""
    # The policy of denials that the last apply used.
    deny_policy: str = ""
    ledger: Sealed | None = None
    marks: dict[str, Sealed] = Field(default_factory=dict)

    def given(self) -> Ledger | None:
        """What git gave or may have given by remote ids; None where that is not known."""
        if self.ledger is None:
            return None
        return united(self.ledger.ledger(), *(self.marks[run].ledger() for run in sorted(self.marks)))


class Record(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    version: Literal[1, 2] = 2
    texts: dict[str, str] = Field(default_factory=dict)
    trees: dict[str, dict[str, str]] = Field(default_factory=dict)
    targets: dict[str, Kept] = Field(default_factory=dict)

    def kept(self, target: str, identity: Mapping[str, str]) -> Kept:
        """What is kept of this very instance; nothing where there is nothing."""
        found = self.targets.get(target)
        return found if found is not None and found.identity == identity else Kept(identity=dict(identity))


def read_record(path: Path) -> Record:
    """The record at `path`; an empty one where there is no file. RecordError when it is damaged."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Record()
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}") from error
    try:
        record = Record.model_validate_json(content)
        for kept in record.targets.values():
            for tree in _named(kept):
                _files(record, tree)
            if kept.receipt is not None:
                parse_receipt(kept.receipt)
            removed_in(kept.removed)
            kept.given()
    except (ValidationError, KeyError, RecordError) as error:
        raise RecordError(
            f"{path} is damaged, or was written by another version; "
            "delete it: the next apply on the sandbox writes it anew"
        ) from error
    return record


def save_partial(
    path: Path,
    target: str,
    identity: Mapping[str, str],
    tree: Tree,
    used: Iterable[str] = (),
    *,
    run: str = "",
    intents: Ledger | None = None,
) -> None:
    """Remember that `tree` is about to be applied to `target`, and that this spends the digests `used`.

    `intents` is what the `run` may add; None where planning does not tell. Raises RecordError when it cannot.
    """
    record = read_record(path)
    before = record.kept(target, identity)
    key, texts = _digest(tree)
    update: dict[str, object] = {
        "partial": [key, *(other for other in before.partial if other != key)],
        "used": list(spent(before.used, used)),
    }
    if intents is not None:
        update["marks"] = {**before.marks, run: Sealed.of(intents)}
        if before.whole is None and not before.partial:
            # Nothing was applied yet, so that nothing else is git's.
            update["ledger"] = Sealed.of(Ledger())
    _write(path, _with(record, target, before.model_copy(update=update), key, texts))


def save_whole(path: Path, tree: Tree, receipt: Receipt) -> None:
    """Remember that `tree` was applied whole, and nothing before it. Raises RecordError when it cannot."""
    save_end(path, tree, receipt, whole=True)


def save_end(
    path: Path,
    tree: Tree,
    receipt: Receipt,
    *,
    whole: bool,
    ledger: Ledger | None = None,
    judged: Ledger | None = None,
    run: str = "",
) -> None:
    """Remember how an apply of `tree` ended: `ledger` is what git gave by now, None where that is not known.

    `judged` is what the plan was judged by; what other runs noted since is kept, where that is told. One that
    was `whole` ends what was applied in part before. The mark of `run` is closed, and no other. Raises
    RecordError when it cannot.
    """
    key, texts = _digest(tree)
    record = read_record(path)
    before = record.kept(receipt.target, receipt.identity)
    update: dict[str, object] = {
        "marks": {one: kept for one, kept in before.marks.items() if one != run},
        "removed": removed_text(receipt.removed),
        "deny_policy": receipt.deny_policy,
    }
    if ledger is not None:
        update["ledger"] = Sealed.of(_over_others(before, ledger, judged, run))
    if whole:
        update |= {"receipt": render_receipt(receipt), "whole": key, "partial": []}
    _write(path, _with(record, receipt.target, before.model_copy(update=update), key, texts))


def fold_record_mark(path: Path, target: str, run: str) -> None:
    """Close the mark of a run that will not end any more: what it may have given is remembered from now on.

    Raises RecordError where there is no such mark, and where the record cannot be written.
    """
    record = read_record(path)
    before = record.targets.get(target)
    if before is None or run not in before.marks:
        raise RecordError(f"{target} has no open mark of the run {run}; nothing was changed")
    ledger = united(before.ledger.ledger() if before.ledger else Ledger(), before.marks[run].ledger())
    left = {one: kept for one, kept in before.marks.items() if one != run}
    update: dict[str, object] = {"marks": left}
    if before.ledger is not None:
        update["ledger"] = Sealed.of(ledger)
    _write(
        path,
        record.model_copy(update={"targets": {**record.targets, target: before.model_copy(update=update)}}),
    )


def _over_others(before: Kept, ours: Ledger, judged: Ledger | None, run: str) -> Ledger:
    """`ours`, laid over what other runs noted since `judged`, where any did."""
    if before.ledger is None or judged is None:
        return ours
    mark, theirs = before.marks.get(run), before.ledger.ledger()
    others = {one: kept for one, kept in before.marks.items() if one != run}
    if judged in (theirs, before.model_copy(update={"marks": others}).given()):
        return ours
    return merged(theirs, ours, judged, mark.ledger() if mark is not None else Ledger())


def remember_record(
    record: Record,
    targets: Iterable[str],
    read: Read,
    *,
    tree: Tree,
    identity: Mapping[str, Mapping[str, str]],
    planned: Declarations | None = None,
) -> Mapping[str, AppliedHistory]:
    """What a sandbox remembers of each target, by name.

    `tree` is the state under plan, `planned` what it declares, `identity` names the instances. Where
    nothing was applied whole yet, that is said as MISSING, but without a problem: it stops no apply.
    """
    now, _ = _digest(tree)
    reader = Reader(read, (now, planned) if planned is not None else None)
    memories = {}
    for target in targets:
        found = _remembered(record, target, identity.get(target, {}), tree.label, now, reader)
        memories[target] = AppliedHistory(found, None if found.receipt else Lack.MISSING)
    return memories


def _remembered(
    record: Record, target: str, identity: Mapping[str, str], label: str, now: str, reader: Reader
) -> Remembered:
    kept = record.kept(target, identity)

    def state(key: str) -> State:
        return State(short(key), key, MemoryTree(f"{label} at {short(key)}", _files(record, key)))

    receipt = parse_receipt(kept.receipt) if kept.receipt is not None else None
    base = state(kept.whole) if kept.whole is not None else None
    # As from git: with what a first apply began counts, also where that is the state under plan.
    since = [state(key) for key in kept.partial if base is None or key != now]
    found = recall(target, receipt, base, since, reader, kept.given())
    return replace(
        found,
        removed=removed_in(kept.removed),
        checked=receipt.checked if receipt else None,
        deny_policy=kept.deny_policy,
    )


def _digest(tree: Tree) -> tuple[str, Mapping[str, str]]:
    """The key of a tree, and its texts by path. What is not text, or too large, was never loaded."""
    texts: dict[str, str] = {}
    for path in tree.paths():
        try:
            texts[path] = tree.read(path).decode("utf-8")
        except (InputError, UnicodeDecodeError):
            continue
    listed = {path: _sha(text) for path, text in texts.items()}
    return _sha(json.dumps(listed, sort_keys=True)), texts


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _named(kept: Kept) -> list[str]:
    return [*([kept.whole] if kept.whole is not None else []), *kept.partial]


def _files(record: Record, tree: str) -> Mapping[str, bytes]:
    return {path: record.texts[text].encode("utf-8") for path, text in record.trees[tree].items()}


def _with(record: Record, target: str, kept: Kept, key: str, texts: Mapping[str, str]) -> Record:
    """The record with what is kept of one target replaced, and without what nobody names any more."""
    targets = {**record.targets, target: kept}
    listed = {path: _sha(text) for path, text in texts.items()}
    named = {tree for one in targets.values() for tree in _named(one)}
    trees = {tree: files for tree, files in {**record.trees, key: listed}.items() if tree in named}
    used = {text for files in trees.values() for text in files.values()}
    contents = {**record.texts, **{listed[path]: text for path, text in texts.items()}}
    return Record(
        texts={sha: text for sha, text in contents.items() if sha in used}, trees=trees, targets=targets
    )


def _write(path: Path, record: Record) -> None:
    """Replace the file in one step, readable by its owner alone: it holds names of people."""
    text = json.dumps(record.model_dump(), ensure_ascii=False, sort_keys=True, indent=1) + "\n"
    try:
        write_private(path, text)
    except OSError as error:
        raise RecordError(f"{path} cannot be written: {error.strerror}") from error
