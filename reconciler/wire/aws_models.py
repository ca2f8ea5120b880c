"""Sessions of boto3, and the service models that botocore ships, each read once a process."""

from __future__ import annotations

import os
from collections.abc import Collection
from functools import cache
from typing import Any, cast


@cache
def service_model(service: str) -> Any:
    """The model that botocore ships, without a session: no profile, no Region, no file of the user's."""
    from botocore.model import ServiceModel

    return ServiceModel(loader(None).load_service_model(service, "service-2"), service)


def has_operation(service: str, operation: str) -> bool:
    """Whether the installed botocore has a service, which an older one may not, and in it an operation."""
    from botocore.exceptions import UnknownServiceError

    try:
        return operation in service_model(service).operation_names
    except UnknownServiceError:
        return False


def token_name(members: Collection[str]) -> str:
    """The member that carries the token of a page, by those of the request: services write it in two ways."""
    return "nextToken" if "nextToken" in members else "NextToken"


@cache
def loader(folders: str | None) -> Any:
    """What reads botocore's models, each once a process; `folders` is the setting `data_path`."""
    from botocore.loaders import Loader, create_loader

    class Once(Loader):
        @property
        def search_paths(self) -> list[str]:
            # A copy: boto3 adds its folder of resources, which nobody here uses, once more for every session.
            return list(super().search_paths)

    return Once(create_loader(folders).search_paths, include_default_search_paths=False)


def new_session(*, untouched: bool) -> Any:
    """A session of boto3; `untouched` by any profile or file of the user's. Raises what botocore raises."""
    import boto3
    import botocore.session

    # The sandbox must work for who has no profile, and for who has a broken one.
    nothing = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    base = cast(Any, botocore.session.Session)(nothing if untouched else None)
    # By itself a session reads all models anew, which takes longer than most of what follows.
    base.register_component("data_loader", loader(base.get_config_variable("data_path")))
    return boto3.session.Session(botocore_session=base)
