"""How much of the article does the product read from labelled pages, and what else does it take for the article?

A folder of pages (ID.html or ID.html.gz) and a file of what they say: {ID: {"articleBody": text, "url": url}}, as the
article-extraction-benchmark has them. Bare trafilatura reads the same pages in the same run. The pages fall into two
halves by a hash of their ids: rules are tuned on half A, and half B tells whether they hold elsewhere.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.errors import UsageError
from monitor.evaluate.shingles import Overlap, mean_scores, overlap, words_of
from monitor.extract.extractor import read_text_of_bytes
from monitor.extract.given import article_from_document
from monitor.text.sentences import sentences
from monitor.types import ExtractedArticle
from monitor.workers import WorkerPool, WorkFailure

N_WORST = 10
DEADLINE_S = 60.0
_QUOTED_CHARS = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage:
    """One labelled page: what it says, what was read, and what bare trafilatura reads."""

    key: str
    url: str
    gold: str
    found: str
    bare: str

    @property
    def overlap(self) -> Overlap:
        return overlap(self.gold, self.found)

    @property
    def half(self) -> str:
        return "a" if hashlib.sha256(self.key.encode()).digest()[0] % 2 == 0 else "b"


def read_pages(
    folder: Path, gold: Path, workers: WorkerPool, *, on_done: Callable[[int, int], None] | None = None
) -> list[ReadPage]:
    """All labelled pages of a folder, read. UsageError where a page or its label is missing. `on_done`: (done, all)."""
    labels = _labels(gold)
    paths = [_path_of(folder, key) for key in labels]
    given = [(str(path), str(label.get("url") or "")) for path, label in zip(paths, labels.values(), strict=True)]
    report = None if on_done is None else (lambda n: on_done(n, len(given)))
    results = workers.run(read_both, given, deadline_s=DEADLINE_S, on_done=report)
    pages = []
    for (key, label), result in zip(labels.items(), results, strict=True):
        found, bare = ("", "") if isinstance(result, WorkFailure) else result
        pages.append(ReadPage(key=key, url=str(label.get("url")), gold=label["articleBody"], found=found, bare=bare))
    return pages


def read_both(path: str, url: str) -> tuple[str, str]:
    """What the product and what bare trafilatura read from a file; runs in a worker."""
    body = Path(path).read_bytes()
    if path.endswith(".gz"):
        body = gzip.decompress(body)
    article = article_from_document(body, url, "text/html", None)
    return article.text if isinstance(article, ExtractedArticle) else "", read_text_of_bytes(body)


def figures_of(pages: Sequence[ReadPage]) -> dict[str, Any]:
    """{n_pages, n_without_text, f1, precision, recall, bare, half_a, half_b, worst}; halves may be empty (zeros)."""
    halves = {name: [page for page in pages if page.half == name] for name in ("a", "b")}
    return {
        "n_pages": len(pages),
        "n_without_text": sum(not page.found.strip() for page in pages),
        **mean_scores([page.overlap for page in pages]),
        "bare": _bare(pages),
        **{
            f"half_{name}": {
                "n_pages": len(half),
                **mean_scores([page.overlap for page in half]),
                "bare_f1": _bare(half)["f1"],
            }
            for name, half in halves.items()
        },
        "worst": [
            {"id": page.key, "url": page.url, "f1": round(page.overlap.f1, 3), "why": why(page)}
            for page in worst(pages)
        ],
    }


def _bare(pages: Sequence[ReadPage]) -> dict[str, float]:
    return mean_scores([overlap(page.gold, page.bare) for page in pages])


def worst(pages: Sequence[ReadPage]) -> list[ReadPage]:
    """The pages with the lowest F1, the worst first."""
    return sorted(pages, key=lambda page: (page.overlap.f1, page.key))[:N_WORST]


def why(page: ReadPage) -> str:
    """What is too much and what is missing, each with how much it weighs and its longest sentence."""
    if not page.found.strip():
        return "no text was found"
    parts = [
        f"{share:.0%} {what}: {_longest(odd_sentences(text, other))}"
        for what, share, text, other in (
            ("missing", page.overlap.missing, page.gold, page.found),
            ("too much", page.overlap.extra, page.found, page.gold),
        )
        if share >= 0.005
    ]
    return "; ".join(parts) or "nothing"


def odd_sentences(text: str, other: str) -> list[str]:
    """Sentences of a text whose words do not stand in the other one in this order."""
    known = f" {' '.join(words_of(other))} "
    return [sentence for sentence in sentences(text) if f" {' '.join(words_of(sentence))} " not in known]


def _longest(odd: Sequence[str]) -> str:
    if not odd:
        return "words, no whole sentence"
    longest = max(odd, key=len)
    short = longest if len(longest) <= _QUOTED_CHARS else f"{longest[:_QUOTED_CHARS].rsplit(' ', 1)[0]} ..."
    return f"{len(odd)} sentences, as: {short}" if len(odd) > 1 else short


def _labels(path: Path) -> Mapping[str, Mapping[str, Any]]:
    try:
        labels = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(labels, dict) or not labels:
        raise UsageError(f"{path} must be one JSON object of page ids and labels, with at least one")
    for key, label in labels.items():
        if not isinstance(label, dict) or not isinstance(label.get("articleBody"), str):
            raise UsageError(f"{path}: the label of page {str(key)[:80]!r} has no articleBody")
    return labels


def _path_of(folder: Path, key: str) -> Path:
    for path in (folder / f"{key}.html.gz", folder / f"{key}.html"):
        if path.parent == folder and path.is_file():
            return path
    raise UsageError(f"{folder} has no page {str(key)[:80]}.html.gz or .html")
