from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.challenges import MAX_BODY_BYTES, challenge_of

HTML = {"content-type": "text/html; charset=utf-8"}


def page(head: str = "", body: str = "", title: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>".encode()


def script(text: str) -> str:
    return f"<script>{text}</script>"


HEADER_MARKS = [
    (403, {"cf-mitigated": "challenge"}, "Cloudflare"),
    (429, {"cf-mitigated": "challenge", "retry-after": "60"}, "Cloudflare"),
    (202, {"x-amzn-waf-action": "challenge"}, "AWS WAF"),
    (405, {"x-amzn-waf-action": "captcha"}, "AWS WAF"),
    (429, {"x-vercel-mitigated": "challenge"}, "Vercel"),
    (403, {"x-vercel-mitigated": "Challenge "}, "Vercel"),
    (403, {"x-datadome": "protected"}, "DataDome"),
    (403, {"x-dd-b": "1"}, "DataDome"),
    (429, {"x-kpsdk-ct": "0a1b"}, "Kasada"),
    (403, {"x-sucuri-block": "BOT02"}, "Sucuri"),
]

BODY_MARKS = [
    (403, page(script("window._cf_chl_opt = {cvId: '3'};"), title="Just a moment..."), "Cloudflare"),
    (503, page(body='<div class="cf-browser-verification">Checking your browser</div>'), "Cloudflare"),
    (403, page(title="Attention Required! | Cloudflare"), "Cloudflare"),
    (403, page(body='<h1>Error <span class="cf-error-code">1020</span></h1>Access denied'), "Cloudflare"),
    (403, page(body='<script src="https://ct.captcha-delivery.com/c.js"></script>', title="news.example"), "DataDome"),
    (403, b'{"url":"https://geo.captcha-delivery.com/captcha/?initialCid=x"}', "DataDome"),
    (200, page(body='<div id="sec-if-cpt-container"></div>Powered and protected by'), "Akamai"),
    (
        403,
        b"<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\nReference&#32;&#35;18&#46;4f9f6d17</BODY></HTML>",
        "Akamai",
    ),
    (403, page(body='<div id="px-captcha"></div>', title="Access to this page has been denied"), "PerimeterX/HUMAN"),
    (403, b'{"appId":"PXabc12345","jsClientSrc":"/x","blockScript":"/y/captcha.js"}', "PerimeterX/HUMAN"),
    (
        200,
        page(
            body='<iframe id="main-iframe" src="/_Incapsula_Resource?CWUDNSAI=9&xinfo=1">Request unsuccessful</iframe>'
        ),
        "Imperva",
    ),
    (200, page(script("onProtectionInitialized()"), title="Pardon Our Interruption"), "Imperva"),
    (202, page(script("window.awsWafCookieDomainList = []; window.gokuProps = {};")), "AWS WAF"),
    (
        200,
        page('<script id="anubis_challenge" type="application/json">{}</script>', "Loading... " + "word " * 200),
        "Anubis",
    ),
    (503, page(script("var s={},sucuri_cloudproxy_js='',S='YT0'"), title="You are being redirected..."), "Sucuri"),
    (403, page(title="Sucuri WebSite Firewall - Access Denied"), "Sucuri"),
    (
        403,
        page('<script src="/.well-known/ddos-guard/js-challenge/index.js"></script>', title="DDoS-Guard"),
        "DDoS-Guard",
    ),
    (429, page(body="We're verifying your browser", title="Vercel Security Checkpoint"), "Vercel"),
    (
        429,
        b"<html><head></head><body><script>window.KPSDK={};</script><script src='/149e/ips.js?x=1'></script>",
        "Kasada",
    ),
    (
        202,
        b'<html><head><meta http-equiv="refresh" content="0;/.well-known/sgcaptcha/?r=%2F"></meta></head></html>',
        "unknown captcha",
    ),
    (401, page(body='<div class="g-recaptcha" data-sitekey="6L"></div>', title="Are you a robot?"), "unknown captcha"),
]


@pytest.mark.parametrize(("status", "headers", "name"), HEADER_MARKS)
def test_a_wall_is_known_by_a_header_that_it_sets_where_it_steps_in(
    status: int, headers: dict[str, str], name: str
) -> None:
    assert challenge_of(status, headers, b"") == name


@pytest.mark.parametrize(("status", "body", "name"), BODY_MARKS)
def test_a_wall_is_known_by_its_page(status: int, body: bytes, name: str) -> None:
    assert challenge_of(status, HTML if body[:1] == b"<" else {"content-type": "application/json"}, body) == name


PARAGRAPH = "<p>" + "The council met on Monday and decided little. " * 40 + "</p>"

NO_WALLS = [
    # ordinary answers of servers behind a wall
    (200, {"cf-ray": "8a1", "server": "cloudflare", "cf-cache-status": "HIT"}, page(body=PARAGRAPH)),
    (403, {"server": "cloudflare", "cf-ray": "8a1"}, page(body="Forbidden")),
    (403, {"server": "ddos-guard"}, page(body="Forbidden")),
    (403, {"server": "AkamaiGHost"}, page(title="Access Denied", body="Ask the editor")),
    (200, {"x-datadome": "protected"}, page(body="Short but real")),
    (200, {"x-kpsdk-ct": "0a1b"}, page(body="Short but real")),
    (403, {"x-vercel-mitigated": "deny"}, b""),
    (403, {"cf-mitigated": "block"}, b""),
    (403, {"x-dd-b": "0"}, b""),
    (200, {"x-iinfo": "1-2-3", "x-cdn": "Imperva"}, page(body="Short but real")),
    # scripts of walls that watch ordinary pages
    (200, HTML, page(script("window._pxAppId='PXabc12345'"), "Weather: rain")),
    (200, HTML, page('<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>', "Weather: rain")),
    (200, HTML, page('<script src="/_Incapsula_Resource?SWJIYLWA=719"></script>', "Weather: rain")),
    (200, HTML, page('<script src="https://js.datadome.co/tags.js"></script>', "Weather: rain")),
    (200, HTML, page(body='<form class="comments"><div class="g-recaptcha"></div></form>', title="Weather")),
    (200, HTML, page(body='<div id="px-captcha"></div>' + PARAGRAPH)),
    # articles about captchas, with and without the marks in their text
    (200, HTML, page(body=f"<h1>Why every captcha asks you to verify you are human</h1>{PARAGRAPH}", title="Captcha")),
    (200, HTML, page(body="<article><div class='h-captcha'></div>Soon.</article>", title="Captcha: are you a robot?")),
    (200, HTML, page(body="<code>&lt;script id=&quot;anubis_challenge&quot;&gt;</code>", title="How Anubis works")),
    (200, HTML, page(body="Just a moment... Checking your browser. Verify you are human.", title="Just a moment...")),
    (200, HTML, page('<meta property="og:type" content="article">', '<div class="h-captcha">', title="Captcha")),
    # paywalls and logins
    (401, {**HTML, "www-authenticate": "Basic"}, page(body="Sign in to read on", title="Unauthorized")),
    (403, HTML, page(body="Subscribe for 1 euro. <div class='g-recaptcha'></div>", title="Subscribe to continue")),
    (200, HTML, page(script("window._pxAppId='PXabc12345'"), "Subscribe to read", title="For subscribers")),
    # no pages
    (200, {"content-type": "application/rss+xml"}, b"<?xml version='1.0'?><rss><item>_cf_chl_opt</item></rss>"),
    (200, HTML, b"<?xml version='1.0'?><rss version='2.0'><channel><title>DDoS-Guard</title></channel></rss>"),
    (200, HTML, b"<feed xmlns='http://www.w3.org/2005/Atom'><title>Vercel Security Checkpoint</title></feed>"),
    (200, {"content-type": "application/json"}, b'{"url":"https://geo.captcha-delivery.com/captcha/"}'),
    (403, {"content-type": "application/json"}, b'{"error":"not allowed","about":"captcha-delivery.com"}'),
    (200, {"content-type": "text/plain"}, b"window.gokuProps = 1"),
    (429, {"retry-after": "10"}, page(body="Too many requests", title="Slow down")),
    (503, {}, page(body="Down for maintenance", title="Maintenance")),
    # statuses that walls do not use
    (304, {"cf-mitigated": "challenge"}, b""),
    (404, HTML, page(title="Vercel Security Checkpoint")),
    (500, HTML, page(title="Vercel Security Checkpoint")),
]


@pytest.mark.parametrize(("status", "headers", "body"), NO_WALLS)
def test_what_only_looks_like_a_wall_is_none(status: int, headers: dict[str, str], body: bytes) -> None:
    assert challenge_of(status, headers, body) is None


def test_a_page_of_a_wall_without_a_content_type_is_known_too() -> None:
    assert challenge_of(429, {}, b"\n<!-- edge --> <html><title>Vercel Security Checkpoint</title>") == "Vercel"


def test_a_large_body_is_not_looked_at() -> None:
    body = page(title="Vercel Security Checkpoint")
    assert challenge_of(429, HTML, body + b" " * MAX_BODY_BYTES) is None


@pytest.mark.parametrize(
    "piece",
    [
        b"<title>captcha",
        b"<title>pardon our interruption",
        b"<title>access denied</title>",
        b"<script",
        b"<",
        b"<iframe ",
        b"window.kpsdk ",
        b"og:type  ",
        b"//a.",
        b"id='sec-cpt-'<script>",
    ],
)
@pytest.mark.timeout(60)  # in the square of the size it would be minutes
def test_no_body_makes_it_take_long(piece: bytes) -> None:
    body = b"<html>" + piece * ((MAX_BODY_BYTES - 100) // len(piece))
    assert challenge_of(403, HTML, body) in {None, "Akamai"}
    assert challenge_of(403, HTML, body + b"<p id='px-captcha'>") in {None, "Akamai", "PerimeterX/HUMAN"}


@given(
    st.integers(100, 599),
    st.dictionaries(st.sampled_from(["cf-mitigated", "x-datadome", "content-type", "x-dd-b"]), st.text()),
    st.binary(),
)
def test_any_answer_is_judged(status: int, headers: dict[str, str], body: bytes) -> None:
    assert challenge_of(status, headers, body) is None or status < 504
