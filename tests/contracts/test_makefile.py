"""The Makefile on a machine that lacks something: one sentence says what to install, no half-made environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
MAKE = shutil.which("make")

pytestmark = pytest.mark.skipif(MAKE is None, reason="needs make")

TARGETS = ("demo", "run", "soak", "test", "test-all", "check", "bench", "quality", "quality-floors", "lock", "clean")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, tmp_path)
    # the tools that a recipe calls, and no Python
    (tmp_path / "bin").mkdir()
    for tool in ("sh", "cksum", "cut", "rm", "echo", "touch", "mkdir"):
        if found := shutil.which(tool):
            (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def make(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert MAKE is not None
    env = {"PATH": str(checkout / "bin"), "HOME": str(checkout), "LC_ALL": "C"}
    return subprocess.run([MAKE, *arguments], cwd=checkout, env=env, capture_output=True, text=True, check=False)


def write_python(checkout: Path, name: str, script: str) -> None:
    file = checkout / "bin" / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_without_a_python_make_says_what_to_install(checkout: Path) -> None:
    result = make(checkout, "test")
    assert result.returncode == 2
    assert "media-monitor needs Python 3.11 or newer, and there is none: install one" in result.stderr
    assert not (checkout / ".venv").exists()


def test_an_old_python_and_a_shim_without_a_version_are_passed_over(checkout: Path) -> None:
    write_python(checkout, "python3", "echo ''")
    write_python(checkout, "python3.12", "echo 'no such version' >&2; exit 127")
    assert "needs Python 3.11 or newer" in make(checkout, "demo").stderr


def test_a_python_without_ensurepip_is_named_with_its_remedy(checkout: Path) -> None:
    write_python(checkout, "python3.11", 'case "$2" in *ensurepip*) exit 1;; esac; echo 3.11')
    result = make(checkout, "demo")
    assert result.returncode == 2
    assert "Python 3.11 is here, but cannot make environments" in result.stderr
    assert "apt install python3.11-venv" in result.stderr


def test_a_chosen_python_that_does_not_work_is_named(checkout: Path) -> None:
    result = make(checkout, "test", "PYTHON=/nowhere/python3")
    assert "there is none at /nowhere/python3" in result.stderr


def test_the_newest_usable_python_makes_the_environment(checkout: Path) -> None:
    write_python(checkout, "python3.14", "exit 127")
    write_python(checkout, "python3.13", 'case "$1" in -m) echo "made with 3.13: $*" >&2; exit 3;; *) echo 3.13;; esac')
    write_python(checkout, "python3", f'exec "{sys.executable}" "$@"')
    result = make(checkout, "run")
    assert result.returncode == 2
    assert "made with 3.13: -m venv --clear .venv" in result.stderr


def test_help_lists_every_target() -> None:
    assert MAKE is not None
    env = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    listed = subprocess.run([MAKE, "-s", "help"], cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout
    assert sorted(line.split()[1] for line in listed.splitlines()) == sorted(TARGETS)
