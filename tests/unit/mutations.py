"""Feeds of every format with things done to them, by a seed: what readers of feeds are held against each other on."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

ATOM = "http://www.w3.org/2005/Atom"
NAMES = {
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "media": "http://search.yahoo.com/mrss/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "atom": ATOM,
    "x": "https://unknown.example/ns",
}
DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMES.items())

RSS_ITEM = """<item><title>{title}</title><link>{link}</link><guid isPermaLink="false">{guid}</guid>
<pubDate>{date}</pubDate><author>desk@news.example (Ann Lee)</author><dc:creator>Bo Berg</dc:creator>
<category domain="a">World</category><category>EU &amp; UK</category><comments>/c</comments>
<description><![CDATA[<p>{text}</p>]]></description>
<content:encoded><![CDATA[<div><p>{text}</p> more</div>]]></content:encoded>
<enclosure url="/a.mp3" length="123" type="audio/mpeg"/><slash:comments>3</slash:comments>
<media:content url="/a.jpg" type="image/jpeg" fileSize="9"><media:title>A picture</media:title></media:content>
<media:thumbnail url="/t.jpg"/></item>"""
ATOM_ENTRY = """<entry><id>tag:news.example,2026:{guid}</id><title type="html">{title}</title>
<link rel="alternate" type="text/html" href="{link}"/>
<link rel="enclosure" href="/a.mp3" length="12" type="audio/mpeg"/>
<author><name>Ann Lee</name><email>ann@news.example</email></author><contributor><name>Cy</name></contributor>
<published>{date}</published><updated>{date}</updated><category term="world" label="World"/>
<summary type="text">{text}</summary>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>{text} <b class="x">bold</b><br/></p></div></content>
</entry>"""
RDF_ITEM = """<item rdf:about="{link}"><title>{title}</title><link>{link}</link><dc:date>{date}</dc:date>
<dc:creator>Ann Lee</dc:creator><dc:subject>World</dc:subject><description>{text}</description></item>"""

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="{version}" {declared}><channel><title>News &amp; more</title><link>https://news.example/</link>
<atom:link rel="self" href="https://news.example/feed"/><description>All</description><language>en-GB</language><ttl>30</ttl>
<image><url>/l.png</url><title>Logo</title><link>https://news.example/logo</link></image>
<managingEditor>ed@news.example</managingEditor>{items}</channel></rss>"""
ATOM_FEED = """<?xml version="1.0"?>
<feed xmlns="{ns}" {declared} xml:lang="de"{version}><title>News</title><id>tag:news.example,2026:feed</id>
<link href="https://news.example/"/><link rel="self" href="/feed"/><updated>2026-01-05T10:00:00Z</updated>
<author><name>Desk</name></author><generator uri="/g">g</generator>{items}</feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" {declared}>
<channel rdf:about="https://news.example/"><title>News</title><link>https://news.example/</link>
<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>
<items><rdf:Seq><rdf:li rdf:resource="https://news.example/1"/></rdf:Seq></items></channel>
<image rdf:about="/l.png"><title>Logo</title><url>/l.png</url><link>/</link></image>{items}</rdf:RDF>"""

_LEAF = re.compile(r"<([\w:]+)(?: [^<>]*)?>[^<>]*</\1>|<[\w:]+(?: [^<>]*)?/>")

