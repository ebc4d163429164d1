"""`once` killed with -9 wherever it stands and started again: nothing is lost, doubled or told twice."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from monitor.demo.mailbox import Mailbox
from monitor.store.engine import open_store
from tests.databases import BOTH
from tests.pipeline.killing import (
    AGAIN_AFTER,
    N_KILLS,
    SEED,
    Run,
    Undisturbed,
    assert_all_done,
    assert_no_mail_twice,
    assert_same,
    assert_stories_equal_replay,
    let_leases_run_out,
    read_state,
    served,
)
from tests.pipeline.processes import kill
from tests.pipeline.small_newsroom import make_newsroom
from tests.pipeline.world import AFTER, BUNDLED

#: The start, and an hour later, when an article is corrected.
SMALL_ROUNDS = AFTER[:2]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "newsroom"
    make_newsroom(folder, n_days=2)
    return folder


@pytest.fixture(scope="module")
def small_undisturbed(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return Undisturbed(small, tmp_path_factory.mktemp("undisturbed"), rounds=SMALL_ROUNDS)


@pytest.fixture
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table, as `once` finds it on its first day."""
    kind = request.param
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'monitor.db'}"
        return
    server = request.getfixturevalue("postgresql")
    name = server.make()
    yield server.url(name)
    server.drop(name)


def _assert_as_if_undisturbed(run: Run, undisturbed: Undisturbed, *, n_kills: int = 1) -> None:
    store = open_store(run.settings.database.url)
    try:
        assert_all_done(store)
        assert_same(read_state(store), undisturbed.state)
        assert_no_mail_twice(run, store, n_unknown_max=n_kills)
    finally:
        store.close()
    assert_stories_equal_replay(run)


@pytest.mark.slow
@pytest.mark.parametrize("fresh_url", ["sqlite"], indirect=True)
def test_a_run_killed_in_its_middle_is_made_up_for(small: Path, small_undisturbed: Undisturbed, fresh_url: str) -> None:
    with served(small, fresh_url, rounds=SMALL_ROUNDS) as run:
        run.interrupted_at(0, small_undisturbed.n_steps[0] // 2)
        _assert_as_if_undisturbed(run, small_undisturbed)
        assert len(run.mailbox.messages) == small_undisturbed.n_mails


@pytest.mark.slow
@pytest.mark.parametrize("fresh_url", BOTH, indirect=True)
@pytest.mark.parametrize("number", range(N_KILLS))
def test_a_run_killed_at_any_moment_is_made_up_for(
    bundled_undisturbed: Undisturbed, fresh_url: str, number: int
) -> None:
    with served(BUNDLED, fresh_url) as run:
        run.interrupted_at(*bundled_undisturbed.moment(number))
        _assert_as_if_undisturbed(run, bundled_undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("fresh_url", BOTH, indirect=True)
def test_a_run_killed_again_and_again_gets_to_its_end(
    small: Path, small_undisturbed: Undisturbed, fresh_url: str
) -> None:
    chance = random.Random(SEED)
    n_steps = small_undisturbed.n_steps[0]
    with served(small, fresh_url) as run:
        n_kills = 0
        for number in range(4):
            run.once(AFTER[0] + number * AGAIN_AFTER, kill_at_step=chance.randrange(n_steps // 20, n_steps // 4))
            let_leases_run_out(fresh_url)
            n_kills += 1
        run.once(AFTER[0] + 4 * AGAIN_AFTER)
        for after in SMALL_ROUNDS[1:]:
            run.once(after)
        _assert_as_if_undisturbed(run, small_undisturbed, n_kills=n_kills)


class KillingMailbox(Mailbox):
    """Calls `on_mail` when the first mail is there: before it is taken, or after, in both cases before the answer."""

    def __init__(self, when: str) -> None:
        super().__init__()
        self._when = when
        self.on_mail: Callable[[], None] | None = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        on_mail, self.on_mail = self.on_mail, None
        if on_mail is not None and self._when == "before":
            on_mail()
            return "451 Gone"
        answer = await super().handle_DATA(server, session, envelope)
        if on_mail is not None:
            on_mail()
        return answer


@pytest.mark.parametrize(
    ("fresh_url", "when"),
    [
        ("sqlite", "after"),
        pytest.param("sqlite", "before", marks=pytest.mark.slow),
        pytest.param("postgresql", "before", marks=pytest.mark.slow),
        pytest.param("postgresql", "after", marks=pytest.mark.slow),
    ],
    indirect=["fresh_url"],
)
def test_a_mail_under_way_when_the_process_dies_is_unknown_and_never_sent_again(
    small: Path, fresh_url: str, when: str
) -> None:
    mailbox = KillingMailbox(when)
    with served(small, fresh_url, mailbox) as run:
        with run.process(AFTER[0]) as dying:
            mailbox.on_mail = lambda: kill(dying.pid)
            assert dying.end() == -signal.SIGKILL
        n_arrived = len(mailbox.messages)
        assert n_arrived == (1 if when == "after" else 0)
        let_leases_run_out(fresh_url)
        run.once(AFTER[0] + AGAIN_AFTER)
        store = open_store(fresh_url)
        try:
            states = assert_no_mail_twice(run, store, n_unknown_max=1)
            assert states["unknown"] == 1
            assert states["sent"] == len(mailbox.messages) - n_arrived
            assert states["sent"] > 0
        finally:
            store.close()
