"""What is asked of adopting, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.adopting.moving.terraform import Moved
from reconciler.adopting.outcome import Inventory, Rule, Users
from reconciler.errors import ReconcilerError
from reconciler.model.address import Address
from reconciler.model.state import Live
from reconciler.session.ignoring import Ignoring
from reconciler.targets.base import EVERYTHING, Target


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller asks for: which users, the Region of a new target, and accounts by name alone.

    `terraform` is a file that `terraform show -json` printed, `pipeline` a folder of the single-stage
    pipeline, `sso_util` a CSV of aws-sso-util: at most one of them gives names and structure.
    """

    users: Users = Users.ALL
    region: str | None = None
    by_name: bool = False
    terraform: Path | None = None
    pipeline: Path | None = None
    sso_util: Path | None = None

    @property
    def moves(self) -> bool:
        """Whether names and structure come from another tool."""
        return any((self.terraform, self.pipeline, self.sso_util))


@dataclass(frozen=True, slots=True)
class Adopted:
    """What was adopted, and which files were written with how many lines.

    `ignore` are the lines to add to a reconciler.yaml that was there already ("": none, or it is written),
    `others` targets that the files feed, too. Where it is not the `first` time, `lines` names the files that
    were edited, and `differing` what git says otherwise than it is. `moved` is what Terraform can let go of.
    `ignoring` says whether a `.gitignore` was written, or what the one that is there lacks.
    """

    target: str
    identity: Mapping[str, str]
    inventory: Inventory
    rules: Sequence[Rule]
    lines: Mapping[str, int]
    grants: int
    ignore: str = ""
    others: tuple[str, ...] = ()
    first: bool = True
    moved: Moved | None = None
    differing: tuple[Address, ...] = ()
    ignoring: Ignoring = field(default_factory=Ignoring)


def read_whole(target: Target) -> Live:
    """All that a target has. Raises ServiceError, and ReconcilerError where it is not all."""
    live = replace(target.read(EVERYTHING), identity=target.identity())
    if live.gaps:
        raise ReconcilerError(
            f"{target.name} could not be read whole ({live.gaps[0].reason}); nothing was written"
        )
    return live


def refused(reasons: Sequence[str]) -> ReconcilerError:
    """The error where files would not say what is live."""
    return ReconcilerError(
        "What was read cannot be declared so that nothing changes; nothing was written.\n"
        + "\n".join(f"  {one}" for one in reasons)
    )
