"""docker-compose.yml for real: build, up, the bundled newsroom ingested, stop, start again. Needs a Docker engine."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.docker, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
COPIED = ("config", "docker-compose.yml", "Dockerfile", ".dockerignore", "requirements.lock", "pyproject.toml")
COPIED += ("README.md", "LICENSE", "monitor", "migrations", "seeds")
PASSWORD = "only-for-this-test"
DATABASE = f"postgresql://monitor:{PASSWORD}@database/monitor"
#: No real outlet is polled by a test; the build may use the host's network where a bridge has none.
OVERRIDE = """
services:
  migrate: {build: {context: ., network: host}}
  monitor:
    build: {context: ., network: host}
    environment: {MONITOR_FILES_FEEDS: ""}
"""


class Compose:
    """docker-compose in a copy of the project, with secrets of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        command = ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]
        self._command = [*command, "-p", "monitor-test", "-f", "docker-compose.yml", "-f", "override.yml"]

    def __call__(self, *words: str) -> str:
        done = subprocess.run([*self._command, *words], cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def sql(self, query: str) -> str:
        psql = ("psql", "-h", "127.0.0.1", "-U", "monitor", "-At", "-c", query, "monitor")
        return self("exec", "-T", "-e", f"PGPASSWORD={PASSWORD}", "database", *psql).strip()


@pytest.fixture
def compose(tmp_path: Path) -> Iterator[Compose]:
    for name in COPIED:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / name)
    (tmp_path / "secrets").mkdir()
    for name, secret in (("postgres_password", PASSWORD), ("database_url", DATABASE)):
        (tmp_path / "secrets" / name).write_text(secret)
        (tmp_path / "secrets" / name).chmod(0o644)
    (tmp_path / ".env").write_text("MONITOR_HTTP_CONTACT=desk@monitor.example\nDOCKER_BUILDKIT=0\n")
    (tmp_path / "override.yml").write_text(OVERRIDE)
    made = Compose(tmp_path)
    yield made
    made("down", "-v", "--remove-orphans")


def test_the_composed_service_keeps_what_it_ingested_when_it_is_stopped_and_started(compose: Compose) -> None:
    compose("build")
    compose("up", "-d")
    assert "daemon.started" in log_of(compose)
    compose("stop", "monitor")
    assert "daemon.stopped" in compose("logs", "--no-color", "monitor")
    compose("run", "--rm", "-T", "monitor", "demo", "--out", "demo", "--database", DATABASE)
    figures = "SELECT COUNT(*), SUM(n_articles), SUM(n_copies) FROM v_stories"
    ingested = compose.sql(figures)
    assert int(ingested.split("|")[1]) > 90
    assert compose.sql("SELECT DISTINCT state FROM deliveries") == "sent"
    compose("stop")
    compose("up", "-d")
    assert compose.sql(figures) == ingested
    assert "daemon.started" in log_of(compose)
    assert compose("exec", "-T", "monitor", "id", "-u").strip() == "10001"
    assert compose("exec", "-T", "monitor", "monitor", "health").startswith("healthy")


def log_of(compose: Compose) -> str:
    for _ in range(60):
        log = compose("logs", "--no-color", "monitor")
        if "daemon.started" in log:
            return log
        time.sleep(1)
    return log
