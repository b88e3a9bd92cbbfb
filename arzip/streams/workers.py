"""Calls made at the same time, their results in the order of the calls.

On one machine threads make them. The models' loops run without the GIL, so two threads code twice
as fast as one, with the model and its compiled code in memory once. An executor of
`concurrent.futures` gets the same calls, and can pickle what they take and return: processes,
Dask, MPI. Nothing here knows what is called, so no worker can change a byte of a file.
"""

import os
import threading
import weakref
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, Generic, TypeVar

from arzip.arguments import whole_or_none
from arzip.codec import Progress, unwatched
from arzip.errors import ArzipError, WorkerError
from arzip.system.cpus import cpus

__all__ = ["Ordered", "workers"]

Result = TypeVar("Result")


class Ordered(Generic[Result]):
    """A queue of calls: `put` starts one, `get` waits for the oldest.

    `threads` calls are made at a time and one more waits, so that there is work while the oldest
    result is fetched. None means one, or as many as the executor has workers; 0 means as many as
    this process may use CPUs, or as there are workers. Without an executor and with one thread,
    `get` makes the call. A call that is made in this process, not by an executor, gets a keyword
    `progress`: a codec.Progress. In a process that was forked meanwhile, `get` makes all calls.
    """

    def __init__(self, threads: int | None = None, executor: Executor | None = None) -> None:
        threads = whole_or_none("threads", threads, 0)
        if executor is not None:
            if not hasattr(executor, "submit"):
                kind = type(executor).__name__
                raise TypeError(f"executor must be one of concurrent.futures, not {kind}")
            threads = threads or workers(executor)
        else:
            threads = 1 if threads is None else threads or cpus()
        self._executor = executor
        self._tally = _Tally()
        self._threads: _Threads | None = None
        if executor is None and threads > 1:
            self._threads = _Threads(threads, self._tally)
            weakref.finalize(self, self._threads.stop)
        self._process = os.getpid()
        self._calls: deque[_Call[Result] | Future[Result]] = deque()
        self.capacity = threads + 1 if executor or self._threads else 1
        """How many results may be waited for; to be lowered where they take too much memory."""

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def is_full(self) -> bool:
        """Whether `get` must come before the next `put`."""
        return len(self._calls) >= self.capacity

    @property
    def worked(self) -> tuple[int, float]:
        """The progress that the calls in this process have reported so far, summed up."""
        return self._tally.size, self._tally.coded

    def put(self, function: Callable[..., Result], *arguments: object) -> None:
        """Start a call.

        Raises WorkerError if the executor that was given takes none, MemoryError if no thread can
        be started.
        """
        if self._executor is not None:
            try:
                self._calls.append(self._executor.submit(function, *arguments))
            except Exception as error:
                raise _failure(error) from error
            return
        call = _Call(function, arguments)
        if self._threads is not None and not self._is_forked:
            self._threads.submit(call)
        self._calls.append(call)

    def put_result(self, result: Result) -> None:
        """Add a result, as if a call had returned it."""
        self._calls.append(_Call(_same, (result,)))

    def get(self) -> Result:
        """Return the oldest call's result. If it raises, or is interrupted, it stays the oldest.

        Raises what the call raises, and WorkerError if an executor that was given failed to call.
        """
        call = self._calls[0]
        if isinstance(call, Future):
            result = _waited(call)
        elif self._wait_for(call):
            result = call.result()
        else:
            # A lock that a thread held when this process was forked is never released here.
            progress: Progress = unwatched if self._is_forked else self._tally
            result = call.function(*call.arguments, progress=progress)
        self._calls.popleft()
        return result

    def _wait_for(self, call: "_Call[Result]") -> bool:
        """Wait for the thread that makes the call; return whether one did."""
        if call.is_submitted and not self._is_forked:
            call.made.wait()
        return call.made.is_set() and not call.was_stopped

    @property
    def _is_forked(self) -> bool:
        """Whether this is not the process that has the threads."""
        return os.getpid() != self._process

    def close(self) -> None:
        """Forget all calls: those that threads are making end soon, those that wait never begin."""
        for call in self._calls:
            if isinstance(call, Future):
                call.cancel()
        self._calls.clear()
        if self._threads is not None:
            self._threads.stop()


