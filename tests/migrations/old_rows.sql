-- Rows of each kind as revision 0002 has them.
INSERT INTO families (id, name) VALUES (1, 'The Papers');
INSERT INTO sources (id, domain, name, kind, tier, country, language, family_id, text_policy, managed_by, created_at)
VALUES (1, 'a.example', 'A', 'outlet', 1, 'IE', 'en', 1, 'full', 'user', '2026-01-06 00:00:00'),
       (2, 'b.example', 'B', 'outlet', NULL, NULL, NULL, NULL, 'full', 'file', '2026-01-06 00:00:00');
INSERT INTO source_tags (source_id, tag) VALUES (1, 'daily');
INSERT INTO source_days (source_id, day_on, n_polls_ok, n_polls_failed, n_new, n_expected, verdict, n_gaps)
VALUES (1, '2026-01-05', 48, 0, 3, 2.5, 'complete', 0);
INSERT INTO source_boilerplate (source_id, sentence_hash, sentence, n_articles, first_seen_at, last_seen_at)
VALUES (1, 'abc', 'Follow us.', 9, '2026-01-06 00:00:00', '2026-01-06 00:00:00');
INSERT INTO hosts (name, next_at, slow_factor, robots, robots_fetched_at, domain)
VALUES ('a.example', '2026-01-06 00:00:00', 1, 'User-agent: *', '2026-01-06 00:00:00', 'a.example');
INSERT INTO feeds (id, source_id, url, host, title, managed_by, created_at, state, because, interval_s, next_poll_at,
                   n_tries, n_failures, n_moves_seen, n_unchanged, last_good_poll_at, last_read_at)
VALUES (1, 1, 'https://a.example/f', 'a.example', 'News', 'user', '2026-01-06 00:00:00', 'active', '', 900,
        '2026-01-06 00:00:00', 0, 0, 0, 0, '2026-01-06 02:00:00', '2026-01-06 02:00:00');
INSERT INTO feed_tags (feed_id, tag) VALUES (1, 'daily');
INSERT INTO feed_categories (feed_id, category) VALUES (1, 'News/Europe');
INSERT INTO poll_log (id, feed_id, polled_at, outcome, status, n_entries, n_new, n_bytes, elapsed_s, detail)
VALUES (1, 1, '2026-01-06 01:00:00', 'ok', 200, 3, 3, 900, 0.1, '');
INSERT INTO articles (id, url, host, source_id, title, text, text_hash, folded, language, language_declared,
                      published_at, published_precision, published_origin, first_seen_at, appeared_at, arrival_no,
                      access, method, n_words, origin, state, reason, detail, fetch_due_at, n_fetch_tries,
                      n_page_failures, n_match_tries, n_watch_tries)
VALUES (1, 'https://a.example/news/100200', 'a.example', 1, 'The bridge is closed', 'A text of words.', 'h1',
        ' the bridge is closed a text of words ', 'en', 'en', '2026-01-05 23:00:00', 'minute', 'feed',
        '2026-01-06 00:00:00', '2026-01-05 23:00:00', 1, 'ok', 'page', 4, 'own', 'ready', NULL, '', NULL, 0, 0, 0, 0),
       (2, 'https://b.example/2', 'b.example', 2, 'The bridge is closed', 'A text of words.', 'h1', ' a ', 'en', NULL,
        NULL, 'unknown', 'first_seen', '2026-01-06 00:00:00', '2026-01-06 00:00:00', 2, 'blocked', 'feed_summary', 4,
        'own', 'ready', 'forbidden', '', NULL, 0, 1, 0, 0),
       (3, 'https://b.example/3', 'b.example', 2, '', '', NULL, '', NULL, NULL, NULL, 'unknown', 'first_seen',
        '2026-01-06 00:00:00', '2026-01-06 00:00:00', NULL, NULL, NULL, 0, 'own', 'waiting', NULL, '',
        '2026-01-06 00:00:00', 0, 0, 0, 0);
INSERT INTO entries (id, feed_id, guid, url, title, authors, summary, content, published_at, published_raw, tags,
                     content_hash, first_seen_at, last_seen_at, article_id, resolve_due_at)
VALUES (1, 1, 'http://a.example/news/100200#0', 'https://a.example/news/100200', 'The bridge is closed', '["Ann"]',
        'In short.', '', '2026-01-05 23:00:00', 'Mon', '["bridges"]', 'c1', '2026-01-06 00:00:00',
        '2026-01-06 01:00:00', 1, NULL),
       (2, 1, '1', NULL, 'Short', '[]', '', '', NULL, '', '[]', 'c2', '2026-01-06 00:00:00', '2026-01-06 01:00:00', 3,
        NULL),
       (3, 1, 'https://a.example/news/100200#1', 'https://a.example/moved/100200', 'The bridge is closed', '[]', '', '',
        '2026-01-05 23:30:00', '', '[]', 'c3', '2026-01-06 02:00:00', '2026-01-06 02:00:00', NULL,
        '2026-01-06 02:00:00');
INSERT INTO sightings (article_id, entry_id, feed_id, first_seen_at, last_seen_at)
VALUES (1, 1, 1, '2026-01-06 00:00:00', '2026-01-06 01:00:00'),
       (3, 2, 1, '2026-01-06 00:00:00', '2026-01-06 01:00:00');
