"""Screenshots of a rendered mail: `python -m tests.chromium.screenshots digest.html OUTDIR`.

Writes digest-360-light.png and so on, for three widths and both colour schemes.
"""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path

from tests.chromium.browser import Browser, Scheme, find_chromium

WIDTHS = (360, 600, 1200)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
# Enough to see the head and some stories; whole mails make large files.
MAX_HEIGHTS = {360: 1250, 600: 1000, 1200: 800}


def take_screenshots(html: Path, folder: Path, *, path: str, max_height: int | None = None) -> list[Path]:
    """One PNG per width and scheme, named after the HTML file."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = []
    with Browser(path) as browser:
        for width, scheme in product(WIDTHS, SCHEMES):
            browser.open(html, width=width, scheme=scheme)
            picture = folder / f"{html.stem}-{width}-{scheme}.png"
            picture.write_bytes(browser.screenshot(max_height=max_height or MAX_HEIGHTS[width]))
            pictures.append(picture)
    return pictures


def main(arguments: list[str]) -> int:
    if len(arguments) not in {2, 3}:
        print("usage: python -m tests.chromium.screenshots DIGEST.html OUTDIR [MAX_HEIGHT]", file=sys.stderr)  # noqa: T201
        return 2
    path = find_chromium()
    if path is None:
        print("No Chromium was found: install it, or name it in MONITOR_TEST_CHROMIUM.", file=sys.stderr)  # noqa: T201
        return 1
    max_height = int(arguments[2]) if len(arguments) == 3 else None
    for picture in take_screenshots(Path(arguments[0]), Path(arguments[1]), path=path, max_height=max_height):
        print(f"{picture} {picture.stat().st_size:,} bytes")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
