"""From a page to a readable article: facts, walls, cleaning, identity."""