INSERT INTO article_urls (url, article_id, kind, first_seen_at)
VALUES ('https://a.example/news/100200', 1, 'canonical', '2026-01-06 00:00:00');
INSERT INTO article_merges (old_id, article_id, merged_at, because) VALUES (9, 1, '2026-01-06 00:00:00', '');
INSERT INTO revisions (id, article_id, revision_no, title, text, revision_hash, n_words, n_words_added,
                       n_words_removed, seen_at)
VALUES (1, 1, 1, 'The bridge is closed', 'A text.', 'r1', 2, 0, 0, '2026-01-06 00:00:00'),
       (2, 1, 2, 'The bridge is closed', 'A text of words.', 'r2', 4, 2, 0, '2026-01-06 02:00:00'),
       (3, 2, 1, 'The bridge is closed', 'A text of words.', 'r2', 4, 0, 0, '2026-01-06 00:00:00');
INSERT INTO authors (id, name) VALUES (1, 'Ann');
INSERT INTO article_authors (article_id, author_id, position) VALUES (1, 1, 0);
INSERT INTO tags (id, name) VALUES (1, 'bridges');
INSERT INTO article_tags (article_id, tag_id) VALUES (1, 1);
INSERT INTO bands (band, article_id) VALUES (7, 1);
INSERT INTO copies (article_id, original_id, kind, containment, jaccard, scheme) VALUES (2, 1, 'exact', 1, 1, 's');
INSERT INTO duplicates (id, article_id, original_id, kind, containment, jaccard, scheme, found_at)
VALUES (1, 2, 1, 'exact', 1, 1, 's', '2026-01-06 01:00:00');
INSERT INTO rewrites (id, article_id, original_id, containment, because, scheme, found_at)
VALUES (1, 2, 1, 0.4, 'shares passages', 's', '2026-01-06 01:00:00');
INSERT INTO stories (id, language, anchor_article_id, title, lead, state, first_seen_at, last_seen_at, scheme)
VALUES (1, 'en', 1, 'The bridge is closed', '', 'open', '2026-01-06 00:00:00', '2026-01-06 00:00:00', 's');
INSERT INTO story_members (article_id, story_id, score, because, scheme, assigned_at)
VALUES (1, 1, 0, 'nothing like it', 's', '2026-01-06 02:00:00'), (2, 1, 1, 'copy', 's', '2026-01-06 02:00:00');
INSERT INTO story_log (id, story_id, action, who, details, logged_at)
VALUES (1, 1, 'opened', 'assign', '{}', '2026-01-06 02:00:00');
INSERT INTO story_redirects (old_id, story_id, since_at) VALUES (5, 1, '2026-01-06 02:00:00');
INSERT INTO story_constraints (id, kind, article_a_id, article_b_id, who, because, made_at)
VALUES (1, 'must_link', 1, 2, 'ann', '', '2026-01-06 02:00:00');
INSERT INTO language_statistics (language, n_articles, last_arrival_no, n_tries) VALUES ('en', 2, 2, 0);
INSERT INTO terms (language, term, n_articles) VALUES ('en', 'bridge', 2);
INSERT INTO watchlists (id, name, query, state, managed_by, updated_at)
VALUES (1, 'Bridges', 'bridge', 'active', 'user', '2026-01-06 00:00:00');
INSERT INTO hits (watchlist_id, article_id, terms, prominence, sentence, matched_at)
VALUES (1, 1, '["bridge"]', 'title', 'The bridge is closed', '2026-01-06 02:00:00');
INSERT INTO subscriptions (id, name, hour, zone, max_stories, state, managed_by, updated_at, n_tries)
VALUES (1, 'Ann', 7, 'UTC', 20, 'active', 'user', '2026-01-06 00:00:00', 0);
INSERT INTO recipients (id, address, state) VALUES (1, 'ann@a.example', 'active');
INSERT INTO subscription_recipients (subscription_id, recipient_id) VALUES (1, 1);
INSERT INTO subscription_watchlists (subscription_id, watchlist_id) VALUES (1, 1);
INSERT INTO digests (id, subscription_id, window_start, window_end, subject, text, html, message_id, headers,
                     n_stories, n_left_out, rendered_at)
VALUES (1, 1, '2026-01-05 07:00:00', '2026-01-06 07:00:00', 'News', 'News', 'News', 'm@a.example', '{}', 1, 0,
        '2026-01-06 07:00:00');
INSERT INTO digest_items (digest_id, story_id, position, is_update, n_new, n_articles, n_publishers, n_independent,
                          n_copies)
VALUES (1, 1, 1, false, 2, 2, 2, 1, 1);
INSERT INTO digest_item_articles (digest_id, article_id, story_id) VALUES (1, 1, 1);
INSERT INTO deliveries (id, digest_id, recipient, state, n_tries, detail)
VALUES (1, 1, 'ann@a.example', 'sent', 1, '');
INSERT INTO tombstones (id, kind, key_hash, because, erased_at) VALUES (1, 'url', 'k', '', '2026-01-06 00:00:00');
INSERT INTO audit (id, who, action, noun, noun_id, details, done_at)
VALUES (1, 'ann', 'erase', 'article', 8, '{}', '2026-01-06 00:00:00');
INSERT INTO counters (name, value) VALUES ('arrivals', 2);
