"""The worst pages of an evaluation as one page to read: what is labelled beside what was read, differences marked.

Everything in it is escaped: labels and pages are somebody else's text. No script, nothing loaded from elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import urlsplit

from monitor.evaluate.extraction import ReadPage, odd_sentences, why
from monitor.text.sentences import sentences

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
section { border-top: 2px solid #888; margin-top: 2rem; }
.texts { display: grid; grid-template-columns: 1fr 1fr; gap: 2rem; }
.texts > div { overflow-wrap: anywhere; }
mark.missing { background: #ffd9b3; color: #000; } mark.extra { background: #cfe3ff; color: #000; }
@media (max-width: 45rem) { .texts { grid-template-columns: 1fr; } }
"""


def report_page(pages: Sequence[ReadPage]) -> str:
    """An HTML document about these pages, in the order given."""
    sections = "".join(_section(number, page) for number, page in enumerate(pages, start=1))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Worst pages</title>'
        f"<style>{_STYLE}</style></head><body><h1>The {len(pages)} worst pages</h1>"
        f'<p><mark class="missing">labelled, not read</mark> <mark class="extra">read, not labelled</mark></p>'
        f"{sections}</body></html>"
    )


def _section(number: int, page: ReadPage) -> str:
    missing, extra = odd_sentences(page.gold, page.found), odd_sentences(page.found, page.gold)
    return (
        f"<section><h2>{number}. F1 {page.overlap.f1:.3f}, half {page.half.upper()}</h2><p>{_link(page.url)}<br>"
        f"{escape(page.key)}</p><p>{escape(why(page))}</p><div class='texts'><div><h3>Labelled</h3>"
        f"{_marked(page.gold, set(missing), 'missing')}</div><div><h3>Read</h3>"
        f"{_marked(page.found, set(extra), 'extra')}</div></div></section>"
    )


def _link(url: str) -> str:
    shown = escape(url)
    return f'<a href="{shown}" rel="noreferrer">{shown}</a>' if urlsplit(url).scheme in {"http", "https"} else shown


def _marked(text: str, odd: set[str], kind: str) -> str:
    paragraphs = ([_sentence(one, odd, kind) for one in sentences(line)] for line in text.splitlines() if line.strip())
    return "".join(f"<p>{' '.join(paragraph)}</p>" for paragraph in paragraphs)


def _sentence(sentence: str, odd: set[str], kind: str) -> str:
    return f'<mark class="{kind}">{escape(sentence)}</mark>' if sentence in odd else escape(sentence)
