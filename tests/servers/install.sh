#!/usr/bin/env bash
# Installs the directories that tests import from, on Debian and Ubuntu: Samba as a domain controller, and slapd.
# What is there already stays as it is; no daemon of theirs is started, now or at the next boot of this machine.
set -euo pipefail

packages=(samba samba-ad-dc samba-ad-provision samba-dsdb-modules samba-vfs-modules ldb-tools krb5-user slapd
  python3-gssapi)

installed() {
  dpkg-query -W -f '${db:Status-Status}\n' "$@" 2> /dev/null | grep -cx installed || true
}

if ! command -v apt-get > /dev/null || ! command -v dpkg-query > /dev/null; then
  echo "Samba and slapd are installed by apt, on Debian and Ubuntu; here is none. Their tests are skipped." >&2
  exit 1
fi
if [ "$(installed "${packages[@]}")" = "${#packages[@]}" ]; then
  exit 0
fi
root=()
if [ "$(id -u)" != 0 ]; then
  root=(sudo)
fi

# Debian starts what it installs unless this says no (policy-rc.d: 101 is "not allowed").
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap '"${root[@]}" rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" > /dev/null
  "${root[@]}" chmod 755 "$policy"
fi
units() {
  systemctl list-unit-files --no-legend 2> /dev/null | sed 's/ .*//' | grep -xE '(smbd|nmbd|winbind|samba-ad-dc|slapd)\.service' || true
}
before=$(units)
"${root[@]}" apt-get update -qq
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "${packages[@]}" > /dev/null
for unit in $(units); do
  if ! grep -qx "$unit" <<< "$before"; then
    "${root[@]}" systemctl --quiet disable "$unit"
  fi
done
