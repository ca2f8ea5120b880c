"""Whether every file by which access is judged has owners, and no later line takes them away."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.doctor.check import Check, Unseen, not_checked, ok, problem, warning
from reconciler.doctor.github.codeowners import LARGEST, Line, decider, read, shadowed
from reconciler.doctor.github.facts import GitHubFacts, Owners

_NAME, _NEW = "code-owners", "code-owners-new-files"
# Files beside the identities that decide what is applied, and how.
_BESIDE = (".github/", "schemas/")
_ALONE = ("CODEOWNERS", "docs/CODEOWNERS", ".gitmodules", ".gitattributes")


def code_owners(facts: GitHubFacts) -> Iterator[Check]:
    """Whether each file below the identities, .github and the like is owned."""
    owners = facts.owners
    if isinstance(owners, Unseen):
        yield not_checked(_NAME, owners)
        return
    if not owners.path:
        fix = "write .github/CODEOWNERS: `* @ORGANIZATION/TEAM` is a beginning"
        yield problem(
            _NAME, "the repository has no CODEOWNERS, so that nobody in particular must approve", fix
        )
        return
    if len(owners.text.encode("utf-8", "replace")) > LARGEST:
        yield problem(_NAME, f"{owners.path} is larger than 3 MB: GitHub does not load it", "shorten it")
        return
    lines, _ = read(owners.text)
    yield from _syntax(owners)
    yield _new_files(facts, owners)
    if isinstance(facts.files, Unseen):
        yield not_checked(_NAME, f"which files there are: {facts.files.why}")
        return
    sensitive = tuple(path for path in facts.files if is_sensitive(path, facts.identities))
    yield _coverage(lines, owners.path, sensitive)
    yield _order(lines, owners.path, facts.files, frozenset(sensitive))


def _syntax(owners: Owners) -> Iterator[Check]:
    said = [f"{owners.path}:{one.number}: {one.says}" for one in read(owners.text)[1]]
    if isinstance(owners.errors, Unseen):
        yield not_checked("code-owners-known", f"whether the owners exist: {owners.errors.why}")
    else:
        said += owners.errors
    if said:
        fix = "correct the lines; GitHub skips them, and the owners of an earlier line decide, or nobody"
        yield problem("code-owners-syntax", f"{owners.path} has lines that are not valid", fix, said)
    else:
        yield ok("code-owners-syntax", f"every line of {owners.path} is valid")


def _coverage(lines: list[Line], file: str, sensitive: tuple[str, ...]) -> Check:
    bare = []
    for path in sensitive:
        by = decider(lines, path)
        if by is None:
            bare.append(f"{path}: no line fits")
        elif not by.owners:
            bare.append(f"{path}: {file}:{by.number} `{by.pattern}` takes its owners away")
    if bare:
        fix = f"add a line with owners for them at the end of {file}"
        return problem(_NAME, f"{len(bare)} files that decide about access have no owners", fix, bare)
    return ok(_NAME, f"all {len(sensitive)} files that decide about access have owners, by {file}")


def _order(lines: list[Line], file: str, files: tuple[str, ...], sensitive: frozenset[str]) -> Check:
    """Whether later lines make earlier ones void; about access, that is a problem."""
    name = "code-owners-order"
    hidden = list(shadowed(lines, files))
    if not hidden:
        return ok(name, "no line is made void by a later one")
    said = [
        f"{file}:{one.number} `{one.pattern}` decides about nothing: "
        f"line {later.number} `{later.pattern}` comes later and fits all of its files ({len(paths)})"
        for one, later, paths in hidden
    ]
    fix = "put the more general line before it: the last line that fits counts"
    grave = any(sensitive & set(paths) for _, _, paths in hidden)
    return (problem if grave else warning)(name, f"{len(hidden)} lines decide about nothing", fix, said)


def _new_files(facts: GitHubFacts, owners: Owners) -> Check:
    """Whether files that a pull request may add would be owned."""
    lines, _ = read(owners.text)
    added, below = "new-file.yaml", f"{facts.identities}/" if facts.identities else ""
    probes = [f"{below}{added}", f"{below}new-folder/{added}", f".github/workflows/{added}"]
    bare = [path for path in probes if (by := decider(lines, path)) is None or not by.owners]
    if bare:
        fix = f"add lines for whole folders: `/{below} OWNERS` and `/.github/ OWNERS`"
        return problem(_NEW, "files that a pull request adds would have no owners", fix, bare)
    return ok(_NEW, "files that a pull request adds there would have owners")


def is_sensitive(path: str, identities: str) -> bool:
    """Whether a file decides about access, or about how it is applied."""
    below = f"{identities}/" if identities else ""
    return path.startswith((below, *_BESIDE)) or path in _ALONE
