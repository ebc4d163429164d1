"""What the product costs beside the bare library that does the same: ratios in one run, medians of three rounds."""

from __future__ import annotations

import pytest
import trafilatura

from monitor.data_files import data_folder
from monitor.extract.page import extract_article
from monitor.types import FeedHints
from tests.bench.figures import median_s, report

pytestmark = pytest.mark.bench

SITES = data_folder("seeds") / "newsroom" / "sites"


def test_reading_pages_keeps_most_of_the_speed_of_bare_trafilatura() -> None:
    pages = [path.read_bytes() for path in sorted(SITES.rglob("*.html"))[:40]]
    hints = FeedHints()

    def ours() -> None:
        for page in pages:
            extract_article(page, url="http://a.example/x", content_type="text/html", status=200, hints=hints)

    def bare() -> None:
        for page in pages:
            trafilatura.bare_extraction(page, with_metadata=True, include_comments=False)

    ours()
    assert report("pages read", median_s(ours), median_s(bare), len(pages)) > 0.3
