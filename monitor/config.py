"""What can be configured: a TOML file, overridden by the environment, checked once, then frozen.

Only this module reads configuration files and the environment. An unknown key or section, a wrong value and an unknown
MONITOR_* variable are errors that name the file, the key, the value and what is allowed. config/monitor.toml documents
each key.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from monitor.errors import ConfigError

PREFIX = "MONITOR_"
DEFAULT_FILE = Path("config/monitor.toml")
#: Variables that are no keys of the file: where the file is, and what the tests read.
OTHER_VARIABLES = frozenset({"MONITOR_CONFIG", "MONITOR_QUALITY_DATA", "MONITOR_TEST_DATABASE_URL"})
SECRETS = frozenset({("database", "url"), ("mail", "password"), ("mail", "user")})


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _numbers(value: object) -> object:
    """A list as the environment gives it: "1,6,24"; an empty one for an empty string."""
    return [part for part in value.replace(",", " ").split() if part] if isinstance(value, str) else value


def _rising(hours: tuple[float, ...]) -> tuple[float, ...]:
    if any(later <= earlier for earlier, later in pairwise(hours)):
        raise ValueError("the hours must rise")
    return hours


#: Some hours, each more than the one before, up to 30 days.
Hours = Annotated[
    tuple[Annotated[float, Field(gt=0, le=720)], ...],
    Field(max_length=20),
    BeforeValidator(_numbers),
    AfterValidator(_rising),
]


class Database(_Section):
    url: str = Field("sqlite:///monitor.db", min_length=1)


class Files(_Section):
    feeds: str = "feeds.opml"
    publishers: str = "publishers.toml"
    watchlists: str = "watchlists.toml"
    subscriptions: str = "subscriptions.toml"


class Http(_Section):
    contact: str = ""
    proxy: str = Field("", pattern=r"^(http://[^\s@/]+(:\d{1,5})?/?)?$")
    concurrency: int = Field(50, ge=1, le=500)
    waiting: int = Field(500, ge=0, le=5000)
    connect_timeout_s: float = Field(10.0, gt=0, le=300)
    read_timeout_s: float = Field(20.0, gt=0, le=300)
    total_timeout_s: float = Field(60.0, gt=0, le=900)
    max_redirects: int = Field(10, ge=0, le=30)
    feed_max_bytes: int = Field(5_000_000, ge=10_000, le=100_000_000)
    page_max_bytes: int = Field(3_000_000, ge=10_000, le=20_000_000)


class Politeness(_Section):
    host_spacing_s: float = Field(5.0, ge=0, le=3600)
    host_at_once: int = Field(2, ge=1, le=100)
    source_spacing_s: float = Field(2.0, ge=0, le=3600)
    source_at_once: int = Field(4, ge=1, le=100)
    robots_for_pages: bool = True
    robots_for_feeds: bool = False


class Fetch(_Section):
    default_interval_s: int = Field(3600, ge=60, le=2_592_000)
    min_interval_s: int = Field(600, ge=30, le=86_400)
    max_interval_s: int = Field(86_400, ge=600, le=2_592_000)
    first_poll_days: float = Field(14, gt=0, le=36_500)
    parse_deadline_s: float = Field(10.0, gt=0, le=300)
    batch: int = Field(200, ge=1, le=5000)
    lease_s: float = Field(300.0, ge=1, le=86_400)


class Extract(_Section):
    processes: int = Field(2, ge=1, le=64)
    deadline_s: float = Field(10.0, gt=0, le=300)
    memory_max_bytes: int = Field(2_000_000_000, ge=500_000_000)
    batch: int = Field(40, ge=1, le=1000)
    lease_s: float = Field(300.0, ge=1, le=86_400)
    reread_hours: Hours = (1, 6, 24, 72)
    retry_hours: Hours = (1, 2, 4, 8, 12, 24)


class Stories(_Section):
    quiet_days: float = Field(4, gt=0, le=365)
    duplicates_days: float = Field(30, gt=0, le=3650)
    embeddings: str = Field("", pattern=r"^((sentence-transformers|model2vec):.+)?$")


class MailSettings(_Section):
    transport: Literal["folder", "smtp"] = "folder"
    folder: str = "mail"
    sender: str = Field("monitor@localhost", pattern=r"^[^@\s<>]+@[^@\s<>]+$")
    host: str = "localhost"
    port: int = Field(25, ge=1, le=65_535)
    tls: Literal["none", "starttls", "tls"] = "none"
    user: str = ""
    password: str = ""
    timeout_s: float = Field(30.0, gt=0, le=600)


class DigestSettings(_Section):
    title: str = Field("Media monitor", min_length=1, max_length=100)
    unsubscribe: str = Field("", pattern=r"^([^@\s<>]+@[^@\s<>]+)?$")
    retry_days: float = Field(2, gt=0, le=14)
    lease_s: float = Field(120.0, ge=1, le=86_400)


class Retention(_Section):
    pages_days: float = Field(14, gt=0, le=3650)
    poll_log_days: float = Field(30, gt=0, le=3650)


class Log(_Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class Settings(_Section):
    """Everything that can be configured. `folder` is where relative paths of the file start."""

    database: Database = Database()
    files: Files = Files()
    http: Http = Http()
    politeness: Politeness = Politeness()
    fetch: Fetch = Fetch()
    extract: Extract = Extract()
    stories: Stories = Stories()
    mail: MailSettings = MailSettings()
    digest: DigestSettings = DigestSettings()
    retention: Retention = Retention()
    log: Log = Log()
    folder: Path = Field(Path(), exclude=True)

    def path(self, name: str) -> Path:
        """A path of the configuration, relative ones taken from the folder of its file."""
        return self.folder / name


def load_settings(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the configuration: `file`, else MONITOR_CONFIG, else config/monitor.toml if there is one, else defaults.

    Raises ConfigError with one line for each thing that is wrong.
    """
    environment = os.environ if environment is None else environment
    chosen = chosen_file(file, environment)
    table = {} if chosen is None else read_toml(chosen)
    problems = _apply_environment(table, environment)
    name = str(chosen) if chosen else "the environment"
    folder = chosen.parent if chosen else Path()
    try:
        settings = Settings(**table, folder=folder)
    except ValidationError as error:
        problems += [_problem(name, item) for item in error.errors()]
    except TypeError:
        problems += [f"{name}: `folder` is no section"]
    if problems:
        raise ConfigError("\n".join(problems))
    return settings


