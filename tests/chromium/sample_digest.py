"""A realistic digest, made of the product's own nouns: several languages, an update, copies, hostile text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from monitor.digest.selection import select
from monitor.digest.windows import Window
from monitor.types import (
    ArticleId,
    Digest,
    DuplicateKind,
    Hit,
    Origin,
    Story,
    StoryId,
    StoryMember,
    Subscription,
    SubscriptionId,
    ToldStory,
    WatchlistId,
)

NOW = datetime(2026, 1, 6, 6, 1, tzinfo=UTC)
WINDOW = Window(start_at=datetime(2026, 1, 5, 6, tzinfo=UTC), end_at=datetime(2026, 1, 6, 6, tzinfo=UTC))
SUBSCRIPTION = Subscription(
    id=SubscriptionId(12), name="Morning briefing", recipients=("reader@mail.example",), hour=7, zone="Europe/Paris"
)
WATCHLIST_NAMES = {WatchlistId(1): "Ukraine talks", WatchlistId(2): "Sea and ports"}

HOSTILE_HEADLINES = (
    "[/x] [bold red]rich markup[/bold red]",
    "\x1b[31mred alert\x1b[0m \x1b]0;title\x07in your terminal",
    "Budget passed\r\nBcc: victim@mail.example\r\n\r\n<b>body</b>",
    "Invoice \u202egpj.exe\u202c and \u2066isolated\u2069 \u200fmarks",
    '=HYPERLINK("http://evil.example/","click")',
    'javascript:alert(1) "onmouseover="alert(1)',
    "</title></style><script>alert(1)</script><img src=x onerror=alert(1)>",
    "Half a surrogate \ud83d and a NUL \x00 and a bell \x07",
    "{{ 7 * 7 }} {% include '/etc/passwd' %} ${7*7}",
    "<!--[if mso]><p>comment</p><![endif]--> &lt;b&gt; &amp;amp; &#60;i&#62;",
    "W" * 400,
    " \u2028\u2029\x85\t ",
)
"""What feeds may put into a headline; every output shows it harmlessly."""

_ids = count(1)


def article(
    source: str,
    title: str,
    *,
    minutes_ago: int,
    language: str = "en",
    lead: str = "",
    url: str | None = None,
    copy_of: StoryMember | None = None,
    rewrite_of: StoryMember | None = None,
    origin: Origin = Origin.OWN,
    agency: str | None = None,
) -> StoryMember:
    number = next(_ids)
    slug = source.lower().replace(" ", "")
    host = f"www.{slug}.example" if slug.isascii() else f"www.paper{number}.example"
    seen_at = NOW - timedelta(minutes=minutes_ago)
    return StoryMember(
        id=ArticleId(number),
        title=title,
        source=source,
        family=source,
        url=url or f"https://{host}/2026/01/05/{number}-a-long-slug-as-publishers-like-them",
        language=language,
        published_at=seen_at - timedelta(minutes=7),
        first_seen_at=seen_at,
        origin=origin,
        agency=agency,
        duplicate_of=copy_of.id if copy_of else None,
        duplicate_kind=DuplicateKind.SYNDICATED if copy_of else None,
        rewrite_of=rewrite_of.id if rewrite_of else None,
        lead=lead,
    )


def story(number: int, members: Sequence[StoryMember], *, title: str | None = None, lead: str | None = None) -> Story:
    """The counts are wrong on purpose: a digest takes its own."""
    return Story(
        id=StoryId(number),
        title=members[0].title if title is None else title,
        lead=members[0].lead if lead is None else lead,
        language=members[0].language,
        first_seen_at=min(member.first_seen_at for member in members),
        last_seen_at=max(member.first_seen_at for member in members),
        is_open=True,
        n_articles=99,
        n_publishers=99,
        n_independent=99,
        n_copies=99,
        members=tuple(members),
    )


def told(a_story: Story, members: Sequence[StoryMember]) -> ToldStory:
    return ToldStory(
        story_id=a_story.id,
        n_articles=len(members),
        n_independent=1,
        article_ids=frozenset(member.id for member in members),
    )


def hit(member: StoryMember, *terms: str, watchlist: int = 1, prominence: str = "title") -> Hit:
    return Hit(
        watchlist_id=WatchlistId(watchlist), article_id=member.id, terms=terms, prominence=prominence, sentence=""
    )


def _summit() -> Story:
    wire = article(
        "Northwire",
        "Paris summit ends with pledge of security guarantees for Ukraine",
        minutes_ago=800,
        origin=Origin.AGENCY,
        agency="Northwire",
        lead="Leaders of 27 countries meeting in Paris agreed on Monday to back a ceasefire in Ukraine with binding "
        "security guarantees. A joint headquarters is to be set up within weeks, according to the closing statement. "
        "A third sentence is never shown.",
    )
    return story(
        1,
        [
            wire,
            article("Axadle Times", "Allies in Paris agree on guarantees for Kyiv", minutes_ago=790, rewrite_of=wire),
            article("Harbour Post", wire.title, minutes_ago=780, copy_of=wire),
            article("Eastern Ledger", wire.title, minutes_ago=775, copy_of=wire),
            article("The Midland Chronicle", "Security pledge closes Paris talks", minutes_ago=760, copy_of=wire),
            article(
                "Lakeside Courier", "What 27 governments promised Ukraine, and what they left open", minutes_ago=640
            ),
            article("Capital Gazette", "Inside the Paris talks: a night of drafts and one red line", minutes_ago=410),
        ],
    )


def _strike() -> tuple[Story, ToldStory]:
    old = [
        article("Harbour Post", "Dockers walk out at three North Sea ports", minutes_ago=2100),
        article("Northwire", "North Sea ports hit by strike over automation", minutes_ago=2080, agency="Northwire"),
    ]
    new = [
        article(
            "Lakeside Courier",
            "Port strike spreads to Bremerhaven as talks collapse",
            minutes_ago=200,
            lead="The strike that has shut three North Sea ports reached Bremerhaven early on Tuesday after talks "
            "broke down overnight. Shipping lines have begun to divert vessels to Le Havre and Gdansk.",
        ),
        article("Eastern Ledger", "Container lines divert ships as fourth port closes", minutes_ago=90),
    ]
    new.append(article("Harbour Post", new[0].title, minutes_ago=60, copy_of=new[0]))
    strike = story(2, [*old, *new])
    return strike, told(strike, old)


def _foreign_stories() -> list[Story]:
    french = article(
        "Le Courant",
        "À Paris, les alliés de l’Ukraine s’accordent sur des garanties de sécurité « contraignantes »",
        minutes_ago=700,
        language="fr",
        lead="Réunis à l’Élysée, vingt-sept pays ont promis lundi des garanties de sécurité à Kiev. Un état-major "
        "commun doit être installé d’ici à la fin du mois.",
    )
    german = article(
        "Hafenkurier",
        "Donaudampfschifffahrtsgesellschaft stellt Fahrplan um: Hochwasserschutzmaßnahmen verzögern Linienverkehr",
        minutes_ago=500,
        language="de",
        lead="Wegen der Bauarbeiten am Hochwasserschutz fahren die Schiffe zwischen Passau und Wien bis März seltener. "
        "Das teilte die Gesellschaft am Montag mit.",
    )
    arabic = article(
        "الميناء اليوم",
        "إضراب عمال الموانئ يمتد إلى أربعة موانئ في بحر الشمال",
        minutes_ago=300,
        language="ar",
        lead="امتد إضراب عمال الموانئ فجر الثلاثاء إلى ميناء رابع بعد فشل المحادثات. "
        "وبدأت شركات الشحن تحويل سفنها إلى موانئ أخرى.",
    )
    chinese = article(
        "港口日报",
        "北海四个港口因罢工关闭，航运公司改道勒阿弗尔",
        minutes_ago=260,
        language="zh",
        lead="由于谈判破裂，北海港口罢工周二凌晨蔓延至第四个港口。航运公司已开始将船只改道至勒阿弗尔和格但斯克。",
    )
    return [
        story(
            3,
            [
                french,
                article("Gazette du Sud", "Sommet de Paris : ce que prévoit l’accord", minutes_ago=610, language="fr"),
            ],
        ),
        story(4, [german]),
        story(
            5,
            [
                arabic,
                article("صحيفة الأفق", "شركات الشحن تحوّل مسار سفنها بعد إغلاق الموانئ", minutes_ago=240, language="ar"),
            ],
        ),
        story(6, [chinese]),
    ]


def _busy_story() -> Story:
    """More lines and copies than a mail lists."""
    first = article(
        "Coastal Herald",
        "Ferry with 214 on board towed to safety after engine fire",
        minutes_ago=350,
        lead="All 214 people aboard the ferry Aurelia were brought ashore unhurt after a fire in its engine room. The "
        "coast guard towed the ship into Varde harbour shortly after midnight.",
    )
    copies = [article(f"Regional Paper {n}", first.title, minutes_ago=330 - n, copy_of=first) for n in range(1, 10)]
    own = [
        article(f"Island News {n}", f"Ferry fire: account no. {n} from the harbour", minutes_ago=300 - n)
        for n in range(1, 9)
    ]
    return story(7, [first, *copies, *own])


def _small_stories() -> list[Story]:
    council = article(
        "Lakeside Courier",
        "Council approves night trains from April after two-year trial",
        minutes_ago=450,
        lead="The city council voted 31 to 14 to keep the trains running through the night from April. Fares stay as "
        "they are, the transport authority said.",
    )
    hostile = article(
        "Odd <b>Outlet</b>",
        "</h3><script>alert(1)</script> Mayor \u202eresigns\u202c \x1b[31mtoday\r\nBcc: x@mail.example",
        minutes_ago=120,
        lead='"><img src=x onerror=alert(1)> The mayor resigned. It was a quiet evening.',
        url="javascript:alert(document.domain)",
    )
    return [story(8, [council]), story(9, [hostile])]


def sample_digest() -> Digest:
    """Ten stories, one of them an update."""
    summit, (strike, strike_told) = _summit(), _strike()
    stories = [summit, strike, *_foreign_stories(), _busy_story(), *_small_stories()]
    hits = [
        hit(summit.members[0], "ceasefire", "security guarantees"),
        hit(summit.members[5], "Ukraine", prominence="lead"),
        hit(strike.members[2], "port strike", watchlist=2),
    ]
    return select(
        stories,
        told={strike.id: strike_told},
        hits_by_article={each.article_id: [each] for each in hits},
        subscription=SUBSCRIPTION,
        window=WINDOW,
        watchlist_names=WATCHLIST_NAMES,
        feed_problems=("Gazette du Sud: https://www.gazettedusud.example/rss has answered 500 since Sun 4 Jan, 09:30",),
    )
