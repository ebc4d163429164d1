from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from monitor import data_files
from monitor.data_files import data_folder
from monitor.errors import MonitorError

ROOT = Path(__file__).parent.parent.parent
TRAVELLING = {
    "migrations": "migrations/env.py",
    "config": "config/monitor.toml",
    "seeds": "seeds/newsroom/newsroom.json",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [built] = folder.glob("media_monitor-*.whl")
    return built


@pytest.mark.parametrize("name", ["migrations", "config", "seeds"])
def test_a_checkout_uses_the_folder_beside_the_package(name: str) -> None:
    assert data_folder(name) == ROOT / name  # type: ignore[arg-type]


def test_a_wheel_holds_every_file_of_the_folders_that_travel(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    for folder, known in TRAVELLING.items():
        files = {
            path.relative_to(ROOT).as_posix()
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert known in files
        assert {f"monitor/_data/{name}" for name in files} <= packed
    assert {"monitor/py.typed", "monitor/cli/main.py", "monitor/tracking.toml"} <= packed
    assert not [name for name in packed if name.startswith(("tests/", "docs/"))]


def test_an_installed_wheel_finds_its_own_folders(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    script = "from monitor.data_files import data_folder as f; print(f('migrations'), f('config'), f('seeds'))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
    )
    data = tmp_path / "site" / "monitor" / "_data"
    assert done.stdout.split() == [str(data / "migrations"), str(data / "config"), str(data / "seeds")]


def test_a_missing_folder_is_one_clear_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_files, "_PACKAGE", tmp_path / "monitor")
    with pytest.raises(MonitorError, match="install the package again"):
        data_folder("seeds")
