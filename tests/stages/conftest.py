from __future__ import annotations

from pathlib import Path

import pytest

from tests.stages.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    folder = tmp_path / "newsroom"
    folder.mkdir()
    return Site(folder)
