"""The parser of the data files."""

from typing import Any

import yaml


def fast_loader() -> Any:
    """Return libyaml's safe loader where PyYAML was built with it, much faster than Python's."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)