TITLES = [
    "Talks end",
    "A &amp;amp; B",
    "5 &lt; 6",
    "&lt;b&gt;Bold&lt;/b&gt;",
    "<![CDATA[Caf&eacute; <i>x</i>]]>",
    "",
    " é ü ",
    "Ã©t",
    "\x93q\x94",
    "&#233;&#x2019;",
]
LINKS = [
    "https://news.example/{n}",
    "/{n}",
    "a/{n}?x=1&amp;y=2",
    "http:////news.example/{n}",
    "",
    " https://news.example/{n} ",
    "//cdn.example/{n}",
    "../{n}",
    "javascript:x",
]
DATES = [
    "Mon, 05 Jan 2026 10:00:00 GMT",
    "2026-01-05T10:00:00Z",
    "gestern",
    "",
    "Mo, 05 Jan 2026 10:00:00 +0100",
    "2031-01-01",
]
TEXTS = [
    "Plain words.",
    "&lt;p&gt;Escaped&lt;/p&gt;",
    "é — “quoted”",
    "5 &lt; 6 &amp;amp; 7",
    "Text &amp;nbsp; here",
    "&#60;b&#62;x",
]
PIECES = [
    "<title>Second</title>",
    "<title/>",
    "<dc:title>Of Dublin</dc:title>",
    "<media:title>Media</media:title>",
    "<atom:title>Atom</atom:title>",
    '<title type="html">&lt;i&gt;x&lt;/i&gt;</title>',
    '<title type="xhtml"><div>A <b>b</b></div></title>',
    "<description>Another</description>",
    "<summary>Sum</summary>",
    '<summary type="html">&lt;p&gt;x&lt;/p&gt;</summary>',
    "<itunes:summary>Tune</itunes:summary>",
    "<media:description type='plain'>Pic</media:description>",
    "<content>Bare</content>",
    '<content type="html">&lt;p&gt;Longer content here&lt;/p&gt;</content>',
    '<content src="/x" type="image/png"/>',
    '<content type="text/plain">plain</content>',
    '<content type="xhtml">bare &amp; text</content>',
    "<content:encoded>&lt;p&gt;enc&lt;/p&gt;</content:encoded>",
    '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">a</div><div>b</div></content>',
    '<content type="application/xml"><a>b</a></content>',
    "<link>https://other.example/</link>",
    '<link href="https://other.example/2"/>',
    "<link/>",
    '<link rel="Alternate" type="TEXT/HTML" href="/3"/>',
    '<link rel="related" href="/r"/>',
    '<link rel="alternate" type="application/pdf" href="/p"/>',
    '<atom:link href="/4"/>',
    '<link url="/5"/>',
    '<link href=""/>',
    "<guid>https://news.example/guid</guid>",
    "<guid>17</guid>",
    "<id>urn:x</id>",
    '<guid isPermaLink="TRUE">/g</guid>',
    "<guid ispermalink='true'>g?</guid>",
    "<pubDate>Tue, 06 Jan 2026 11:00:00 GMT</pubDate>",
    "<dc:date>2026-01-07</dc:date>",
    "<updated>2026-01-08T00:00:00Z</updated>",
    "<issued>2026-01-04</issued>",
    "<dcterms:created>2026-01-03T00:00:00Z</dcterms:created>",
    "<dcterms:modified>2026-01-09</dcterms:modified>",
    "<modified>2026-01-10</modified>",
    "<lastBuildDate>2026-01-10</lastBuildDate>",
    "<author>Cy Cole</author>",
    "<author><name>Dee</name></author>",
    "<author><email>e@x.example</email></author>",
    "<author><uri>/u</uri><name>Eve</name></author>",
    "<itunes:author>Tune Author</itunes:author>",
    "<dc:creator>bo@x.example (Bo)</dc:creator>",
    "<author/>",
    "<atom:author><atom:name>At</atom:name></atom:author>",
    "<author>x<name>Mixed</name></author>",
    "<dc:contributor>Con</dc:contributor>",
    "<contributor>Con</contributor>",
    "<author><name>G<b>x</b></name></author>",
    '<author><name>I</name><x:image src="i"/></author>',
    "<dc:publisher>Pub</dc:publisher>",
    '<category term="t" label="L" scheme="s"/>',
    '<category term="t"/>',
    '<category label="only"/>',
    "<category>World</category>",
    "<category/>",
    "<keywords>k</keywords>",
    "<dc:subject>S</dc:subject>",
    "<media:category>mc</media:category>",
    "<media:keywords>a, b ,,c</media:keywords>",
    "<itunes:keywords>d,e</itunes:keywords>",
    '<itunes:category text="it"/>',
    "<media:keywords x='1'>a,b</media:keywords>",
    "<tags>a,b</tags>",
    '<category term="">filled</category>',
    '<category x:term="ns">v</category>',
    '<enclosure href="/e.pdf" type="application/pdf"/>',
    "<enclosure/>",
    '<media:group><media:content url="/g1.mp4" medium="video"/><media:title>In group</media:title></media:group>',
    '<media:content><media:thumbnail url="/deep.jpg"/><media:description>Deep</media:description></media:content>',
    "<media:thumbnail>/text.jpg</media:thumbnail>",
    "<feedburner:origLink>https://own.example/1</feedburner:origLink>",
    "<feedburner:origLink a='b'>https://own.example/1</feedburner:origLink>",
    '<source url="https://s.example/">Src</source>',
    "<source><title>Origin</title><id>tag:o</id><link href='/o'/><updated>2025-01-01</updated></source>",
    "<source><foo/></source>",
    "<image><url>/i.png</url></image>",
    "<image>/i.png</image>",
    '<itunes:image href="/i.png"/>',
    "<x:title>No title</x:title>",
    "<x:box><title>Boxed</title><link>/boxed</link></x:box>",
    "<x:box a='1'><description>Boxed</description><category>In</category></x:box>",
    "<foo>bar</foo>",
    "<foo><bar>x</bar></foo>",
    "<date>2026-02-02</date>",
    "<links>a</links>",
    "<authors a='b'/>",
    "<item><title>nested</title></item>",
    "<rights>All</rights>",
    "<copyright>&lt;b&gt;c</copyright>",
    "<language>fr</language>",
    "<dc:language>fr</dc:language>",
    "<ttl>15</ttl>",
    "<ttl a='1'>15</ttl>",
    "<sy:updatePeriod>daily</sy:updatePeriod>",
    "<subtitle>Sub</subtitle>",
    "<itunes:subtitle>Sub</itunes:subtitle>",
    "<cloud domain='x'/>",
    "<generator>g</generator>",
    "<comments>c</comments>",
    "<textInput><title>Search</title><name>q</name><link>/s</link><description>d</description></textInput>",
    "<name>stray</name>",
    "<url>/stray</url>",
    "<email>stray@x.example</email>",
    "<itunes:owner><itunes:name>Own</itunes:name><itunes:email>o@x.example</itunes:email></itunes:owner>",
    "<webMaster>w@x.example</webMaster>",
    "<managingEditor>m</managingEditor>",
    "<!-- a comment -->",
    "<?pi here?>",
    "stray text",
    "&#160;",
    "<media:credit role='a'>C</media:credit>",
    "<media:rating>nonadult</media:rating>",
    "<media:text>t</media:text>",
    "<skipHours><hour>3</hour><hour>24</hour></skipHours>",
    "<skipDays><day>Sunday</day></skipDays>",
    '<y:z xmlns:y="urn:y">q</y:z>',
    '<dc:creator xmlns:dc="urn:wrong">W</dc:creator>',
    '<d:creator xmlns:d="http://purl.org/dc/elements/1.1/">Pre</d:creator>',
    '<title xmlns="urn:default">Default</title>',
    "<svg><title>s</title></svg>",
    "<georss:point xmlns:georss='http://www.georss.org/georss'>1 2</georss:point>",
    "<body>b</body>",
    "<TITLE>Upper</TITLE>",
    "<PubDate>2026-03-03</PubDate>",
    "<info>i</info>",
    "<abstract>abs</abstract>",
    "<hour>4</hour>",
    "<p xmlns='http://www.w3.org/1999/xhtml'>para</p>",
    '<title xml:base="https://b.example/x/">t</title>',
    '<description type="html">D</description>',
    '<description type="image/png">aGk=</description>',
    '<content mode="base64" type="text/plain">aGk=</content>',
    '<summary mode="escaped" type="text/html">&lt;b&gt;s</summary>',
    '<thr:x xmlns:thr="urn:thr"/>',
    '<link xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="/x" href="/xl"/>',
    "<expirationDate>2027-01-01</expirationDate>",
]


