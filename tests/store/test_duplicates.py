from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any

from monitor.store import claims, duplicates, fingerprints
from monitor.store.duplicates import MATCHES, StoredLinks
from monitor.store.engine import Connection, Store
from monitor.store.fingerprints import SAME_TEXT, PrintRow
from monitor.types import ArticleId, DuplicateKind, DuplicateLink, RewriteLink
from tests.store.rows import DAY, NOW, add_article, count, make_article, mark_matched

SCHEME = "test/1"
TEXTS = {"article_text_hash": "h", "original_text_hash": "h"}


def make_articles(conn: Connection, n: int, **values: Any) -> list[ArticleId]:
    return [make_article(conn, f"https://one.example/{number}", **values) for number in range(n)]


def make_compared(conn: Connection, n: int) -> list[ArticleId]:
    """Articles whose texts have fingerprints, all with the hash of the links below."""
    ids = make_articles(conn, n)
    for article_id in ids:
        fingerprint(conn, article_id)
    return ids


def link(article_id: int, original_id: int, **values: Any) -> DuplicateLink:
    given = {"kind": DuplicateKind.NEAR, "containment": 0.9, "jaccard": 0.8, "scheme": SCHEME, **TEXTS}
    return DuplicateLink(article_id=ArticleId(article_id), original_id=ArticleId(original_id), **{**given, **values})


def rewrite(article_id: int, original_id: int) -> RewriteLink:
    ids = {"article_id": ArticleId(article_id), "original_id": ArticleId(original_id)}
    return RewriteLink(**ids, containment=0.4, because="passages", scheme=SCHEME, **TEXTS)


def print_row(article_id: ArticleId, *bands: int, **values: Any) -> PrintRow:
    given = {"scheme": SCHEME, "text_hash": "h", "n_words": 9, "body": b"f", **values}
    return PrintRow(article_id=article_id, band_numbers=bands, **given)


def fingerprint(conn: Connection, article_id: ArticleId, *bands: int, now: datetime = NOW, **values: Any) -> None:
    fingerprints.save_fingerprints(conn, [print_row(article_id, *bands, **values)], now)


def band_rows(conn: Connection, article_id: ArticleId, *bands: int, text_hash: str = "h") -> list[tuple[int, int]]:
    """By the way that looks at each band, and, as far as it tells that, by the quick one as well."""
    row = print_row(article_id, *bands, text_hash=text_hash)
    found = sorted(fingerprints.load_capped_rows(conn, row, since=NOW - DAY, until=NOW + DAY, max_band=50))
    quick = fingerprints.load_band_rows(conn, bands, 50)
    same = fingerprints.load_same_texts(conn, SCHEME, [text_hash], 50).get(text_hash, [])
    assert set(found) <= {*quick, *((SAME_TEXT, one) for one in same)}
    return found


def test_a_text_is_compared_once_and_waits_no_more(store: Store) -> None:
    with store.begin() as conn:
        (article_id,) = make_articles(conn, 1)
        add_article(conn, "https://one.example/waits")
        ids, leased_until = duplicates.claim_unmatched(conn, now=NOW, lease_s=60, limit=9)
        assert ids == [article_id]
        assert duplicates.claim_unmatched(conn, now=NOW, lease_s=60, limit=9)[0] == []
        assert duplicates.next_match_at(conn, NOW) is not None
        assert duplicates.hold(conn, [article_id], leased_until) == {article_id}
        duplicates.finish_matches(conn, [article_id], leased_until)
        assert duplicates.claim_unmatched(conn, now=NOW + DAY, lease_s=60, limit=9)[0] == []
        assert duplicates.hold(conn, [article_id], leased_until) == set()


def test_candidates_share_a_band_or_the_whole_text(store: Store) -> None:
    greatest = 2**63 - 1
    with store.begin() as conn:
        new, one, two, same, other = make_articles(conn, 5)
        fingerprint(conn, new, 1, 2, greatest)
        fingerprint(conn, one, 1, 7, text_hash="i")
        fingerprint(conn, two, 1, greatest, greatest, text_hash="j")
        fingerprint(conn, same, 8)
        fingerprint(conn, other, 9, text_hash="k")
        assert band_rows(conn, new, 1, 2, greatest) == [(SAME_TEXT, same), (1, one), (1, two), (greatest, two)]


def test_articles_that_are_too_old_are_no_candidates(store: Store) -> None:
    with store.begin() as conn:
        new = make_article(conn, "https://one.example/new")
        old = make_article(conn, "https://one.example/old", seen_at=NOW - 2 * DAY)
        young = make_article(conn, "https://one.example/young", seen_at=NOW - DAY)
        for article_id in (new, old, young):
            fingerprint(conn, article_id, 1)
        assert band_rows(conn, new, 1) == [(SAME_TEXT, young), (1, young)]


def test_the_fingerprint_of_a_changed_text_replaces_the_one_before(store: Store) -> None:
    with store.begin() as conn:
        one, two = make_articles(conn, 2)
        fingerprint(conn, one, 1, 2, body=b"before")
        fingerprint(conn, one, 2, 3, body=b"\0after", text_hash="new", gone_bands=(1, 2))
        assert fingerprints.load_bodies(conn, [one, two], SCHEME) == {one: b"\0after"}
        assert fingerprints.load_bodies(conn, [one], "another/1") == {}
        assert band_rows(conn, two, 1) == []
        assert band_rows(conn, two, 3) == [(3, one)]


