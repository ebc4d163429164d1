"""A media monitor: polls news feeds, extracts articles, recognises copies, clusters stories, mails a daily digest."""
