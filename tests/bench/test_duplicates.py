"""What the copies of a text cost to find, among 10,000 articles and among 100,000, on both databases.

Measured are articles that go through the stage: fingerprint, candidates, verification, saving. Half of them are copies
that were planted, half are new. Beside it datasketch and rensa do what they do of it in memory: MinHash and LSH at
Jaccard .5, without verification, texts or a database. Sizes: MONITOR_BENCH_ARTICLES, "10000,100000" for the whole.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

pytestmark = pytest.mark.bench

SIZES = [int(size) for size in os.environ.get("MONITOR_BENCH_ARTICLES", "1000,5000").split(",")]
N_MEASURED = 400
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHUNK = 500
