"""How is the spread of a story over time drawn in one line?

A bar for each hour from its first article to its last, as high as the hour had articles; for a story of more hours than
there are columns a bar for each few hours alike. A blank is an hour without an article.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from monitor.cli.output import brief, counted
from monitor.types import StoryHour

N_COLUMNS = 48
_BARS = "▁▂▃▄▅▆▇█"
_HOUR = timedelta(hours=1)


def spread(hours: Sequence[StoryHour]) -> str:
    """The line for a story's hours, in their order, with its scale; "" without any."""
    if not hours:
        return ""
    first, last = hours[0].hour_at, hours[-1].hour_at
    n_hours = (last - first) // _HOUR + 1
    width = -(-n_hours // N_COLUMNS)
    counts = [0] * -(-n_hours // width)
    for hour in hours:
        counts[(hour.hour_at - first) // _HOUR // width] += hour.n_articles
    most = max(counts)
    bars = "".join(_BARS[-(-len(_BARS) * count // most) - 1] if count else " " for count in counts)
    each = "an hour" if width == 1 else f"in {width} hours"
    when = brief(first) if n_hours == 1 else f"{brief(first)} to {brief(last)}"
    return f"|{bars}| {when} UTC, at most {counted(most, 'article')} {each}"
