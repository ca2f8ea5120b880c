"""`reconciler adopt`: a live organization as YAML with an empty plan."""

from __future__ import annotations

import json
import os
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import Options, answer, common_options
from reconciler.cli.observing import beside, observing
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.adopting.moving.terraform import Moved
    from reconciler.adopting.outcome import Left
    from reconciler.session.adopted import Adopted

_SHOWN = 20
_SET = "permission set"


@click.command("adopt", short_help="write what is live as YAML, with an empty plan")
@click.option(
    "--users",
    type=click.Choice(["all", "referenced", "none"]),
    default="all",
    show_default=True,
    help="Which users are declared: all, those in groups of git and with grants of their own, or none.",
)
@click.option(
    "--by-name",
    is_flag=True,
    help="Name every account: no unit, tag or `all`, which find accounts that join later, too.",
)
@click.option(
    "--region", metavar="REGION", help="Where IAM Identity Center is enabled, for a new reconciler.yaml."
)
@click.option(
    "--from-terraform",
    "terraform",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Keep the names and structure of a state, as `terraform show -json` prints it.",
)
@click.option(
    "--from-pipeline",
    "pipeline",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Those of the assignments of the aws-samples single-stage pipeline.",
)
@click.option(
    "--from-sso-util",
    "sso_util",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Compare with a CSV of `aws-sso-util admin assignments`.",
)
@click.option("--profile", metavar="NAME", help="The profile of AWS to read with.")
@common_options(formats=("text", "json"))
def command(
    options: Options,
    users: str,
    region: str | None,
    profile: str | None,
    terraform: Path | None,
    pipeline: Path | None,
    sso_util: Path | None,
    *,
    by_name: bool,
) -> int:
    """Read what is live, and write YAML that declares it, with reconciler.yaml if it is missing.

    Before anything is written, the files are loaded and planned against what was read: unless that plan is
    empty, no file is written. Where files declare something already, what git does not know is added to them,
    and nothing else in them changes. Nothing is written to any service.
    """
    from reconciler.adopting.outcome import Users
    from reconciler.session.adopted import Wishes
    from reconciler.session.adopting import adopt

    if sum(one is not None for one in (terraform, pipeline, sso_util)) > 1:
        raise UsageError("names come from one tool: leave all but one of the --from options out")
    wishes = Wishes(Users(users), region, by_name, terraform, pipeline, sso_util)
    with _as(profile), observing() as observer:
        adopted = adopt(beside(observer, options), wishes, observer)
    answer(_json(adopted) if options.format == "json" else _text(adopted, options))
    return 0


@contextmanager
def _as(profile: str | None) -> Iterator[None]:
    """With a profile in the environment, where the SDK of AWS looks for one."""
    before = os.environ.get("AWS_PROFILE")
    if profile is not None:
        os.environ["AWS_PROFILE"] = profile
    try:
        yield
    finally:
        if profile is not None:
            os.environ.pop("AWS_PROFILE")
            if before is not None:
                os.environ["AWS_PROFILE"] = before


def _text(adopted: Adopted, options: Options) -> str:
    from reconciler.render import escape

    folder, verbose = options.identities.as_posix(), options.verbose
    inventory = adopted.inventory
    lines = _counted(adopted)
    if adopted.ignoring.written:
        lines += ["", "Written to .gitignore: what the reconciler writes here and must not be committed."]
    if adopted.lines:
        lines += ["", f"Written to {escape.sentence(folder)}:"]
        lines += [f"  {path}  {_many(count, 'line')}" for path, count in _files(adopted, verbose=verbose)]
    if inventory.ignored:
        lines += ["", "Ignored, with everything that is assigned of them:"]
        lines += [f"  {escape.sentence(one.name)}: {one.why}" for one in inventory.ignored]
    lines += _left(inventory.left, verbose=verbose)
    if adopted.ignore:
        lines += ["", "Add this to reconciler.yaml, which was there already:", adopted.ignore]
    if adopted.others:
        lines += ["", f"Plan {', '.join(adopted.others)} as well: these files feed every target."]
    if adopted.moved is not None:
        lines += _moved(adopted.moved)
    if adopted.ignoring.missing:
        lines += ["", "Add this to .gitignore; it is what the reconciler writes here:"]
        lines += [f"  {one}" for one in adopted.ignoring.missing]
    lines += _first(options, adopted) if adopted.first else _again(adopted)
    return "\n".join(lines)


def _counted(adopted: Adopted) -> list[str]:
    """How much is declared, or was added; nothing where nothing was."""
    inventory = adopted.inventory
    if not adopted.first and not adopted.lines:
        return [f"{adopted.target}: git knows everything that it can declare; nothing was written."]
    outside = sum("external" in one.fields for one in (*inventory.users, *inventory.groups))
    sets, widening = len(inventory.permission_sets), sum(one.widens for one in adopted.rules)
    people = f"{_many(len(inventory.users), 'user')}, {_many(len(inventory.groups), 'group')}"
    people += f" ({outside:,} from another directory)" if outside else ""
    grants = f"{_many(adopted.grants, 'assignment')} in {_many(len(adopted.rules), 'entry', 'entries')}"
    later = f"; {widening:,} of them find{'s' * (widening == 1)} accounts that join later" if widening else ""
    added = "" if adopted.first else ", added"
    return [f"{adopted.target}{added}: {people}, {_many(sets, _SET)}.", f"{grants}{later}."]