class _Tally:
    """Adds up the progress of several threads."""

    def __init__(self) -> None:
        self.size = 0
        self.coded = 0.0
        self._lock = threading.Lock()

    def __call__(self, size: int, coded: float) -> None:
        with self._lock:
            self.size += size
            self.coded += coded


class _StoppedError(Exception):
    """Ends a call that nobody waits for."""


class _Call(Generic[Result]):
    """A call to be made, or one that a thread has made."""

    def __init__(self, function: Callable[..., Result], arguments: tuple[object, ...]) -> None:
        self.function = function
        self.arguments = arguments
        self._result: Result | None = None
        self._error: BaseException | None = None
        self.is_submitted = False
        self.made = threading.Event()

    def make(self, progress: Progress) -> None:
        """Make the call, and keep what it returns or raises."""
        try:
            self._result = self.function(*self.arguments, progress=progress)
        except BaseException as error:
            self._error = error
        self.made.set()

    @property
    def was_stopped(self) -> bool:
        return isinstance(self._error, _StoppedError)

    def result(self) -> Result:
        """Return what the call returned. Raises what it raised."""
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]


class _Threads:
    """Makes calls in threads, which end when there are no more calls.

    The threads of concurrent.futures finish every call that they began, and keep the interpreter
    from ending. Here a call takes minutes.
    """

    def __init__(self, most: int, progress: Progress) -> None:
        self._most = most
        self._progress = progress
        self._running = 0
        self._waiting: deque[_Call[Any]] = deque()
        self._stopped = False
        self._lock = threading.Lock()

    def submit(self, call: _Call[Any]) -> None:
        """Have the call made. Raises MemoryError if there can be no thread for it."""
        call.is_submitted = True
        with self._lock:
            self._waiting.append(call)
            if self._running == self._most:
                return
            self._running += 1
        try:
            threading.Thread(target=self._work, name="arzip").start()
        except RuntimeError as error:
            with self._lock:
                self._running -= 1
                if not self._running:
                    raise MemoryError(str(error)) from error

    def stop(self) -> None:
        """Begin no more calls, and end those that were begun when they next report progress."""
        self._stopped = True

    def _work(self) -> None:
        while True:
            with self._lock:
                if self._stopped or not self._waiting:
                    self._running -= 1
                    return
                call = self._waiting.popleft()
            call.make(self._go_on)

    def _go_on(self, size: int, coded: float) -> None:
        """Take progress. Raises _StoppedError if nobody waits any more."""
        # When the main thread has ended, the interpreter waits for the others. One of these may
        # still want a result, and then makes the call itself.
        if self._stopped or not threading.main_thread().is_alive():
            raise _StoppedError
        self._progress(size, coded)


def workers(executor: Executor) -> int:
    """Return how many calls the executor makes at a time, if it tells; else the CPUs here."""
    for name in ("_max_workers", "num_workers"):  # of concurrent.futures, of mpi4py.futures
        number = getattr(executor, name, None)
        if isinstance(number, int) and number > 0:
            return number
    client = getattr(executor, "_client", None)  # of Dask's
    return max(1, sum(client.nthreads().values())) if client is not None else cpus()


def _same(result: Result, progress: Progress) -> Result:
    return result


def _waited(future: "Future[Result]") -> Result:
    try:
        return future.result()
    except (ArzipError, MemoryError):
        raise
    except Exception as error:
        raise _failure(error) from error


def _failure(error: Exception) -> WorkerError:
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    return WorkerError(f"a worker failed or died, so nothing more can be coded ({what})")
