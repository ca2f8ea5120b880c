"""reconciler.yaml: which targets there are, what is owned at each, and under which guards."""

from reconciler.config.configuration import Config, ConfigFile, default_config, load_config, read_config
from reconciler.config.targets import CONFIG_FILE, TargetConfig, check_usable

__all__ = [
    "CONFIG_FILE",
    "Config",
    "ConfigFile",
    "TargetConfig",
    "check_usable",
    "default_config",
    "load_config",
    "read_config",
]