def _moved(moved: Moved) -> list[str]:
    """What Terraform can let go of, to paste, and what it keeps."""
    from reconciler.render import escape

    lines = []
    if not moved.kept and not moved.removed:
        lines += ["", "The state of Terraform has no resource of IAM Identity Center."]
    if moved.kept:
        lines += ["", "Terraform keeps these:"]
        lines += [f"  {escape.sentence(one.name)}: {one.why}" for one in moved.kept]
    if moved.removed:
        lines += [
            "",
            "Put this in place of their resources, and run `terraform apply` after the first apply here. It",
            "destroys nothing (Terraform 1.7 or newer):",
            "",
            *moved.removed,
        ]
    return lines


def _first(options: Options, adopted: Adopted) -> list[str]:
    added = shlex.quote(options.identities.as_posix()) + " .gitignore" * adopted.ignoring.written
    same = " --sandbox" * options.sandbox
    if options.identities != Options().identities:
        same += f" --identities {shlex.quote(options.identities.as_posix())}"
    same += "".join(f" --target {shlex.quote(one)}" for one in options.targets)
    first = "" if options.sandbox else " --first-apply"
    begin = ["  git init -b main"] if adopted.ignoring.outside else []
    return [
        "",
        "The plan of these files against what was read is empty. Read them, and commit them:",
        *begin,
        f'  git add {added} && git commit -m "Adopt what is there"',
        "Then let git remember that it declares this. It writes nothing to any service:",
        f"  reconciler plan{same} --out plan.json && reconciler apply{same} plan.json{first}",
    ]


def _again(adopted: Adopted) -> list[str]:
    lines = []
    if adopted.differing:
        shown = [f"  {address}" for address in adopted.differing[:_SHOWN]]
        more = len(adopted.differing) - len(shown)
        lines += ["", "Changed outside git, and as it was in the files:", *shown]
        lines += [f"  … and {more:,} more: `reconciler drift` lists them."] if more > 0 else []
        lines += ["Accept it into the files with `reconciler drift --adopt`, or apply to undo it."]
    if adopted.lines:
        lines += [
            "",
            "What was added changes nothing: read it, commit, plan and apply it as every change.",
        ]
    return lines


def _files(adopted: Adopted, *, verbose: bool) -> Iterator[tuple[str, int]]:
    """The files that were written; a folder of many stands for them."""
    counted: Counter[str] = Counter()
    number: Counter[str] = Counter()
    for path, count in adopted.lines.items():
        above, slash, _ = path.rpartition("/")
        name = f"{above}/" if slash and not verbose else path
        counted[name] += count
        number[name] += 1
    for name, count in sorted(counted.items()):
        yield (f"{name} ({number[name]} files)" if number[name] > 1 else name), count


def _left(left: Sequence[Left], *, verbose: bool) -> list[str]:
    from reconciler.render import escape

    if not left:
        return []
    shown = left if verbose else left[:_SHOWN]
    lines = ["", f"Not declared, and left as it is, {len(left):,}:"]
    for one in shown:
        fix = f" ({one.fix})" if one.fix else ""
        lines.append(f"  {one.what} {escape.sentence(one.name)}: {escape.sentence(one.why)}{fix}")
    if len(shown) < len(left):
        lines.append(f"  … and {len(left) - len(shown):,} more: add -v.")
    return lines


def _many(number: int, noun: str, plural: str = "") -> str:
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def _json(adopted: Adopted) -> str:
    inventory = adopted.inventory
    document = {
        "format": "reconciler adopt",
        "version": 1,
        "target": adopted.target,
        "identity": dict(adopted.identity),
        "users": len(inventory.users),
        "groups": len(inventory.groups),
        "permission_sets": len(inventory.permission_sets),
        "accounts": len(inventory.accounts),
        "assignments": adopted.grants,
        "entries": len(adopted.rules),
        "entries_that_widen": sum(one.widens for one in adopted.rules),
        "written": dict(adopted.lines),
        "gitignore_written": adopted.ignoring.written,
        "differing": [str(one) for one in adopted.differing],
        "removed": [] if adopted.moved is None else list(adopted.moved.removed),
        "kept": [] if adopted.moved is None else [asdict(one) for one in adopted.moved.kept],
        "ignored": [{"permission_set": one.name, "why": one.why} for one in inventory.ignored],
        "left": [asdict(one) for one in inventory.left],
    }
    return json.dumps(document, indent=2, ensure_ascii=True)
