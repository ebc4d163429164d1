"""Did the server hand out something else than the article?

Names what stands in the way: a consent wall, a robot check, a page that only scripts can fill. No single word decides:
articles about cookies or privacy exist, and so do articles on pages full of consent scripts. Several signs that are
independent of each other must agree, and hardly any text of an article may be there.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lxml.html import HtmlElement

from monitor.challenges import challenge_of
from monitor.extract import phrases
from monitor.extract.page_facts import PageFacts
from monitor.extract.page_shape import PageShape, read_shape
from monitor.text.normalise import fold
from monitor.text.sentences import sentences
from monitor.types import Access

_FEW_WORDS = 60
_SHELL_WORDS = 60
_CONSENT_URL = re.compile(
    r"//(?:consent|cmp|privacy|guce)\.|[/?&=_-](?:consent|cookie-?wall|collectconsent|privacy-gate|gdpr)(?![a-z])",
    re.IGNORECASE,
)
_CONSENT_HOST = re.compile(r"https?://(?:consent|guce)\.", re.IGNORECASE)
"""Whatever its text: hosts of this name ask for consent and do nothing else."""
_CONSENT_TITLE = re.compile(
    r"before you continue|cookie|consent|privacy (?:settings|choices|preferences)|we value your privacy|your privacy"
    r"|avant de continuer|confidentialite|consentement|vie privee|datenschutz|zustimmung|einwilligung|bevor sie"
    r"|antes de continuar|consentimiento|privacidad|privacidade|prima di continuare|consenso|privacy-instellingen"
    r"|voordat u verdergaat|zgod[ay]|prywatnosc|konfidentsial|согласие|фаилы cookie"
)
_PLATFORM = re.compile(
    rb"sp_message|sourcepoint|privacy-mgmt|onetrust|didomi|usercentrics|__tcfapi|quantcast|cookiebot|trustarc|iubenda"
    rb"|fundingchoices|consentmanager|collectConsent|cookiefirst|axeptio|osano|cmp-?(?:container|wall|banner)"
    rb"|consent-?wall|cookie-?wall|consent-?(?:form|page|dialog|gate)",
    re.IGNORECASE,
)
_CONSENT_WORDING = (
    *("cookie", "consent", "personal data", "your data", "our partners", "vendors", "privacy", "legitimate interest"),
    *("personalised ads", "personalized ads", "personalised content", "personalized content"),
    *("personalised advertising", "personalized advertising"),
    *("consentement", "donnees personnelles", "nos partenaires", "vie privee"),
    *("zustimm", "einwillig", "personenbezogen", "unsere partner", "datenschutz"),
    *("consentimiento", "datos personales", "nuestros socios", "privacidad", "dados pessoais"),
    *("consenso", "dati personali"),
    *("toestemming", "persoonsgegevens", "zgod", "согласи", "персональн"),
)
_CONSENT_CONTROL = re.compile(
    r"^(?:i )?(?:accept|agree|reject|refuse|allow|deny|consent|manage|akzept|zustimm|einverstand|ablehn|annehm|alle "
    r"|accepter|tout accepter|refuser|tout refuser|continuer|personnaliser|aceptar|acepto|rechazar|aceitar"
    r"|rejeitar|accetta|rifiuta|accepteren|weigeren|akceptuj|godk|принять|согласен)"
)
_CHALLENGE_TITLE = re.compile(
    r"^just a moment|attention required|access denied|are you (?:a )?(?:robot|human)|pardon our interruption"
    r"|security (?:check|verification)|verify(?:ing)? (?:that )?you are (?:a )?human|ddos-guard|robot check|captcha"
    r"|request (?:blocked|rejected)|un instant|einen moment|checking your browser|human verification"
)
_CHALLENGE_MARKS = re.compile(
    rb"_cf_chl|cf-chl|challenge-platform|cf-turnstile|captcha-delivery|datadome|px-captcha|perimeterx|incapsula|imperva"
    rb"|g-recaptcha|h-captcha|hcaptcha\.com|ddos-guard|ray id|checking your browser|verify you are human",
    re.IGNORECASE,
)
_NOT_FOUND = re.compile(
    r"(?:error |fehler |erreur )?404(?!\d| (?!error|not|page|file|seite|nicht|fehler|erreur)\w)"
    r"|oops(?:\W*$|\b.{0,40}\b(?:page|404|not found|lost|gone wrong|went wrong))"
    rf"|(?:{'|'.join(map(re.escape, phrases.NOT_FOUND_STARTS))})"
)
_NEEDS_SCRIPT = re.compile(
    r"(?:enable|activate|turn on|requires?|needs?|without) (?:\w+ ){0,3}javascript"
    r"|javascript (?:is|must be|to run|enabled|required)|activer javascript"
    r"|javascript (?:aktiv|est requis)|aktivieren sie javascript|habilit\w+ javascript"
    r"|activ\w+ javascript|abilit\w+ javascript|включите javascript"
)


def wall_of(
    facts: PageFacts, text: str, page: Callable[[], HtmlElement], *, body: bytes, url: str, fed_title: str = ""
) -> Access | None:
    """CONSENT, BLOCKED, GONE or JS_ONLY when the page is that instead of an article; `text` is what extraction found,
    `fed_title` the title that the feed gives the article.

    `page` parses it: only pages that hardly hold a text are looked at as a whole.
    """
    if _is_challenge(facts, text, body):
        return Access.BLOCKED
    if _is_consent(facts, text, page, body=body, url=url):
        return Access.CONSENT
    if _is_not_found(facts, text, fed_title):
        return Access.GONE
    return Access.JS_ONLY if _is_shell(text, page) else None


def _is_not_found(facts: PageFacts, text: str, fed_title: str) -> bool:
    """A page without an article whose title and heading, or robots rule, say so: sent with status 200 all the same.

    Not where the feed's title says so as well: then the article is about that ("Not found guilty").
    """
    if facts.declares_article or _says_not_found(fed_title) or len(text.split(maxsplit=_FEW_WORDS + 1)) > _FEW_WORDS:
        return False
    said = [_says_not_found(line) for line in (facts.page_title, facts.first_heading)]
    return all(said) or (any(said) and "noindex" in facts.meta.get("robots", "").lower())


def _says_not_found(line: str) -> bool:
    return bool(_NOT_FOUND.match(fold(line).lstrip("-| ")))


def _is_challenge(facts: PageFacts, text: str, body: bytes) -> bool:
    if facts.declares_article or len(text.split(maxsplit=151)) > 150:
        return False
    if challenge_of(200, {}, body) is not None:
        return True
    return bool(_CHALLENGE_TITLE.search(fold(facts.page_title))) and bool(_CHALLENGE_MARKS.search(body[:200_000]))


def _is_consent(facts: PageFacts, text: str, page: Callable[[], HtmlElement], *, body: bytes, url: str) -> bool:
    if _CONSENT_HOST.match(url) and not facts.declares_article:
        return True
    about_consent, other_words = _consent_share(text)
    if other_words > _FEW_WORDS:
        return False
    said = (
        bool(_CONSENT_URL.search(url)),
        bool(_CONSENT_TITLE.search(fold(f"{facts.page_title} {facts.first_heading}"))),
        about_consent >= 2,
    )
    if not any(said):
        return False
    n_signs = sum(said) + _has_consent_controls(read_shape(page())) + bool(_PLATFORM.search(body[:500_000]))
    return n_signs >= (3 if facts.declares_article else 2)


def _consent_share(text: str) -> tuple[int, int]:
    """(sentences about consent, words in the other sentences), of the text until there are enough of the latter."""
    n_about = n_other_words = 0
    for line in text.splitlines():
        for sentence in sentences(line):
            folded = fold(sentence)
            if any(wording in folded for wording in _CONSENT_WORDING):
                n_about += 1
            else:
                n_other_words += len(sentence.split())
        if n_other_words > _FEW_WORDS:
            break
    return n_about, n_other_words


def _has_consent_controls(shape: PageShape) -> bool:
    agreeing = [control for control in shape.controls if _CONSENT_CONTROL.match(fold(control))]
    return len(agreeing) >= 2 or (
        bool(agreeing) and any(_CONSENT_URL.search(f"/{action}") for action in shape.form_actions)
    )


def _is_shell(text: str, page: Callable[[], HtmlElement]) -> bool:
    """A page for scripts to fill: hardly a word, and two of an empty root, a request for JavaScript, mostly script."""
    if len(text.split(maxsplit=_FEW_WORDS + 1)) > _FEW_WORDS:
        return False
    shape = read_shape(page())
    if shape.n_visible_words > _SHELL_WORDS:
        return False
    signs = (
        shape.has_empty_root,
        bool(_NEEDS_SCRIPT.search(fold(f"{shape.noscript} {text[:2_000]}"))),
        shape.n_scripts > 0 and (shape.n_scripts >= 3 or shape.n_script_chars > shape.n_body_chars / 2),
    )
    return sum(signs) >= 2
