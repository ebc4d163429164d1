"""How many articles have a word is counted for the forms of a word together"""

from __future__ import annotations

from collections import Counter
from itertools import islice

import sqlalchemy as sa
from alembic import op

from monitor.text.stems import stem

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BATCH = 1000
_TERMS = sa.table(
    "terms", sa.column("language", sa.String), sa.column("term", sa.String), sa.column("n_articles", sa.Integer)
)
_LANGUAGES = sa.table("language_statistics", sa.column("language", sa.String), sa.column("n_articles", sa.Integer))


def upgrade() -> None:
    for language, n_articles in op.get_bind().execute(sa.select(_LANGUAGES.c.language, _LANGUAGES.c.n_articles)).all():
        _count_by_stem(language, n_articles)


def downgrade() -> None:
    """Counts of single forms are learned anew: beside those of short words alone, every long word would pass for rare."""
    op.execute(sa.delete(_TERMS))
    op.execute(sa.update(_LANGUAGES).values(n_articles=0))


def _count_by_stem(language: str, n_articles: int) -> None:
    """An article with two forms of a word was counted with each: no word is in more articles than there were."""
    connection, of_language = op.get_bind(), _TERMS.c.language == language
    counts: Counter[str] = Counter()
    for term, n in connection.execute(sa.select(_TERMS.c.term, _TERMS.c.n_articles).where(of_language)):
        counts[stem(term)] += n
    connection.execute(sa.delete(_TERMS).where(of_language))
    rows = ({"language": language, "term": term, "n_articles": min(n, n_articles)} for term, n in counts.items())
    while some := list(islice(rows, _BATCH)):
        connection.execute(sa.insert(_TERMS), some)
