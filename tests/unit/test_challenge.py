from __future__ import annotations

import pytest

from monitor.fetch.challenge import is_challenge


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"cf-mitigated": "challenge"}, b""),
        ({"x-amzn-waf-action": "captcha"}, b""),
        ({"sg-captcha": "challenge"}, b"<html></html>"),
        ({}, b"<html><script>window._cf_chl_opt={}</script></html>"),
        ({}, b'<html><script src="https://ct.captcha-delivery.com/c.js"></script></html>'),
        ({}, b'<html><script id="anubis_challenge" type="application/json">{}</script></html>'),
    ],
)
def test_walls_are_known_by_their_marks(headers: dict[str, str], body: bytes) -> None:
    assert is_challenge(headers, body)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b""),
        ({"server": "cloudflare", "cf-ray": "1"}, b"<html><h1>403 Forbidden</h1></html>"),
        ({}, b"<html><p>Are you a robot? An article about captchas.</p></html>"),
        ({}, b'<?xml version="1.0"?><rss version="2.0"><channel><title>_cf_chl_opt</title></channel></rss>'),
        ({}, b"<!-- made by x --><feed xmlns='http://www.w3.org/2005/Atom'><title>px-captcha</title></feed>"),
    ],
)
def test_what_only_speaks_of_robots_is_no_wall(headers: dict[str, str], body: bytes) -> None:
    assert not is_challenge(headers, body)
