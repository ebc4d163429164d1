"""What the documents name exists: commands with their options, make targets, configuration keys, files, sections."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer

from monitor.cli.main import cli
from monitor.config import Settings
from tests.docs.documents import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "CHANGELOG.md"]
SHELL = re.compile(r"^ *```(?:sh|crontab|text)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`]+)`")
CALL = re.compile(r"(?:\S+=\S+ |cd \S+ && |\S+ exec \S+ |\S+ \S+ \S+ \S+ \S+ cd \S+ && )*(?:\S*/)?monitor ([a-z].*)")
LINK = re.compile(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"")
KEY = re.compile(r"`(\w+)\.(?!(?:html|txt|eml|css|py)`)(\w+)(?: = [^`]*)?`")
PLACE = re.compile(r"`((?:monitor|tests|docs|config|seeds|migrations)/[\w./-]+)`")


def commands(text: str) -> Iterator[list[str]]:
    """The words after `monitor` wherever a document shows how to call it."""
    inline = [" ".join(words.split()) for words in INLINE.findall(FENCED.sub("", text))]
    for line in [line.strip() for block in SHELL.findall(text) for line in block.splitlines()] + inline:
        if found := CALL.match(line.split("  #")[0]):
            yield shlex.split(found[1].split(" 2>>")[0])


def unknown(words: list[str]) -> str | None:
    """The first word that the command line does not know."""
    command: click.Command = typer.main.get_command(cli)
    rest = list(words)
    while rest and hasattr(command, "commands"):
        if rest[0] not in command.commands:
            return rest[0]
        command = command.commands[rest.pop(0)]
    options = {name for parameter in command.params for name in parameter.opts} | {"--config", "--debug"}
    return next((word for word in rest if word.startswith("--") and word not in options), None)


def headings(file: Path) -> set[str]:
    """The anchors of a document, as they are made of its headings."""
    titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.name)


@every_document
def test_every_command_that_a_document_shows_exists(document: Path) -> None:
    shown = list(commands(document.read_text(encoding="utf-8")))
    assert [(words, unknown(words)) for words in shown if unknown(words)] == []


def test_the_readme_shows_many_commands_and_a_wrong_one_would_be_seen() -> None:
    assert len(list(commands((ROOT / "README.md").read_text(encoding="utf-8")))) > 20
    assert unknown(["feeds", "nonsense"]) == "nonsense"
    assert unknown(["stories", "list", "--nonsense"]) == "--nonsense"


@every_document
def test_every_make_target_that_a_document_shows_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^|\$ )make ([a-z-]+)", document.read_text(encoding="utf-8"), re.MULTILINE)) <= targets


@every_document
def test_every_configuration_key_that_a_document_names_exists(document: Path) -> None:
    sections = Settings.model_fields
    named = [key for key in KEY.findall(document.read_text(encoding="utf-8")) if key[0] in sections]
    assert [key for key in named if key[1] not in type(getattr(Settings(), key[0])).model_fields] == []


@every_document
def test_every_link_and_file_that_a_document_names_leads_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in ("".join(found) for found in LINK.findall(text)):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        place = document.parent / file if file else document
        assert place.exists(), target
        assert not anchor or anchor in headings(place), target
    to_be_made = {"monitor/fetch/json_feed.py", "monitor/_data"}
    assert [place for place in PLACE.findall(text) if place not in to_be_made and not (ROOT / place).exists()] == []