def chosen_file(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Path | None:
    """Which configuration file is read; None when there is none, which leaves defaults and the environment."""
    environment = os.environ if environment is None else environment
    chosen = file or (Path(environment["MONITOR_CONFIG"]) if environment.get("MONITOR_CONFIG") else None)
    return DEFAULT_FILE if chosen is None and DEFAULT_FILE.is_file() else chosen


def set_by(file: Path | None = None, environment: Mapping[str, str] | None = None) -> dict[tuple[str, str], str]:
    """Who set each (section, key): "default", "file" or the name of an environment variable."""
    environment = os.environ if environment is None else environment
    chosen = chosen_file(file, environment)
    table = {} if chosen is None else read_toml(chosen)
    by: dict[tuple[str, str], str] = {}
    for variable, (section, key) in variables().items():
        by[section, key] = "file" if key in table.get(section, {}) else "default"
        for name in (variable, f"{variable}_FILE"):
            if name in environment and (name == variable or (section, key) in SECRETS):
                by[section, key] = name
    return by


def read_toml(file: Path) -> dict[str, Any]:
    """A TOML file as a dict. Raises ConfigError naming the file, and the line where it does not parse."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{file}: no such file; name another with --config or MONITOR_CONFIG") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: not valid TOML: {error}") from None


def _sections() -> dict[str, type[BaseModel]]:
    return {
        name: info.annotation
        for name, info in Settings.model_fields.items()
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)
    }


def variables() -> dict[str, tuple[str, str]]:
    """Which environment variable overrides which (section, key)."""
    return {
        f"{PREFIX}{section}_{key}".upper(): (section, key)
        for section, model in _sections().items()
        for key in model.model_fields
    }


def _apply_environment(table: dict[str, Any], environment: Mapping[str, str]) -> list[str]:
    known, problems = variables(), []
    for name in sorted(name for name in environment if name.startswith(PREFIX) and name not in OTHER_VARIABLES):
        value, target = environment[name], known.get(name)
        if target is None and known.get(name.removesuffix("_FILE")) in SECRETS:
            target = known[name.removesuffix("_FILE")]
            try:
                value = Path(value).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                problems.append(f"{name}: the file it names cannot be read: {error}")
                continue
        if target is None:
            near = difflib.get_close_matches(name, known, n=1)
            problems.append(f"{name}: no such setting" + (f"; did you mean {near[0]}?" if near else ""))
            continue
        section = table.setdefault(target[0], {})
        if isinstance(section, dict):
            section[target[1]] = value
    return problems


def _problem(name: str, item: Any) -> str:
    where = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        allowed = _allowed(item["loc"])
        near = difflib.get_close_matches(str(item["loc"][-1]), allowed, n=1)
        return f"{name}: {where}: no such key" + (f"; did you mean {near[0]}?" if near else f"; allowed: {allowed}")
    value = "(hidden)" if tuple(item["loc"]) in SECRETS else repr(item["input"])
    return f"{name}: {where} = {value}: {item['msg'].lower()}"


def _allowed(location: tuple[Any, ...]) -> list[str]:
    sections = _sections()
    if len(location) > 1 and location[0] in sections:
        return sorted(sections[location[0]].model_fields)
    return sorted(sections)
