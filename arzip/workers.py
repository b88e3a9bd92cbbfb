"""Segments worked on at the same time: calls to an executor, their results in the order of asking.

On one machine threads do: the models' loops run without the GIL, so two threads code twice as fast
as one, with the model and its compiled code in memory once. Any other executor of
`concurrent.futures` gets the same calls, and what they take and return can be pickled: processes,
Dask, MPI. Nothing here knows what is called, so no worker can change a byte of a file.
"""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import Generic, TypeVar

from arzip.errors import ArzipError, WorkerError

__all__ = ["Ordered", "workers"]

Result = TypeVar("Result")


class Ordered(Generic[Result]):
    """A queue of calls: `put` starts one, `get` waits for the oldest.

    `threads` calls are made at a time and one more waits, so that there is work while the oldest
    result is fetched. None means one, or as many as the executor has workers; 0 means as many as
    there are cores, or workers. Without an executor and with one thread, `get` makes the call.
    """

    def __init__(self, threads: int | None = None, executor: Executor | None = None) -> None:
        if threads is not None and threads < 0:
            raise ValueError("threads must be 0 (all cores) or more")
        self._given = executor
        if executor is not None:
            threads = threads or workers(executor)
        else:
            threads = 1 if threads is None else threads or _cores()
            executor = ThreadPoolExecutor(threads) if threads > 1 else None
        self._executor = executor
        # What is to be called here and now, by `get`, or what an executor will have called by then.
        self._calls: deque[partial[Result] | Future[Result]] = deque()
        self.capacity = threads + 1 if executor else 1
        """How many results may be waited for; to be lowered where they take too much memory."""

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def is_full(self) -> bool:
        """Whether `get` is due before the next `put`."""
        return len(self._calls) >= self.capacity

    def put(self, function: Callable[..., Result], *arguments: object) -> None:
        """Start a call. Raises WorkerError if the executor that was given takes none."""
        if self._executor is None:
            self._calls.append(partial(function, *arguments))
            return
        try:
            self._calls.append(self._executor.submit(function, *arguments))
        except Exception as error:
            raise _failure(error) from error

    def put_result(self, result: Result) -> None:
        """As if a call had returned it."""
        self._calls.append(partial(_same, result))

    def get(self) -> Result:
        """The oldest call's result. If it raises, or is interrupted, the call stays the oldest.

        Raises what the call raises, and WorkerError if an executor that was given failed to call.
        """
        oldest = self._calls[0]
        result = oldest() if isinstance(oldest, partial) else self._wait(oldest)
        self._calls.popleft()
        return result

    def _wait(self, future: Future[Result]) -> Result:
        try:
            return future.result()
        except (ArzipError, MemoryError):
            raise
        except Exception as error:
            if self._given is None:
                raise
            raise _failure(error) from error

    def close(self) -> None:
        """Forget all calls, those that have not begun for good, and let the threads end."""
        for call in self._calls:
            if not isinstance(call, partial):
                call.cancel()
        self._calls.clear()
        if self._executor is not None and self._given is None:
            self._executor.shutdown(wait=False, cancel_futures=True)


def workers(executor: Executor) -> int:
    """How many calls the executor makes at a time, where it tells; else how many cores are here."""
    for name in ("_max_workers", "num_workers"):  # of concurrent.futures, of mpi4py.futures
        number = getattr(executor, name, None)
        if isinstance(number, int) and number > 0:
            return number
    client = getattr(executor, "_client", None)  # of Dask's
    return max(1, sum(client.nthreads().values())) if client is not None else _cores()


def _same(result: Result) -> Result:
    return result


def _cores() -> int:
    return os.cpu_count() or 1


def _failure(error: Exception) -> WorkerError:
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    return WorkerError(f"a worker failed or died, so nothing more can be coded ({what})")
