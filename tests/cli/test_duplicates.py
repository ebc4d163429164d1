"""`monitor duplicates` and `monitor releases`, on the small newsroom."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import HOSTILE, OTHER, WIRE, Monitor


def test_a_copy_group_is_shown_from_any_of_its_members(monitor: Monitor) -> None:
    found = monitor("duplicates", "show", 3, "--json").document
    assert (found["original"]["id"], [one["id"] for one in found["copies"]]) == (1, [2, 3])
    assert {one["kind"] for one in found["copies"]} == {"syndicated"}
    assert {one["is_order_certain"] for one in found["copies"]} == {False}
    assert found == monitor("duplicates", "show", "https://wire.example/treaty", "--json").document
    shown = monitor("duplicates", "show", 2)
    assert "Alpine Wire" in shown.out
    assert "syndicated" in shown.out
    alone = monitor("duplicates", "show", 4)
    assert "no copies" in alone.out
    assert "\x1b" not in alone.out
    assert "geheim" not in alone.out


def test_the_window_is_compared_again_and_gives_the_same_groups(monitor: Monitor) -> None:
    before = monitor("duplicates", "show", 1, "--json").document
    assert monitor("duplicates", "rebuild", "--json").document["n_compared"] == 4
    assert monitor("duplicates", "rebuild", "--since", "2001-01-01").out.startswith("4 articles compared")
    assert monitor("duplicates", "show", 1, "--json").document == before


def test_the_pick_up_of_a_registered_text_is_shown_until_it_is_removed(monitor: Monitor, tmp_path: Path) -> None:
    file = tmp_path / "release.txt"
    file.write_text(f"The treaty\n{WIRE}", encoding="utf-8")
    added = monitor("releases", "add", file, "--name", HOSTILE, "--who", "press office", "--json").document
    assert added["is_new"]
    assert not monitor("releases", "add", file, "--json").document["is_new"]
    assert "not yet" in monitor("releases", "show", added["id"]).out
    monitor("duplicates", "rebuild")
    found = monitor("releases", "show", added["id"], "--json").document
    assert [(one["id"], one["kind"]) for one in found["pickup"]] == [(1, "copy"), (2, "copy"), (3, "copy")]
    assert [one["share_taken"] > 0.7 for one in found["pickup"]] == [True, True, True]
    assert [one["n_articles"] for one in found["families"]] == [1, 1, 1]
    shown = monitor("releases", "show", added["id"]).out
    assert "3 publisher families" in shown
    assert "\x1b" not in shown
    assert monitor("releases", "list", "--json").document[0]["n_taken"] == 3
    assert monitor("releases", "remove", added["id"]).code == 0
    assert monitor("releases", "list", "--json").document == []
    assert monitor("releases", "show", added["id"]).code == 1


def test_what_cannot_be_registered_gets_a_sentence(monitor: Monitor, tmp_path: Path) -> None:
    short, binary = tmp_path / "short.txt", tmp_path / "binary.bin"
    short.write_text("Read all about it.", encoding="utf-8")
    binary.write_bytes(b"\x00\x01\x02")
    latin = tmp_path / "latin.txt"
    latin.write_bytes(("Die Brücke von Tölz wird am Montag für 300 Gäste eröffnet. " * 9).encode("latin-1"))
    assert "UTF-8" in monitor("releases", "add", latin).err
    whole = tmp_path / "whole.txt"
    whole.write_text(WIRE, encoding="utf-8")
    assert "1990" in monitor("releases", "add", whole, "--date", "0001-01-01").err
    for arguments in ((short,), (binary,), (tmp_path / "none.txt",), (short, "--date", "2999-01-01")):
        ran = monitor("releases", "add", *arguments)
        assert ran.code in {1, 2}
        assert ran.err.strip()
        assert "Traceback" not in ran.err


def test_a_page_is_registered_as_its_article(monitor: Monitor, tmp_path: Path) -> None:
    paragraphs = "".join(f"<p>{line}</p>" for line in OTHER.splitlines())
    file = tmp_path / "release.html"
    file.write_text(f"<html><body><article><h1>Football</h1>{paragraphs}</article></body></html>", encoding="utf-8")
    assert monitor("releases", "add", file, "--date", "2020-02-03", "--json").document["n_words"] > 60
    assert monitor("releases", "list", "--json").document[0]["published_at"] == "2020-02-03T00:00:00Z"
