"""Work on several files at a time, whose output comes in their order.

Messages and standard output have to wait until all work before theirs is done: whoever prints calls
`wait_for_turn`. All else goes on.
"""

import threading
from collections.abc import Callable, Sequence

__all__ = ["side_by_side", "wait_for_turn"]

_turn = threading.local()


def wait_for_turn() -> None:
    """Return when all work that comes before this thread's is done."""
    before: threading.Event | None = getattr(_turn, "before", None)
    if before is not None:
        before.wait()


def side_by_side(works: Sequence[Callable[[], object]], at_a_time: int) -> None:
    """Do all works, `at_a_time` of them at a time.

    Raises what the first work that fails raises, when it is its turn; no other is begun then.
    """
    from concurrent.futures import ThreadPoolExecutor

    turns = [threading.Event() for _ in range(len(works) + 1)]
    turns[0].set()

    def do(number: int) -> None:
        _turn.before = turns[number]
        try:
            works[number]()
        finally:
            wait_for_turn()
            turns[number + 1].set()

    pool = ThreadPoolExecutor(at_a_time)
    futures = [pool.submit(do, number) for number in range(len(works))]
    try:
        for future in futures:
            future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
