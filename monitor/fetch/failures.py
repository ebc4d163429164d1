"""How much does a failed poll weigh against its feed, and how is it told to a person?

The classes are Media Cloud's: hard 1, soft 0.5, temporary 0.25. Two of them are placed otherwise, since here they say
more about the way than about the feed: a timeout and a lost connection are temporary, where Media Cloud calls them
soft. Says nothing about how long to wait (monitor/fetch/polling.py).
"""

from __future__ import annotations

from monitor.types import Reason

_HARD, _SOFT, _TEMPORARY = 1.0, 0.5, 0.25
_HARD_REASONS = (
    Reason.BAD_URL,
    Reason.BLOCKED_ADDRESS,
    Reason.UNAUTHORIZED,
    Reason.PAYMENT_REQUIRED,
    Reason.FORBIDDEN,
    Reason.GONE,
    Reason.LEGAL,
    Reason.HTTP_ERROR,
    Reason.ENTITIES,
    Reason.MERGED,
    Reason.ROBOTS,
)
_TEMPORARY_REASONS = (
    Reason.DNS_TEMPORARY,
    Reason.TIMEOUT,
    Reason.DISCONNECTED,
    Reason.OUT_OF_MEMORY,
    Reason.WORKER_DIED,
    Reason.TEMPORARY,
    Reason.ROBOTS_UNREACHABLE,
)
_WEIGHTS: dict[Reason, float] = {
    **dict.fromkeys(_HARD_REASONS, _HARD),
    **dict.fromkeys(_TEMPORARY_REASONS, _TEMPORARY),
    Reason.STOPPED: 0.0,  # we stopped, the feed did nothing wrong
}

_WORDS: dict[Reason, str] = {
    Reason.BAD_URL: "the address is no http or https address that can be asked",
    Reason.BLOCKED_ADDRESS: "the address, or one it redirects to, is not on the public web and must not be asked",
    Reason.DNS: "the name of the server is not known",
    Reason.DNS_TEMPORARY: "no name server could be asked for the server's name",
    Reason.REFUSED: "the server refuses the connection",
    Reason.TLS: "no secure connection can be made, as with an expired or foreign certificate",
    Reason.TIMEOUT: "the server did not answer in time",
    Reason.DISCONNECTED: "the connection broke off",
    Reason.PROTOCOL: "the answer is no proper HTTP",
    Reason.TOO_LARGE: "the answer is larger than is read",
    Reason.TOO_MANY_REDIRECTS: "the address redirects too often or in a circle",
    Reason.BAD_ENCODING: "the answer is compressed in a way that cannot be read",
    Reason.STOPPED: "the monitor was stopped before the answer was complete",
    Reason.UNAUTHORIZED: "the server asks for a password",
    Reason.PAYMENT_REQUIRED: "the server asks for payment",
    Reason.FORBIDDEN: "the server does not let us read this page",
    Reason.NOT_FOUND: "the server says that there is no such page",
    Reason.GONE: "the server says that this page has been taken away for good",
    Reason.RATE_LIMITED: "the server says that it is asked too often",
    Reason.LEGAL: "the server may not show this page for legal reasons",
    Reason.CHALLENGE: "the server wants proof that a person asks, and shows a wall against robots",
    Reason.SERVER_ERROR: "the server has trouble of its own",
    Reason.HTTP_ERROR: "the server does not accept the request",
    Reason.MERGED: "the feed moved to an address that is polled already",
    Reason.ERASED: "the article was erased here and is not taken in again",
    Reason.ROBOTS: "the site's robots.txt forbids asking for this page",
    Reason.ROBOTS_UNREACHABLE: "the site's robots.txt cannot be read, so nobody can say whether asking is allowed",
    Reason.NOT_A_FEED: "what the server sends is no feed that can be read",
    Reason.ENTITIES: "the document declares XML entities, which are not expanded for safety",
    Reason.PARSE_TIMEOUT: "reading the document took too long",
    Reason.EMPTY: "the answer is empty",
    Reason.NOT_HTML: "the answer is no web page",
    Reason.PDF: "the answer is a PDF document, no web page",
    Reason.MEDIA: "the answer is a picture, a sound or a film, no web page",
    Reason.EXTRACT_TIMEOUT: "finding the text in the page took too long",
    Reason.OUT_OF_MEMORY: "reading the document took too much memory",
    Reason.WORKER_DIED: "the process that read the document died",
    Reason.REFUSED_RECIPIENT: "the mail server refuses this recipient",
    Reason.TEMPORARY: "it could not be done just now",
    Reason.CONSENT: "the page asks for consent before it shows anything",
    Reason.JS_ONLY: "the page is filled by scripts alone",
    Reason.ERASED: "what the page says was erased here for good",
    Reason.SHRUNK: "most of the text is not on the page any more",
    Reason.GAVE_UP: "several attempts ended without a result",
}


def weight_of(reason: Reason) -> float:
    """What one failure adds to a feed's `n_failures`."""
    return _WEIGHTS.get(reason, _SOFT)


def explain_failure(reason: Reason, status: int | None) -> str:
    """What went wrong, as part of a sentence. `status` is told where it is one of failure (400 and above)."""
    return f"{_WORDS[reason]} ({status})" if status is not None and status >= 400 else _WORDS[reason]
