"""Where logs go: to stderr, so that stdout holds results alone; lines for people or JSON for programs."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer

from monitor.text.normalise import clean_line


def log_to_stderr(level: str, style: str) -> None:
    """`level` and `style` are log.level and log.format of the configuration."""
    without_locals = ExceptionDictTransformer(show_locals=False)  # locals hold settings, and those hold secrets
    for_programs = (structlog.processors.ExceptionRenderer(without_locals), structlog.processors.JSONRenderer())
    for_people = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _one_line,
            *(for_programs if style == "json" else (_kept if level == "debug" else _named, for_people)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def _kept(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return event


def _named(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An unexpected error by its name; log.level = "debug" shows where it happened."""
    if event.pop("exc_info", None):
        error = sys.exc_info()[1]
        event["error"] = clean_line(f"{type(error).__name__}: {error}")[:300]
    return event


def _one_line(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What came from a feed or server must not forge a line or command the terminal."""
    return {key: clean_line(value) if isinstance(value, str) else value for key, value in event.items()}
