"""Every code of findings, guards and rules. Documents, schemas and explanations derive from it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from reconciler.model.catalogue import access, denying, memory, people, reading, refusals, scim
from reconciler.model.catalogue.code import Code

# By heading, in the order of the page on findings.
SECTIONS: Mapping[str, tuple[Code, ...]] = MappingProxyType(
    {one.TITLE: one.CODES for one in (refusals, memory, reading, people, denying, scim, access)}
)
CATALOGUE: Mapping[str, Code] = MappingProxyType(
    {code.name: code for codes in SECTIONS.values() for code in codes}
)
# What approvals in git can lift, in the order of the catalogue.
LIFTABLE = tuple(code.name for code in CATALOGUE.values() if code.lifted_by)
# Codes of earlier releases, and what they are called now.
FORMERLY: Mapping[str, str] = MappingProxyType(
    {code.formerly: code.name for code in CATALOGUE.values() if code.formerly}
)
