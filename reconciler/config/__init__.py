"""reconciler.yaml: which targets there are, what is owned at each, and under which guards."""

from reconciler.config.configuration import (
    CONFIG_FILE,
    Config,
    ConfigFile,
    TargetConfig,
    default_config,
    load_config,
    read_config,
)

__all__ = [
    "CONFIG_FILE",
    "Config",
    "ConfigFile",
    "TargetConfig",
    "default_config",
    "load_config",
    "read_config",
]
