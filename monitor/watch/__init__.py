"""Watchlists: which articles satisfy a saved query."""
