"""Which labelled sets there are, and what is aimed at on each. The data is not part of this repository."""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

FOLDER = os.environ.get("MONITOR_QUALITY_DATA", "")
N_ORDERS = 3


@dataclass(frozen=True)
class StorySet:
    """A file of stories; `target` is a BCubed F1, `latin_target` the mean of its other Latin languages."""

    name: str
    file: str
    target: float
    latin_target: float | None = None


STORIES = (
    StorySet("allsides", "stories/allsides_roundup_fulltext.jsonl.gz", 0.90),
    StorySet("wikinews", "stories/wikinews_sources.jsonl.gz", 0.91),
    StorySet("ecb+", "stories/ecbplus.jsonl.gz", 0.89),
    StorySet("basil", "stories/basil.jsonl.gz", 0.97),
    StorySet("og2021", "stories/og2021_titles.jsonl.gz", 0.76, latin_target=0.66),
)
LATIN = ("de", "es", "fr", "pt", "sl")
DENSE_SCRIPT = "dense_stream.py"
DENSE = StorySet("dense stream", DENSE_SCRIPT, 0.88)
DENSE_POLLUTED = 0.30
PAIRS = "duplicates/reuters_pairs.jsonl.gz"
PAIRS_PRECISION, PAIRS_RECALL, CANDIDATE_RECALL = 0.98, 0.98, 0.99
STREAM = "duplicates/reuters_stream.jsonl.gz"


def labelled_file(name: str) -> Path:
    """The file, or a skip that says what is missing."""
    if not FOLDER:
        pytest.skip("set MONITOR_QUALITY_DATA to the folder of the labelled data to measure quality")
    path = Path(FOLDER) / name
    if not path.is_file():
        pytest.skip(f"{path} does not exist: quality on this set was not measured")
    return path


def dense_stream(folder: Path) -> Path:
    """Made by the script beside the data, which lays the labelled sets among unlabelled background."""
    script = labelled_file(DENSE_SCRIPT)
    path = folder / "dense.jsonl.gz"
    subprocess.run([sys.executable, str(script), str(path)], check=True, stdout=subprocess.DEVNULL)
    return path


def corpus_hash(path: Path) -> str:
    """SHA-256 of what a file says, however it is packed."""
    data = path.read_bytes()
    return hashlib.sha256(gzip.decompress(data) if path.suffix == ".gz" else data).hexdigest()
