from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterable

import pytest
from structlog.testing import capture_logs

from monitor.net.guard import MAX_IDLE
from monitor.net.pipeline import Fetches
from monitor.types import Failure, Reason, Request, Response
from tests.loopback import (
    GIVE_UP_S,
    HOST,
    Conversation,
    RawServer,
    answer,
    by_target,
    got,
    open_door,
    serving,
)

PAGES = {f"/{number}": answer(body=str(number).encode()) for number in range(30)}


def requests(targets: Iterable[object], host: str = HOST) -> list[Request]:
    return [Request(url=f"http://{host}/{target}", max_bytes=100) for target in targets]


def taken(fetches: Fetches, n: int) -> dict[int, Response | Failure]:
    """The next `n` answers."""
    found: dict[int, Response | Failure] = {}
    while len(found) < n:
        answers = fetches.take(timeout_s=GIVE_UP_S)
        assert answers, "nothing came"
        found.update(answers)
    return found


def reasons(answers: Iterable[Response | Failure]) -> list[Reason]:
    return [found.reason for found in answers if isinstance(found, Failure)]


class Gate:
    """A server that answers /quick at once, and everything else only after `open`."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.seen = threading.Semaphore(0)

    def __call__(self, conversation: Conversation) -> None:
        if b" /quick" not in conversation.head():
            self.seen.release()
            while not self.open.is_set() and not conversation.is_gone_within(0.01):
                pass
        conversation.send(answer(body=b"at last"))

    def wait_for(self, n: int) -> None:
        for _ in range(n):
            assert self.seen.acquire(timeout=GIVE_UP_S)


def test_answers_come_under_the_keys_of_the_caller() -> None:
    with serving(by_target(PAGES)) as (_, door), door.fetches() as fetches:
        fetches.add((number + 100, request) for number, request in enumerate(requests(range(20))))
        assert fetches.n_open == 20
        found = taken(fetches, 20)
        assert fetches.n_open == 0
    bodies = {key: found.body for key, found in found.items() if isinstance(found, Response)}
    assert bodies == {number + 100: str(number).encode() for number in range(20)}


def test_more_can_be_added_while_others_are_under_way() -> None:
    gate = Gate()
    with serving(gate) as (_, door), door.fetches() as fetches:
        fetches.add(enumerate(requests(["slow"])))
        gate.wait_for(1)
        fetches.add([(7, requests(["quick"])[0])])
        assert list(taken(fetches, 1)) == [7]
        assert fetches.n_open == 1
        gate.open.set()
        assert list(taken(fetches, 1)) == [0]


def test_take_waits_no_longer_than_it_is_told() -> None:
    gate = Gate()
    with serving(gate) as (_, door), door.fetches() as fetches:
        assert fetches.take(timeout_s=0.0) == []
        fetches.add(enumerate(requests(["slow", "quick"])))
        assert list(taken(fetches, 1)) == [1]
        assert fetches.take(timeout_s=0.01) == []
        assert fetches.n_open == 1


def test_take_can_wait_for_several_and_never_for_more_than_are_open() -> None:
    with serving(by_target(PAGES)) as (_, door), door.fetches() as fetches:
        fetches.add(enumerate(requests(range(5))))
        assert len(fetches.take(timeout_s=GIVE_UP_S, at_least=5)) == 5
        fetches.add(enumerate(requests(range(3))))
        assert len(fetches.take(timeout_s=GIVE_UP_S, at_least=1_000)) == 3


def test_several_threads_may_add_and_one_takes() -> None:
    with serving(by_target(PAGES)) as (_, door), door.fetches() as fetches:
        asked = requests(range(20))
        threads = [
            threading.Thread(target=fetches.add, args=([(number, asked[number])],)) for number in range(len(asked))
        ]
        for thread in threads:
            thread.start()
        found = taken(fetches, 20)
        for thread in threads:
            thread.join(GIVE_UP_S)
    assert sorted(found) == list(range(20))


def test_two_streams_do_not_see_each_others_answers() -> None:
    with serving(by_target(PAGES)) as (_, door), door.fetches() as one, door.fetches() as two:
        one.add(enumerate(requests(range(10))))
        two.add(enumerate(requests(range(10, 20))))
        for fetches, first in ((one, 0), (two, 10)):
            found = taken(fetches, 10)
            assert [found[key].url for key in range(10)] == [f"http://{HOST}/{first + key}" for key in range(10)]


def test_a_stop_ends_all_that_is_open_and_all_that_is_added_later() -> None:
    gate, stop = Gate(), threading.Event()
    with serving(gate, concurrency=2) as (_, door):
        with door.fetches(stop=stop) as fetches:
            fetches.add(enumerate(requests(["a", "b", "c", "quick"])))
            gate.wait_for(2)
            stop.set()
            found = taken(fetches, 4)
            assert reasons(found.values()) == [Reason.STOPPED] * 4
            fetches.add(enumerate(requests(["quick"])))
            assert reasons(taken(fetches, 1).values()) == [Reason.STOPPED]
            assert fetches.take(timeout_s=GIVE_UP_S) == []
        assert got(door, f"http://{HOST}/quick").status == 200  # the slots are free for others


def test_what_was_answered_before_a_stop_is_kept() -> None:
    gate, stop = Gate(), threading.Event()
    with serving(gate, concurrency=1) as (_, door), door.fetches(stop=stop) as fetches:
        fetches.add(enumerate(requests(["quick", "slow"])))
        gate.wait_for(1)
        stop.set()
        found = taken(fetches, 2)
    assert isinstance(found[0], Response)
    assert reasons([found[1]]) == [Reason.STOPPED]


def test_a_stop_that_is_already_set_asks_nothing() -> None:
    stop = threading.Event()
    stop.set()
    with serving(by_target(PAGES)) as (server, door):
        with door.fetches(stop=stop) as fetches:
            fetches.add(enumerate(requests([1, 2])))
            assert reasons(taken(fetches, 2).values()) == [Reason.STOPPED] * 2
        assert server.heard == []


def test_closing_the_door_ends_a_stream_that_another_thread_waits_for() -> None:
    gate = Gate()
    found: dict[int, Response | Failure] = {}
    with serving(gate) as (_, door), door.fetches() as fetches:
        fetches.add(enumerate(requests(["a", "b"])))
        gate.wait_for(2)
        waiting = threading.Thread(target=lambda: found.update(fetches.take(timeout_s=GIVE_UP_S, at_least=2)))
        waiting.start()
        door.close()
        waiting.join(GIVE_UP_S)
        fetches.add([(2, requests(["c"])[0])])
        found.update(fetches.take(timeout_s=GIVE_UP_S))
    assert reasons(found.values()) == [Reason.STOPPED] * 3


def test_a_closed_door_streams_nothing_but_stopped() -> None:
    door = open_door()
    door.close()
    with door.fetches() as fetches:
        fetches.add(enumerate(requests([1])))
        assert reasons(taken(fetches, 1).values()) == [Reason.STOPPED]


def test_leaving_a_stream_drops_what_is_open_and_frees_its_slots() -> None:
    gate = Gate()
    with serving(gate, concurrency=1) as (_, door):
        with door.fetches() as fetches:
            fetches.add(enumerate(requests(["a", "b", "c"])))
            gate.wait_for(1)
        assert fetches.n_open == 0
        assert fetches.take(timeout_s=GIVE_UP_S) == []
        assert got(door, f"http://{HOST}/quick").status == 200
        with pytest.raises(RuntimeError):
            fetches.add(enumerate(requests(["d"])))
    assert gate.seen.acquire(blocking=False) is False  # b and c were never asked for


def test_leaving_by_an_exception_as_ctrl_c_is_leaves_nothing_running() -> None:
    gate = Gate()
    with serving(gate, concurrency=1) as (_, door):
        with contextlib.suppress(KeyboardInterrupt), door.fetches() as fetches:
            fetches.add(enumerate(requests(["a", "b"])))
            gate.wait_for(1)
            raise KeyboardInterrupt
        assert got(door, f"http://{HOST}/quick").status == 200


def test_ctrl_c_while_waiting_for_a_batch_leaves_nothing_running() -> None:
    gate = Gate()

    def interrupting(conversation: Conversation) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        gate(conversation)

    with serving(interrupting, concurrency=1) as (_, door):
        with pytest.raises(KeyboardInterrupt):
            door.fetch_many(requests(["a", "b"]))
        gate.wait_for(1)
        assert door.fetch_many([]) == []
    assert gate.seen.acquire(blocking=False) is False  # b was never asked for


def test_a_defect_of_ours_fails_the_request_that_met_it_and_no_other() -> None:
    broken = Request(url=f"http://{HOST}/1", max_bytes="many")  # type: ignore[arg-type] # what no code expects
    with serving(by_target(PAGES)) as (_, door), door.fetches() as fetches, capture_logs() as logs:
        fetches.add([(1, broken), (2, Request(url=f"http://{HOST}/1", max_bytes=100))])
        found = taken(fetches, 2)
    assert isinstance(found[1], Failure)
    assert found[1].reason is Reason.PROTOCOL
    assert isinstance(found[2], Response)
    assert [line["event"] for line in logs] == ["http.defect"]


# --- servers that do not answer -----------------------------------------------------------------------------------


def silent(conversation: Conversation) -> None:
    conversation.head()
    conversation.is_gone_within(GIVE_UP_S)


def test_servers_that_stay_silent_do_not_delay_the_others() -> None:
    with RawServer(silent) as dead, RawServer(by_target(PAGES)) as alive:
        with open_door(("dead.example", dead), (HOST, alive), concurrency=4) as door, door.fetches() as fetches:
            fetches.add(enumerate(requests(range(8), "dead.example")))
            fetches.add((100 + number, request) for number, request in enumerate(requests(range(30))))
            found = taken(fetches, 30)
            assert sorted(found) == list(range(100, 130))
            assert fetches.n_open == 8
        assert dead.n_connections == 8


def test_what_waits_for_a_silent_server_is_open_and_not_active() -> None:
    with (
        RawServer(silent) as dead,
        RawServer(by_target(PAGES)) as alive,
        open_door(("dead.example", dead), (HOST, alive), concurrency=1) as door,
        door.fetches() as fetches,
    ):
        assert fetches.n_active == 0
        fetches.add(enumerate([*requests([0], "dead.example"), *requests([1])]))
        assert (fetches.n_open, fetches.n_active) == (2, 2)
        assert list(taken(fetches, 1)) == [1]
        assert (fetches.n_open, fetches.n_active) == (1, 0)
        with door.fetches() as others:
            assert others.n_active == 0


def test_a_full_waiting_room_keeps_connections_bounded() -> None:
    with RawServer(silent) as dead:
        options = {"concurrency": 2, "waiting": 1, "read_timeout_s": 1.5}
        with open_door(("dead.example", dead), **options) as door, door.fetches() as fetches:
            fetches.add(enumerate(requests(range(12), "dead.example")))
            found = taken(fetches, 1)
            assert reasons(found.values()) == [Reason.TIMEOUT] * len(found)
            assert dead.n_connections <= 3 + len(found)


def test_connections_that_are_kept_for_later_are_bounded() -> None:
    gone = threading.Semaphore(0)

    def keeping(conversation: Conversation) -> None:
        while conversation.head():
            conversation.send(answer(connection="keep-alive"))
        gone.release()

    n_hosts = MAX_IDLE + 40
    hosts = [f"h{number}.example" for number in range(n_hosts)]
    with RawServer(keeping) as server, open_door(*((host, server) for host in hosts)) as door:
        asked = [Request(url=f"http://{host}/", max_bytes=10) for host in hosts]
        assert all(isinstance(found, Response) for found in door.fetch_many(asked))
        for _ in range(n_hosts - MAX_IDLE):
            assert gone.acquire(timeout=GIVE_UP_S)
        assert got(door, f"http://{hosts[-1]}/").status == 200
        assert server.n_connections == n_hosts  # the last host's connection was used again
