from __future__ import annotations

from pathlib import Path

import pytest

from tests.stages.site import Site

#: Modules whose SQL the tests of the store try on both databases: here they run on SQLite at once, and on PostgreSQL
#: under `make test-all`.
_SQLITE_AT_ONCE = {
    "test_access", "test_canonical", "test_history", "test_ingest", "test_learning", "test_reextraction",
    "test_resolving", "test_titles",
}  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "stages" and item.path.stem in _SQLITE_AT_ONCE and "postgresql" in item.name:
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    folder = tmp_path / "newsroom"
    folder.mkdir()
    return Site(folder)
