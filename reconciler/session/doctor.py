"""Examines what plan and apply rest on, target by target: nothing that is wrong with one hides another."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from reconciler.doctor.aws.actions import Use
from reconciler.doctor.aws.declared import declared
from reconciler.doctor.aws.judge import judge
from reconciler.doctor.check import Examination
from reconciler.errors import ReconcilerError
from reconciler.model.observer import SILENT, Observer
from reconciler.session.connecting import connect_all
from reconciler.session.opening import open_files
from reconciler.session.settings import Settings
from reconciler.targets.base import Examinable
from reconciler.wire.clock import SystemClock


def examine_aws(
    settings: Settings, use: Use | None = None, observer: Observer = SILENT, *, account_role: str = ""
) -> Sequence[Examination]:
    """Every target that is in AWS. Writes nothing.

    `use` says what the credentials are for, `account_role` names a role in each account that is asked about
    policies there ("": none is).

    Raises InputError for files that are not valid, UsageError for settings that are not, and ReconcilerError
    where no target is in AWS.
    """
    loaded, chosen, _ = open_files(settings)
    clock = SystemClock()
    found = []
    with ExitStack() as stack:
        for name, target in connect_all(stack, chosen, settings, clock, observer).items():
            if isinstance(target, Examinable):
                about = declared(loaded.identities, chosen[name].policy)
                facts = target.examine(about, settings.now or clock.now(), account_role)
                found.append(judge(name, facts, about, use))
    if not found:
        raise ReconcilerError("no target of the configuration is in AWS, so nothing can be examined")
    return found