def test_a_text_without_bands_is_found_by_its_hash_alone(store: Store) -> None:
    with store.begin() as conn:
        one, two = make_articles(conn, 2)
        fingerprint(conn, one)
        assert band_rows(conn, two) == [(SAME_TEXT, one)]
        assert band_rows(conn, two, text_hash="i") == []


def test_links_are_facts_that_stay_as_they_are(store: Store) -> None:
    with store.begin() as conn:
        one, two, three = make_compared(conn, 3)
        for containment in (0.9, 0.1):
            duplicates.save_links(
                conn, [link(two, one, containment=containment), link(three, one)], [rewrite(three, two)], NOW
            )
        found, _ = duplicates.load_links_around(conn, [one])
        assert sorted(found, key=lambda each: each.article_id) == [link(two, one), link(three, one)]
        assert count(conn, "rewrites") == 1
        assert duplicates.load_linked(conn, one) == [two, three]
        duplicates.save_links(conn, [link(two, one, scheme="test/2")], [], NOW)
        assert count(conn, "duplicates") == 3


def test_links_around_an_article_reach_through_others_and_no_further(store: Store) -> None:
    with store.begin() as conn:
        a, b, c, d, e, f = make_compared(conn, 6)
        links = [link(b, a), link(c, b), link(d, c), link(f, e)]
        duplicates.save_links(conn, links, [], NOW)
        found, reached = duplicates.load_links_around(conn, [d])
        assert sorted(found, key=lambda each: each.article_id) == links[:3]
        assert reached == {a, b, c, d}
        assert duplicates.load_links_around(conn, []) == ([], frozenset())


def test_a_link_counts_as_long_as_both_articles_have_the_texts_that_it_compared(store: Store) -> None:
    with store.begin() as conn:
        original, copy, other = make_compared(conn, 3)
        duplicates.save_links(conn, [link(copy, original)], [rewrite(other, original)], NOW)
        fingerprint(conn, original, text_hash="changed")
        assert duplicates.load_links_around(conn, [copy]) == ([], frozenset({original, copy}))
        assert StoredLinks(conn).to_earlier(copy) == []
        assert StoredLinks(conn).to_later(original) == []
        assert [duplicates.load_linked(conn, one) for one in (original, copy)] == [[], []]
        assert [duplicates.load_relations(conn, one) for one in (original, copy, other)] == [[], [], []]
        assert duplicates.load_ever_linked(conn, [copy]) == {copy, original}
        assert duplicates.load_ever_linked(conn, [other]) == set()
        # the fact is still there: when the text comes back, so does the link
        duplicates.save_links(conn, [link(copy, original, original_text_hash="changed")], [], NOW)
        assert count(conn, "duplicates") == 2
        assert duplicates.load_linked(conn, copy) == [original]
        fingerprint(conn, original)
        assert StoredLinks(conn).to_earlier(copy) == [link(copy, original)]
        assert [one.kind for one in duplicates.load_relations(conn, original)] == ["near", "rewrite"]


def test_relations_of_an_article_tell_which_came_first(store: Store) -> None:
    with store.begin() as conn:
        a, b, c = make_compared(conn, 3)
        duplicates.save_links(conn, [link(b, a)], [rewrite(c, b)], NOW)
        found = duplicates.load_relations(conn, b)
    assert [(one.article_id, one.is_original, one.kind, one.jaccard) for one in found] == [
        (a, True, "near", 0.8),
        (c, False, "rewrite", None),
    ]


def test_copy_groups_are_replaced_as_a_whole(store: Store) -> None:
    with store.begin() as conn:
        a, b, c, d = make_articles(conn, 4)
        duplicates.save_copy_groups(conn, [a, b, c], {b: link(b, a), c: link(c, a)})
        duplicates.save_copy_groups(conn, [d], {})
        assert duplicates.load_originals(conn, [a, b, c, d]) == {b: a, c: a}
        duplicates.save_copy_groups(conn, [a, b, c], {a: link(a, c)})
        assert duplicates.load_originals(conn, [a, b, c, d]) == {a: c}


def test_a_text_that_takes_its_workers_down_stays_without_duplicates_and_holds_up_nothing(store: Store) -> None:
    with store.begin() as conn:
        (article_id,) = make_articles(conn, 1)
        for _ in range(claims.MAX_TRIES):
            assert duplicates.set_aside_crashed(conn, NOW) == []
            claims.claim(conn, MATCHES, now=NOW, lease_s=0, limit=1)
        assert duplicates.set_aside_crashed(conn, NOW) == [article_id]
        assert duplicates.claim_unmatched(conn, now=NOW, lease_s=60, limit=9)[0] == []


def test_workers_that_find_the_same_links_in_another_order_do_not_wait_for_each_other(store: Store) -> None:
    with store.begin() as conn:
        ids = make_articles(conn, 12)
    links = [link(later, earlier) for place, later in enumerate(ids) for earlier in ids[:place]]
    barrier = Barrier(2)

    def work(step: int) -> None:
        barrier.wait(30)
        with store.begin() as conn:
            duplicates.save_links(conn, links[::step], [rewrite(*ids[:2]), rewrite(*ids[2:4])][::step], NOW)
            duplicates.hold_copy_groups(conn)
            duplicates.save_copy_groups(conn, ids, {one.article_id: one for one in links})

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, [1, -1]))
    with store.read() as conn:
        assert (count(conn, "duplicates"), count(conn, "rewrites"), count(conn, "copies")) == (66, 2, 11)


def test_matched_articles_are_left_alone(store: Store) -> None:
    with store.begin() as conn:
        mark_matched(conn, *make_articles(conn, 2))
        assert duplicates.claim_unmatched(conn, now=NOW, lease_s=60, limit=9)[0] == []
