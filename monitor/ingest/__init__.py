"""Articles that somebody hands over in a file: archives, and what other crawlers collected."""
