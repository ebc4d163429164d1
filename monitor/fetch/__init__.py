"""Polling feeds: bytes to entries, dates, OPML, and when to ask again."""
