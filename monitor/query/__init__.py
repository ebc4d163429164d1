"""The query language of searches and watchlists: grammar, matching, and narrowing for SQL."""
