"""`reconciler doctor`: whether what the reconciler rests on is as it must be, all at once, read-only."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import Options, answer, common_options, wants_color, width
from reconciler.cli.observing import beside, observing
from reconciler.cli.plan import parse_duration
from reconciler.errors import ReconcilerError, UsageError

if TYPE_CHECKING:
    from reconciler.doctor.check import Examination

_FORMATS = ("text", "json")


@click.group(
    "doctor", short_help="say what is missing around the reconciler: in AWS, at GitHub, in SAML metadata"
)
def command() -> None:
    """Say everything at once that is missing, or that would go wrong later. Writes nothing.

    What cannot be looked at is `not checked`, with the reason, and never `ok`. Exits with 1 where there is a
    problem, and with 0 where there is none; warnings do not count.
    """


@command.command("aws", short_help="credentials, actions, instance, organization")
@click.option(
    "--for",
    "use",
    type=click.Choice(("plan", "apply")),
    help="What the credentials are for: a role that plans must not write, one that applies must.",
)
@click.option(
    "--account-role",
    metavar="NAME",
    default="",
    help="A role in each account that is asked whether customer-managed policies are there.",
)
@common_options(hide=("--max-bytes", "--whole-plan"))
def aws(options: Options, use: str | None, account_role: str) -> int:
    """Examine every target in AWS: credentials, IAM actions by name, Region, instance, key, network, clock.

    Each operation that a plan calls is tried once with the smallest page. Of the actions that write, IAM's
    policy simulator is asked, where the caller may (iam:SimulatePrincipalPolicy).
    """
    from reconciler.doctor.aws.actions import Use
    from reconciler.session.doctor import examine_aws

    _check_format(options.format)
    if account_role and not re.fullmatch(r"[\w+=,.@/-]{1,512}", account_role, re.ASCII):
        raise UsageError("--account-role is not the name of a role, such as audit or path/audit")
    with observing() as observer:
        purpose = None if use is None else Use(use)
        found = examine_aws(beside(observer, options), purpose, observer, account_role=account_role)
    return _show("aws", found, options.format, verbose=options.verbose)


@command.command("github", short_help="rules, owners, environments, settings of the repository")
@click.option("--repository", metavar="OWNER/NAME", help="Which one.  [default: that of the remote origin]")
@click.option(
    "--environment",
    default="identity-apply",
    show_default=True,
    metavar="NAME",
    help="The environment of the job that applies.",
)
@click.option("--identities", default="identities", show_default=True, metavar="PATH", help="The folder.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    metavar="FORMAT",
    help=f"How to print the answer: {', '.join(_FORMATS)}.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show everything.")
def github(repository: str | None, environment: str, identities: str, format_: str, *, verbose: bool) -> int:
    """Examine a repository at GitHub: rules of branch and tags, CODEOWNERS, environments, Actions, tokens.

    The token is in GITHUB_TOKEN. It must read administration, contents, actions, environments and secrets (by
    name); what it may not see is not checked.
    """
    from reconciler.doctor.github.judge import judge
    from reconciler.forge.github import connect_to
    from reconciler.forge.inspecting import inspect
    from reconciler.forge.origin import repository_of_origin

    if not os.environ.get("GITHUB_TOKEN"):
        raise ReconcilerError("GITHUB_TOKEN is not set; the token is taken from there and from nowhere else")
    if repository is None:
        elsewhere = bool(os.environ.get("GITHUB_API_URL"))
        repository = repository_of_origin(Path(), elsewhere=elsewhere)
    facts = inspect(connect_to(repository, os.environ), identities, environment)
    return _show("github", [judge(facts)], format_, verbose=verbose)


@command.command("saml", short_help="certificates, endpoints and NameID in SAML metadata")
@click.option(
    "--metadata", required=True, metavar="FILE|URL", help="The document: a file, or an https address."
)
@click.option(
    "--trust",
    multiple=True,
    metavar="FILE",
    help="Certificates (PEM) of which one must have signed the document; repeatable.",
)
@click.option(
    "--expect-fingerprint",
    "fingerprints",
    multiple=True,
    metavar="SHA256",
    help="The same by the fingerprint of a certificate in the document; repeatable.",
)
@click.option(
    "--uploaded",
    multiple=True,
    metavar="FILE",
    help="Certificates (PEM) that Identity Center was given, beside those that may sign; repeatable.",
)
@click.option("--issued", metavar="ATTRIBUTE", help="Which attribute of a person is sent as NameID.")
@click.option(
    "--claims",
    metavar="FILE",
    help="The values that are sent: CSV with external_id (or key, user_name) and value.",
)
@click.option(
    "--within",
    default="0d",
    show_default=True,
    callback=parse_duration,
    metavar="TIME",
    help="What must be done within this time, such as 14d, is a problem and not a warning.",
)
@click.option("--ca-file", metavar="FILE", help="A private CA (PEM) that is believed beside the public ones.")
@common_options(hide=("--target", "--sandbox", "--trusted-ref", "--max-bytes", "--whole-plan"))
def saml(
    options: Options,
    metadata: str,
    trust: tuple[str, ...],
    fingerprints: tuple[str, ...],
    uploaded: tuple[str, ...],
    issued: str | None,
    claims: str | None,
    within: timedelta,
    ca_file: str | None,
) -> int:
    """Examine the federation metadata of AD FS, or of Identity Center, and who could sign in.

    When each signing certificate ends; which one to upload during a rollover, and until when; what Identity
    Center does not take. A signature is verified with the extra `saml`, against certificates that are named.
    """
    from reconciler.session.saml import examine_saml, read_trust

    _check_format(options.format)
    signers, given = read_trust(trust, fingerprints), read_trust(uploaded, ()).known
    found = examine_saml(options, metadata, signers, given, issued, claims, ca_file, within)
    return _show("saml", found, options.format, verbose=options.verbose)


def _check_format(chosen: str) -> None:
    if chosen not in _FORMATS:
        raise UsageError(f"--format {chosen}: the doctor speaks {' and '.join(_FORMATS)}")


def _show(about: str, found: Sequence[Examination], chosen: str, *, verbose: bool) -> int:
    from reconciler.render.doctor import doctor_json, doctor_text

    if chosen == "json":
        answer(doctor_json(about, found))
    else:
        answer(doctor_text(found, color=wants_color(), width=width(), verbose=verbose))
    return 0 if all(one.healthy for one in found) else ReconcilerError.exit_code
