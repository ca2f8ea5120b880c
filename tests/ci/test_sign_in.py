"""The job of the drift workflow that looks at sign-in runs where it is switched on, and tells problems."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ci.actions import Ended
from tests.ci.story import PEOPLE, Story, story
from tests.support.saml import POST, AdFs, certificate

pytestmark = [pytest.mark.slow, pytest.mark.socket]

METADATA, UPLOADED = "metadata.xml", ".github/reconciler/saml.pem"


def look(told: Story, **variables: str) -> Ended:
    run = told.hub.start_run("drift.yml", "schedule", told.tip(), "main")
    return told.runner.job("drift.yml", "saml", "schedule", run=run, at=told.tip(), variables=variables)


def test_sign_in_is_looked_at_where_the_variable_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # For longer than any clock of a machine is wrong.
    made, new = certificate(-9_000, 36_500), certificate(-8_000, 36_500)
    with story(tmp_path, monkeypatch) as told:
        assert look(told).skipped

        def commit(**files: str) -> None:
            named = {"metadata": METADATA, "uploaded": UPLOADED, "people": "identities/people.yaml"}
            told.people.git("checkout", "-q", "-B", "main", told.tip())
            told.people.commit({named[name]: text for name, text in files.items()}, "Change")
            told.people.git("push", "-q", "origin", "main")

        commit(people=PEOPLE, metadata=AdFs(signing=[made]).text())
        well = look(told, SAML_METADATA=METADATA, SAML_ISSUED="email")
        assert well.ok, well.output
        assert "ok: name-id:" in well.output
        # A rollover that nobody followed, until what was uploaded is in git.
        commit(metadata=AdFs(signing=[made, new]).text())
        late = look(told, SAML_METADATA=METADATA)
        assert not late.ok
        assert new.fingerprint in late.output
        commit(uploaded=made.pem + new.pem)
        assert look(told, SAML_METADATA=METADATA).ok
        commit(metadata=AdFs(signing=[made], sign_on=[(POST, "http://sts.example.com")]).text())
        assert not look(told, SAML_METADATA=METADATA).ok
        # It has no role, and writes nothing.
        assert told.runner.roles == []
        assert told.written() == []
