"""Where the folders lie that travel with the product: migrations, config and seeds.

A checkout keeps them beside the package, where people read and edit them; an installed wheel keeps copies under
`monitor/_data` (pyproject.toml, wheel sources). Nothing here reads them, and nothing may write to them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from monitor.errors import MonitorError

_PACKAGE = Path(__file__).resolve().parent


def data_folder(name: Literal["migrations", "config", "seeds"]) -> Path:
    """Return the folder `name`, absolute. The installed copy wins, so that a stray folder beside it is never taken."""
    for folder in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise MonitorError(f"The folder {name}/ of media-monitor is missing beside {_PACKAGE}: install the package again.")
