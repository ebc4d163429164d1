"""Which element of a feed is which, whatever its prefix and namespace?

The names are those by which feedparser knows elements ("dc_creator", "content_encoded", "pubdate"), since the fast
reader must read what feedparser reads: a namespace it knows has a prefix of its own or none, an unknown namespace
keeps the prefix that the document gives it, and case does not count.
"""

from __future__ import annotations

from collections.abc import Mapping


class UnsureError(Exception):
    """This document is for feedparser to read."""


NAMESPACES: dict[str, str] = {
    namespace: prefix
    for prefix, namespaces in (
        (
            "",
            (
                "http://backend.userland.com/rss http://blogs.law.harvard.edu/tech/rss http://purl.org/rss/1.0/"
                " http://my.netscape.com/rdf/simple/0.9/ http://example.com/newformat# http://example.com/necho"
                " http://purl.org/echo/ uri/of/echo/namespace# http://purl.org/pie/ http://purl.org/atom/ns#"
                " http://www.w3.org/2005/atom http://purl.org/rss/1.0/modules/rss091#"
            ),
        ),
        ("admin", "http://webns.net/mvcb/"),
        ("ag", "http://purl.org/rss/1.0/modules/aggregation/"),
        ("annotate", "http://purl.org/rss/1.0/modules/annotate/"),
        ("audio", "http://media.tangent.org/rss/1.0/"),
        ("blogchannel", "http://backend.userland.com/blogchannelmodule"),
        ("cc", "http://creativecommons.org/ns#license http://web.resource.org/cc/"),
        (
            "creativecommons",
            (
                "http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html"
                " http://backend.userland.com/creativecommonsrssmodule"
            ),
        ),
        ("co", "http://purl.org/rss/1.0/modules/company"),
        ("content", "http://purl.org/rss/1.0/modules/content/"),
        ("cp", "http://my.theinfo.org/changed/1.0/rss/"),
        ("dc", "http://purl.org/dc/elements/1.1/"),
        ("dcterms", "http://purl.org/dc/terms/"),
        ("email", "http://purl.org/rss/1.0/modules/email/"),
        ("ev", "http://purl.org/rss/1.0/modules/event/"),
        ("feedburner", "http://rssnamespace.org/feedburner/ext/1.0"),
        ("fm", "http://freshmeat.net/rss/fm/"),
        ("foaf", "http://xmlns.com/foaf/0.1/"),
        ("geo", "http://www.w3.org/2003/01/geo/wgs84_pos#"),
        ("georss", "http://www.georss.org/georss"),
        ("gml", "http://www.opengis.net/gml"),
        ("icbm", "http://postneo.com/icbm/"),
        ("image", "http://purl.org/rss/1.0/modules/image/"),
        ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd http://example.com/dtds/podcast-1.0.dtd"),
        ("l", "http://purl.org/rss/1.0/modules/link/"),
        ("media", "http://search.yahoo.com/mrss http://search.yahoo.com/mrss/"),
        ("pingback", "http://madskills.com/public/xml/rss/module/pingback/"),
        ("prism", "http://prismstandard.org/namespaces/1.2/basic/"),
        ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
        ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
        ("ref", "http://purl.org/rss/1.0/modules/reference/"),
        ("reqv", "http://purl.org/rss/1.0/modules/richequiv/"),
        ("search", "http://purl.org/rss/1.0/modules/search/"),
        ("slash", "http://purl.org/rss/1.0/modules/slash/"),
        ("soap", "http://schemas.xmlsoap.org/soap/envelope/"),
        ("ss", "http://purl.org/rss/1.0/modules/servicestatus/"),
        ("str", "http://hacks.benhammersley.com/rss/streaming/"),
        ("sub", "http://purl.org/rss/1.0/modules/subscription/"),
        ("sy", "http://purl.org/rss/1.0/modules/syndication/"),
        ("szf", "http://schemas.pocketsoap.com/rss/mydescmodule/"),
        ("taxo", "http://purl.org/rss/1.0/modules/taxonomy/"),
        ("thr", "http://purl.org/rss/1.0/modules/threading/"),
        ("ti", "http://purl.org/rss/1.0/modules/textinput/"),
        ("trackback", "http://madskills.com/public/xml/rss/module/trackback/"),
        ("wfw", "http://wellformedweb.org/commentapi/"),
        ("wiki", "http://purl.org/rss/1.0/modules/wiki/"),
        ("xhtml", "http://www.w3.org/1999/xhtml"),
        ("xlink", "http://www.w3.org/1999/xlink"),
        ("xml", "http://www.w3.org/xml/1998/namespace"),
        ("psc", "http://podlove.org/simple-chapters"),
    )
    for namespace in namespaces.split()
}
"""By lower-case namespace: the prefix its elements are known by."""

