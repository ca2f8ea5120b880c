"""The environment of tests: without what the shell, the hook of git or the CI job around them has set.

With GIT_DIR, which git sets for its hooks, the commits of tests would land in the developer's own repository;
with a proxy, calls to a sandbox would go there; with CI_PROJECT_VISIBILITY, a snapshot would be refused.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping

from reconciler.files.signing import KEY_VARIABLE

_BEGIN = ("AWS_", "BOTO_", "GIT_", "GITHUB_", "GITLAB_", "CI_", "LC_")
_END = ("_PROXY",)
_NAMES = frozenset(
    {
        "BUILD_ID",
        "CI",
        "COLUMNS",
        "CURL_CA_BUNDLE",
        "FORCE_COLOR",
        "LANG",
        "LANGUAGE",
        "LINES",
        "NO_COLOR",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "_RECONCILER_COMPLETE",
        "RECONCILER_SANDBOX_SPEED",
        KEY_VARIABLE,
    }
)

# Instead: no files of the person who runs the tests, and nobody to ask who this machine is.
OURS = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def foreign(name: str) -> bool:
    """Whether a variable says something to the commands, to git or to an SDK that no test has set."""
    return name in _NAMES or name.startswith(_BEGIN) or name.upper().endswith(_END)


def clear(environment: MutableMapping[str, str] = os.environ) -> None:
    """Take out of `environment` what is foreign, for this process and all that it starts."""
    for name in list(environment):
        if foreign(name) and environment[name] != OURS.get(name):
            del environment[name]
    environment.update(OURS)
