"""What every committed file keeps to: no place of one machine in it, modules and functions of a readable size."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
MODULE_LINES_MAX = 400
TEST_LINES_MAX = 600
FUNCTION_LINES_MAX = 50

# Written apart, so that this file does not name them.
INDEX_HOSTS = [name + ".org" for name in ("pypi", "pythonhosted", "npmjs", "deb.debian", "proxy.golang")]
MACHINE_PATHS = ["/ho" + "me/", "/ro" + "ot/", "/Us" + "ers/", "/wo" + "rk/", "/op" + "t/pypi", "/t" + "mp/"]
INDEX_OPTIONS = ["--index" + "-url", "--extra-index" + "-url", "--find" + "-links", "--trusted" + "-host"]

# A path begins where a word or URL does not go on: https://news.example/work/ is an address, no path.
MACHINE_PATH = re.compile(r"(?<![\w.~*)\]}-])(?:" + "|".join(re.escape(path) for path in MACHINE_PATHS) + r")[\w.-]")
INDEX = re.compile("|".join(map(re.escape, INDEX_HOSTS)) + rf"|^\s*(?:{'|'.join(INDEX_OPTIONS)})\b", re.MULTILINE)

# Paths inside a container are the container's, not of a machine.
CONTAINER_FILES = {"Dockerfile", "docker-compose.yml"}
# Pages and feeds of the newsrooms, and texts that tests compare with: they quote the world.
DATA_FOLDERS = ("seeds/", "tests/newsroom2/", "tests/golden/")


def committed_files() -> list[str]:
    """Files that git knows or would take; a source tree without git has none to check."""
    try:
        listing = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git checkout")
    return sorted(name for name in listing.stdout.decode().split("\0") if name and (ROOT / name).is_file())


def places(name: str, text: str) -> list[str]:
    """Index hosts and paths of a machine that a text names, with their lines."""
    patterns = [INDEX] if name in CONTAINER_FILES or name.startswith(DATA_FOLDERS) else [INDEX, MACHINE_PATH]
    return [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match.group().strip()}"
        for pattern in patterns
        for match in pattern.finditer(text)
    ]


def read(name: str) -> str:
    return (ROOT / name).read_bytes().decode("utf-8", errors="replace")


def modules() -> list[str]:
    # a migration is one list of tables, drafted by Alembic
    passed_over = (*DATA_FOLDERS, "migrations/versions/")
    return [name for name in committed_files() if name.endswith(".py") and not name.startswith(passed_over)]


def functions(source: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def too_long_functions(name: str, source: str) -> list[str]:
    return [
        f"{name}:{node.lineno}: {node.name} has {length} lines"
        for node in functions(source)
        if node.end_lineno and (length := node.end_lineno - node.lineno + 1) > FUNCTION_LINES_MAX
    ]


def test_no_committed_file_names_an_index_host_or_a_path_of_a_machine() -> None:
    assert [place for name in committed_files() for place in places(name, read(name))] == []


@pytest.mark.parametrize(
    "text",
    [
        "# see /wo" + "rk/notes",
        'PATH = "/ho' + 'me/somebody/x"',
        "open('/t" + "mp/x')",
        "https://fi" + "les.python" + "hosted.org/packages/x.whl",
        "pip\n--extra-index" + "-url file:x",
    ],
)
def test_a_planted_place_is_found(text: str) -> None:
    assert places("README.md", text)


def test_addresses_and_relative_paths_are_no_places() -> None:
    assert places("README.md", "https://news.example/wo" + "rk/1 a/ho" + "me/x config/monitor.toml") == []


def test_locks_pin_every_package_with_hashes() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        requirements = re.split(r"\n(?=\S)", read(name).strip())
        assert requirements
        for requirement in requirements:
            assert re.match(r"[a-z0-9._-]+==\S+", requirement), requirement[:80]
            assert "--hash=sha256:" in requirement, requirement[:80]


def test_the_development_lock_installs_the_same_product() -> None:
    product, development = (
        set(re.findall(r"^[a-z0-9._-]+==\S+", read(name), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert product < development


def test_no_module_is_longer_than_400_lines_and_no_test_file_than_600() -> None:
    lengths = {name: read(name).count("\n") for name in modules()}
    too_long = {
        name: length
        for name, length in lengths.items()
        if length > (TEST_LINES_MAX if name.startswith("tests/") else MODULE_LINES_MAX)
    }
    assert too_long == {}


def test_no_function_is_longer_than_50_lines() -> None:
    assert [problem for name in modules() for problem in too_long_functions(name, read(name))] == []


def test_a_planted_long_function_is_found() -> None:
    body = "\n".join("    x = 1" for _ in range(FUNCTION_LINES_MAX))
    assert too_long_functions("monitor/x.py", f"def f():\n{body}") == ["monitor/x.py:1: f has 51 lines"]
    assert too_long_functions("monitor/x.py", f"async def f():\n{body[:-10]}") == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty_names = {
        "utils",
        "util",
        "helpers",
        "helper",
        "common",
        "base",
        "manager",
        "service",
        "services",
        "core",
        "misc",
    }
    parts = {name: set(name.removesuffix(".py").split("/")) for name in modules()}
    assert {name for name, words in parts.items() if words & empty_names} == set()