def feed_text(seed: int) -> str:
    """A small feed of some format after up to six mutations; the same for the same seed."""
    chance = random.Random(seed)
    text = _plain_feed(chance)
    for _ in range(chance.randrange(7)):
        text = chance.choice(MUTATIONS)(text, chance)
    return text


def _plain_feed(chance: random.Random) -> str:
    item, feed = chance.choice(
        [
            (RSS_ITEM, RSS.replace("{version}", chance.choice(["2.0", "0.91", "0.92", "2.01", "9"]))),
            (RSS_ITEM, RSS.replace("{version}", "2.0")),
            (ATOM_ENTRY, ATOM_FEED.replace("{ns}", ATOM).replace("{version}", "")),
            (ATOM_ENTRY, ATOM_FEED.replace("{ns}", ATOM).replace("{version}", "")),
            (ATOM_ENTRY, ATOM_FEED.replace("{ns}", "http://purl.org/atom/ns#").replace("{version}", ' version="0.3"')),
            (RDF_ITEM, RDF),
        ]
    )
    items = []
    for number in range(chance.randrange(4)):
        said = {
            "title": chance.choice(TITLES),
            "link": chance.choice(LINKS).replace("{n}", str(number)),
            "guid": chance.choice([str(number), "same", f"https://news.example/g{number}"]),
            "date": chance.choice(DATES),
            "text": chance.choice(TEXTS),
        }
        items.append(re.sub(r"\{(\w+)\}", lambda found, said=said: said[found[1]], item))
    return feed.replace("{declared}", DECLARED).replace("{items}", "\n".join(items))


def _place(text: str, chance: random.Random) -> int:
    """Somewhere between two elements; near the root's start seldom."""
    places = [found.start() + 1 for found in re.finditer(r">\s*<(?!\?)", text)]
    return chance.choice(places) if places else len(text)


def _insert(text: str, chance: random.Random) -> str:
    place = _place(text, chance)
    return text[:place] + chance.choice(PIECES) + text[place:]


def _remove(text: str, chance: random.Random) -> str:
    elements = list(_LEAF.finditer(text))
    if not elements:
        return text
    found = chance.choice(elements)
    return text[: found.start()] + text[found.end() :]


