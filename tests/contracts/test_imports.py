"""Each import contract of pyproject.toml holds for the package, and catches a violation planted in a copy of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CONTRACTS = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}


@dataclass(frozen=True)
class Plant:
    contract: str
    module: str
    imports: str


# One line for each rule that somebody is likely to break first.
PLANTS = (
    # floors: upwards, sideways, a stage that knows another, a module without a floor
    Plant("floors", "errors.py", "monitor.types"),
    Plant("floors", "data_files.py", "monitor.config"),
    Plant("floors", "config.py", "monitor.urls"),
    Plant("floors", "text/planted.py", "monitor.query.grammar"),
    Plant("floors", "text/planted.py", "monitor.urls"),
    Plant("floors", "urls.py", "monitor.politeness"),
    Plant("floors", "tracking.py", "monitor.urls"),
    Plant("floors", "text/planted.py", "monitor.likeness"),
    Plant("floors", "store/planted.py", "monitor.net.guard"),
    Plant("floors", "net/planted.py", "monitor.workers"),
    Plant("floors", "workers.py", "monitor.extract"),
    Plant("floors", "app.py", "monitor.fetch.stage"),
    Plant("floors", "fetch/planted.py", "monitor.extract"),
    Plant("floors", "cluster/stage.py", "monitor.dedup.fingerprint"),
    Plant("floors", "watch/planted.py", "monitor.query.planted, monitor.digest"),
    Plant("floors", "digest/planted.py", "monitor.evaluate"),
    Plant("floors", "evaluate/planted.py", "monitor.jobs"),
    Plant("floors", "evaluate/planted.py", "monitor.sync"),
    Plant("floors", "coverage.py", "monitor.jobs"),
    Plant("floors", "fetch/planted.py", "monitor.coverage"),
    Plant("floors", "query/planted.py", "monitor.declared"),
    Plant("floors", "jobs.py", "monitor.run_local"),
    Plant("floors", "run_local.py", "monitor.demo"),
    Plant("floors", "demo/planted.py", "monitor.cli"),
    Plant("floors", "helpers.py", "monitor.types"),
    # purity: beside stage.py, and through a neighbour
    Plant("purity", "fetch/planted.py", "monitor.app"),
    Plant("purity", "extract/planted.py", "monitor.workers"),
    Plant("purity", "dedup/planted.py", "monitor.store.engine"),
    Plant("purity", "cluster/planted.py", "sqlalchemy"),
    Plant("purity", "watch/planted.py", "httpx"),
    Plant("purity", "digest/planted.py", "monitor.net.guard"),
    Plant("purity", "digest/planted.py", "smtplib"),
    Plant("purity", "text/planted.py", "os"),
    Plant("purity", "query/planted.py", "time"),
    Plant("purity", "urls.py", "socket"),
    Plant("purity", "tracking.py", "monitor.data_files"),
    Plant("purity", "likeness.py", "random"),
    Plant("purity", "politeness.py", "random"),
    Plant("purity", "cluster/deeper/planted.py", "logging"),
    Plant("purity", "dedup/planted.py", "structlog"),
    Plant("purity", "fetch/stage.py", "random"),
    Plant("purity", "fetch/stage.py", "sqlalchemy"),
    Plant("stage-modules", "fetch/planted.py", "monitor.fetch.stage"),
    Plant("stage-modules", "digest/__init__.py", "monitor.digest.stage"),
    # doors
    Plant("door-database", "jobs.py", "sqlalchemy.orm"),
    Plant("door-database", "fetch/stage.py", "sqlalchemy"),
    Plant("door-database", "cli/planted.py", "sqlite3"),
    Plant("door-http", "fetch/stage.py", "httpx"),
    Plant("door-http", "demo/planted.py", "aiohttp.web"),
    Plant("door-http", "app.py", "socket"),
    Plant("door-mail", "digest/stage.py", "smtplib"),
    Plant("door-mail", "net/http.py", "smtplib"),
    Plant("door-mail", "app.py", "aiosmtpd.smtp"),
    Plant("door-configuration", "app.py", "tomllib"),
    Plant("door-processes", "extract/stage.py", "pebble"),
    Plant("door-processes", "demo/planted.py", "subprocess"),
    Plant("door-scheduler", "jobs.py", "apscheduler.schedulers.background"),
    Plant("door-terminal", "digest/stage.py", "rich.table"),
    Plant("door-terminal", "jobs.py", "typer"),
    Plant("door-documents", "dedup/planted.py", "lxml.html"),
    Plant("door-documents", "extract/planted.py", "feedparser"),
    Plant("door-documents", "cluster/planted.py", "trafilatura"),
)


def lint_imports(folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    call = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    chosen = [argument for contract in contracts for argument in ("--contract", contract)]
    return subprocess.run(
        [sys.executable, "-c", call, "--no-logo", "--no-cache", *chosen],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "monitor", tmp_path / "monitor", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def plant(package: Path, module: str, imports: str) -> None:
    """Adds the imports to `module` of the package, which is made, with the packages around it, where it is missing."""
    file = package / module
    folder = file.parent
    while folder != package:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").touch()
        folder = folder.parent
    with file.open("a") as source:
        source.write("".join(f"\nimport {name.strip()}  # planted\n" for name in imports.split(",")))
    for name in (name.strip() for name in imports.split(",")):
        if name.startswith("monitor."):
            touch_module(package, name.removeprefix("monitor."))


def touch_module(package: Path, name: str) -> None:
    path = package.joinpath(*name.split("."))
    if path.is_dir() or path.with_suffix(".py").exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".py").touch()


def test_the_package_keeps_every_contract(copy: Path) -> None:
    result = lint_imports(copy)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in result.stdout


@pytest.mark.parametrize(
    "planted", PLANTS, ids=lambda planted: f"{planted.contract}-{planted.module}-{planted.imports}"
)
def test_a_planted_violation_is_caught(copy: Path, planted: Plant) -> None:
    plant(copy / "monitor", planted.module, planted.imports)
    result = lint_imports(copy, planted.contract)
    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{CONTRACTS[planted.contract]} BROKEN" in result.stdout
    culprit = planted.module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    assert culprit in result.stdout.partition("Broken contracts")[2]


def test_every_contract_has_a_planted_violation() -> None:
    assert {planted.contract for planted in PLANTS} == set(CONTRACTS)
