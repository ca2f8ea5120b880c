"""Record the directory of `reconciler demo --story ad` from Samba: `python -m tests.stories.recording`.

Each act of the story is a state of the directory, as ldbsearch prints it. objectGUIDs are other ones each
time, so all states are recorded at once.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.servers.samba import BASE, DISABLED, Domain, controller, provision
from tests.support.patience import PATIENCE

STATES = Path(__file__).resolve().parents[2] / "reconciler" / "templates" / "story-ad" / "directory"
_ATTRIBUTES = (
    "objectClass", "objectGUID", "objectSid", "sAMAccountName", "cn", "userPrincipalName", "mail",
    "givenName", "sn", "displayName", "title", "department", "manager", "userAccountControl",
    "accountExpires", "primaryGroupID", "memberOf", "groupType", "member", "description",
)  # fmt: skip


def _record(ad: Domain, name: str) -> None:
    done = subprocess.run(
        ["ldbsearch", "-H", str(ad.folder / "private" / "sam.ldb"), "-b", f"OU=Staff,{BASE}",
         "(|(objectClass=user)(objectClass=group))", *_ATTRIBUTES],
        capture_output=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    (STATES / f"{name}.ldif").write_bytes(done.stdout)


def _story(ad: Domain) -> None:
    staff = ad.unit("Staff")
    payments, data = f"OU=Payments,{staff}", f"OU=Data,{staff}"
    for unit in (payments, data):
        ad.add(unit, "organizationalUnit")

    def hired(unit: str, name: str, given: str, family: str) -> str:
        department = unit.partition(",")[0].removeprefix("OU=")
        return ad.person(unit, name, given, family, department=department)

    ada, ivo = hired(payments, "ada", "Ada", "Okafor"), hired(payments, "ivo", "Ivo", "Horvat")
    cyd, eve = hired(data, "cyd", "Cyd", "Lind"), hired(data, "eve", "Eve", "Ito")
    in_payments, in_data = ad.group(staff, "payments", [ada, ivo]), ad.group(staff, "data", [cyd, eve])
    _record(ad, "first")
    mara = hired(payments, "mara", "Mara", "Weber")
    ad.join(in_payments, mara)
    _record(ad, "joins")
    mara = ad.move(mara, unit=data)
    ad.change(mara, department="Data")
    ad.leave(in_payments, mara)
    ad.join(in_data, mara)
    _record(ad, "moves")
    mara = ad.move(mara, name="Mara Brandt")
    address = "mara.brandt@example.test"
    ad.change(mara, sn="Brandt", displayName="Mara Brandt", sAMAccountName="mara.brandt")
    ad.change(mara, userPrincipalName=address, mail=address)
    _record(ad, "renames")
    ad.change(mara, userAccountControl=DISABLED)
    _record(ad, "leaves")
    ad.change(ivo, title="Engineer")
    _record(ad, "blocked")
    harbour = f"OU=Harbour,{staff}"
    ad.add(harbour, "organizationalUnit")
    dockers = [hired(harbour, f"dock{at:02}", "Dock", f"Hand {at:02}") for at in range(20)]
    ad.group(staff, "harbour", dockers)
    _record(ad, "grows")
    ad.delete(eve)
    _record(ad, "deleted")
    hired(data, "eve", "Eve", "Ito")
    _record(ad, "namesake")


def main() -> None:
    STATES.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        template = Path(folder) / "samba"
        provision(template)
        with controller(template) as ad:
            _story(ad)


if __name__ == "__main__":
    main()
