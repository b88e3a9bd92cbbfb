"""Word for the user that something has to be compiled, and why this was not the last time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

__all__ = ["announced", "say", "when_compiling"]

PATIENCE = 2.0  # seconds of silence while something is compiled

_notify: Callable[[str], object] = lambda message: None  # noqa: E731
_said: set[str] = set()


def when_compiling(notify: Callable[[str], object]) -> None:
    """Have `notify` called, from another thread, with a line of what is going on, where compiling
    takes seconds.
    """
    global _notify
    _notify = notify
    _said.clear()


def say(message: str) -> None:
    """Say it, unless it was said before."""
    if message not in _said:
        _said.add(message)
        _notify(message)


@contextmanager
def announced(message: str) -> Iterator[None]:
    """Around what may take long enough for `message`."""
    timer = threading.Timer(PATIENCE, lambda: say(message))
    timer.daemon = True
    with suppress(RuntimeError):  # no memory for a thread
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
