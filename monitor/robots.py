"""May we ask for a URL, by its host's robots.txt? How long does the host want us to wait between two requests?

RFC 9309, parsed and matched by protego. Pure: what was answered comes in, a verdict goes out. Hostile files: no more
than the first 500 KiB count, and every group for another robot gets one and the same name before it is parsed, since
protego keeps each rule once for every robot of its group: 3,000 robots with 3,000 rules take it 14 s, and like this the
worst file of that size that was found 0.3 s.
What cannot be read as a rule is none: it never forbids anything. A verdict is for the URL asked for; where redirects
lead is not judged again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from protego import Protego

from monitor.types import Failure, Reason, Response

#: The product token of our user agent.
PRODUCT = "media-monitor"
KEPT = timedelta(hours=24)
#: How long it is known that robots.txt could not be had.
KEPT_FAILURE = timedelta(hours=1)
#: RFC 9309 section 2.5: at least 500 KiB must be read. What is longer is cut off, and much longer is no robots.txt.
MAX_READ_BYTES = 512_000
MAX_BYTES = 2_000_000
MAX_LINES = 10_000
MAX_LINE_CHARS = 2_048
MAX_CRAWL_DELAY_S = 60.0
ACCEPT = "text/plain, */*;q=0.5"

_AGENT = re.compile(r"user[- ]?agent(?:\s*:|\s)\s*(.*)", re.IGNORECASE)
_PRODUCT_NAME = re.compile(r"[A-Za-z_-]+")
#: The guard refuses the page, too, and says why; and a redirect without end is as good as no robots.txt (RFC 9309).
_AS_GOOD_AS_NONE = frozenset({Reason.BAD_URL, Reason.BLOCKED_ADDRESS, Reason.TOO_MANY_REDIRECTS})


@dataclass(frozen=True, slots=True)
class Rules:
    """What a robots.txt says: its lines that count, "" for no rules, and the seconds between two requests."""

    text: str
    crawl_delay_s: float | None


def robots_url(url: str) -> str:
    """Where the robots.txt for an absolute http(s) URL lies."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/robots.txt"


def read_answer(answer: Response | Failure) -> Rules | Reason:
    """The rules that an answer to asking for robots.txt gives, for this product.

    Reason: why nobody can say. 4xx means that there are no rules (RFC 9309 section 2.3.1.3), except for 429, which asks
    for patience.
    """
    if isinstance(answer, Failure):
        return Rules("", None) if answer.reason in _AS_GOOD_AS_NONE else answer.reason
    if 200 <= answer.status < 300:
        text = rules_of(answer.body)
        return Rules(text, crawl_delay_s(text))
    if 400 <= answer.status < 500 and answer.status != 429:
        return Rules("", None)
    return Reason.of_status(answer.status)


def rules_of(body: bytes) -> str:
    """The lines of a robots.txt that count, in a form that is cheap to parse whatever they hold."""
    text = body[:MAX_READ_BYTES].decode("utf-8-sig", "replace")
    lines = (_normal_line(line.partition("#")[0].strip()) for line in text.splitlines())
    return "\n".join([line for line in lines if line][:MAX_LINES])


def _normal_line(line: str) -> str:
    agent = _AGENT.match(line)
    if agent is not None:
        return f"User-agent: {_agent_name(agent[1])}"
    return line if len(line) <= MAX_LINE_CHARS else ""


def _agent_name(value: str) -> str:
    """RFC 9309 section 2.2.1: a group is ours by its product token, without version; or it is everybody's."""
    if value == "*":
        return "*"
    product = _PRODUCT_NAME.match(value)
    return PRODUCT if product is not None and product[0].lower() == PRODUCT else "another"


def refusal(rules: str | None, url: str) -> Reason | None:
    """Why a URL must not be asked for by the rules of its host; None: it may be.

    `rules` is the text that `read_answer` gave, None where nobody can say.
    """
    if rules is None:
        return Reason.ROBOTS_UNREACHABLE
    if not rules or Protego.parse(rules).can_fetch(url, PRODUCT):
        return None
    return Reason.ROBOTS


def crawl_delay_s(rules: str) -> float | None:
    """Seconds between two requests that the rules ask us for, up to a minute; None when they ask for none."""
    delay_s = Protego.parse(rules).crawl_delay(PRODUCT)
    return min(delay_s, MAX_CRAWL_DELAY_S) if delay_s else None