def _double(text: str, chance: random.Random) -> str:
    elements = list(
        re.finditer(r"<([\w:]+)(?: [^<>]*)?>[^<>]*</\1>|<[\w:]+(?: [^<>]*)?/>|<item>.*?</item>", text, re.DOTALL)
    )
    if not elements:
        return text
    found = chance.choice(elements)[0]
    place = _place(text, chance)
    return text[:place] + found + text[place:]


def _rename(text: str, chance: random.Random) -> str:
    names = sorted(set(re.findall(r"<([\w:]+)", text)))
    others = [re.match(r"<([\w:]+)", piece) for piece in PIECES]
    old, new = chance.choice(names), chance.choice([one[1] for one in others if one])
    return re.sub(rf"(</?){re.escape(old)}(?=[\s/>])", rf"\g<1>{new}", text)


def _reprefix(text: str, chance: random.Random) -> str:
    prefix = chance.choice(sorted(NAMES))
    new = chance.choice(["q", "DC", "ns1", "a10", chance.choice(sorted(NAMES))])
    return re.sub(rf"(</?|xmlns:){prefix}(?=[:=])", rf"\g<1>{new}", text)


def _attribute(text: str, chance: random.Random) -> str:
    tags = list(re.finditer(r"<[\w:]+(?=[\s/>])", text))
    place = chance.choice(tags).end() if tags else 0
    given = chance.choice(
        [
            'type="html"',
            'type="xhtml"',
            'type="text"',
            'type="text/html"',
            'type="Image/PNG"',
            'mode="escaped"',
            'mode="base64"',
            'xml:lang="fr"',
            'lang="it"',
            'xml:base="https://b.example/d/"',
            'base="https://b.example/"',
            'isPermaLink="true"',
            'isPermaLink="false"',
            'href="/attr"',
            'url="/attr"',
            'rel="self"',
            'rel="enclosure"',
            'term="T"',
            'label="La"',
            'x:foo="1"',
            'media:type="m"',
            'lastmod="2026-01-01"',
            'xmlns:foo="urn:foo"',
            'xmlns="urn:other"',
            'version="0.3"',
            'class="c"',
            'xml:space="preserve"',
        ]
    )
    return f"{text[:place]} {given}{text[place:]}" if tags else text


def _text(text: str, chance: random.Random) -> str:
    """Another text in an element."""
    elements = list(re.finditer(r"(<[\w:]+(?: [^<>]*)?>)([^<>]*)(?=</)", text))
    if not elements:
        return text
    found = chance.choice(elements)
    new = chance.choice(
        [
            *TITLES,
            *TEXTS,
            *DATES,
            "  spaced\n out  ",
            "<![CDATA[ <b>c</b> ]]>",
            "a<!-- c -->b",
            "<b>in</b>line",
            "x<br/>y",
            "<div>d</div>",
            "<p>p <a href='/q'>q</a></p>",
            "&lt;",
            "&#x80;",
            "&amp;eacute;",
            "a@b.example (Al)",
            "Al &lt;a@b.example&gt;",
            "<![CDATA[]]>",
            "&#10;",
        ]
    )
    return text[: found.start(2)] + new + text[found.end(2) :]


def _wrap(text: str, chance: random.Random) -> str:
    elements = list(_LEAF.finditer(text))
    if not elements:
        return text
    found = chance.choice(elements)
    outer = chance.choice(
        [
            "x:wrap",
            "wrap",
            "media:group",
            "media:content",
            "author",
            "title",
            "description",
            "source",
            "image",
            "content",
            "channel",
            "foo a='b'",
        ]
    )
    return f"{text[: found.start()]}<{outer}>{found[0]}</{outer.partition(' ')[0]}>{text[found.end() :]}"


def _spoil(text: str, chance: random.Random) -> str:
    """No longer well-formed, as real feeds are: cut off, undeclared entities, stray ampersands and tags."""
    place = _place(text, chance)
    return chance.choice(
        [
            text[: len(text) // 2],
            text[:-9],
            f"{text[:place]}&nbsp;{text[place:]}",
            f"{text[:place]} & {text[place:]}",
            f"{text[:place]}</b>{text[place:]}",
            f"{text}<script>x</script>",
            f"<!-- first -->{text}",
            f"<!DOCTYPE rss>{text}",
        ]
    )


def _moved_namespace(text: str, chance: random.Random) -> str:
    uri = chance.choice(sorted(NAMES.values()))
    return text.replace(uri, chance.choice([uri.upper(), uri + "#", "urn:none", uri.rstrip("/")]))


Mutation = Callable[[str, random.Random], str]
MUTATIONS: list[Mutation] = [
    *[_insert] * 6,
    *[_text] * 4,
    *[_attribute] * 3,
    *[_remove] * 2,
    *[_double] * 2,
    _rename,
    _reprefix,
    _wrap,
    _spoil,
    _moved_namespace,
]