STANDARD_PREFIXES = frozenset(NAMESPACES.values()) - {""}

SILENT = frozenset(
    "rights copyright dc_rights subtitle tagline itunes_subtitle info feedburner_browserfriendly generator"
    " admin_generatoragent admin_errorreportsto cloud cc_license creativecommons_license webmaster dc_publisher"
    " dc_contributor expirationdate itunes_image itunes_link itunes_block itunes_explicit media_rating media_credit"
    " media_restriction media_license media_player georss_point georss_line georss_polygon georss_box"
    " name width height url uri homepage email itunes_name itunes_email".split()
)
"""Elements that say nothing about what is kept, as long as no element stands inside them."""

PERSON_PARTS = frozenset("name email uri url homepage itunes_name itunes_email".split())
IMAGE_PARTS = frozenset("title link description url href width height".split())
TEXT_INPUT_PARTS = frozenset("title link description name".split())
SOURCE_PARTS = (
    frozenset(
        "id guid title link updated published subtitle rights generator icon logo category author contributor".split()
    )
    | PERSON_PARTS
)

UNREAD = frozenset(
    "abstract body channel feed fullitem gml_exterior gml_linearring gml_linestring gml_point gml_polygon gml_pos"
    " gml_poslist geom georss_where georssgeom where item entry newlocation psc_chapter psc_chapters rss tags"
    " dcterms_valid xhtml_body image textinput managingeditor itunes_owner source"
    # names of feedparser's own keys: as elements they would be taken for what it read
    " items date date_parsed modified_parsed issued_parsed updated_parsed published_parsed created_parsed links authors"
    " entries content_detail title_detail summary_detail subtitle_detail description_detail copyright_detail"
    " tagline_detail guidislink author_detail href language_detail enclosures".split()
)
"""Elements whose meaning depends on where they stand: whoever meets one leaves the document to feedparser."""


def element_name(tag: str, prefix: str | None) -> str:
    """The name of an element by lxml's tag ("{namespace}local"); `prefix` counts where the namespace is unknown."""
    namespace, _, local = tag[1:].rpartition("}") if tag.startswith("{") else ("", "", tag)
    known = standard_prefix(namespace) if namespace else ""
    before = (prefix or "") if known is None else known
    return f"{before.lower()}_{local.lower()}" if before else local.lower()


def standard_prefix(namespace: str) -> str | None:
    """The prefix of a known namespace, "" for the feed formats themselves, None for an unknown one."""
    namespace = namespace.lower()
    return "" if "backend.userland.com/rss" in namespace else NAMESPACES.get(namespace)


class Names(dict[str, str]):
    """The names of a document's elements, by lxml's tag, as far as they have been met."""

    def __init__(self, declared: Mapping[str | None, str]) -> None:
        """`declared` are the namespaces of the root element by prefix."""
        super().__init__()
        self._prefixes: dict[str, list[str | None]] = {}
        for prefix, uri in declared.items():
            self._prefixes.setdefault(uri, []).append(prefix)
        self._standard = {standard_prefix(uri) for uri in self._prefixes}
        self._met: dict[str, str] = {}

    def learn(self, tag: str, prefix: str | None) -> str:
        """Raises UnsureError for a prefix that means two things, or not what it usually does."""
        namespace = tag[1:].partition("}")[0] if tag.startswith("{") else ""
        known = standard_prefix(namespace) if namespace else ""
        if prefix is not None and self._met.setdefault(prefix, namespace) != namespace:
            raise UnsureError(prefix)
        if prefix in STANDARD_PREFIXES and known is not None and known != prefix:
            raise UnsureError(prefix)
        if known is None:
            if self._prefixes.get(namespace, [prefix]) != [prefix]:
                raise UnsureError(namespace)
            if prefix and prefix.lower() in self._standard:
                raise UnsureError(prefix)
        name = self[tag] = element_name(tag, prefix)
        return name
