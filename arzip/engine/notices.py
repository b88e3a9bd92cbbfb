"""Messages to the user: the model is being compiled, and why its machine code was not kept."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

__all__ = ["announced", "say", "when_compiling"]

PATIENCE = 2.0  # seconds of compiling before the user is told

_notify: Callable[[str], object] = lambda message: None  # noqa: E731
_said: set[str] = set()


def when_compiling(notify: Callable[[str], object]) -> None:
    """Have `notify` called, from another thread, with a line about compiling that takes seconds."""
    global _notify
    _notify = notify
    _said.clear()


def say(message: str) -> None:
    """Pass a message on, unless it was passed on before."""
    if message not in _said:
        _said.add(message)
        _notify(message)


@contextmanager
def announced(message: str) -> Iterator[None]:
    """Pass `message` on if the block takes longer than PATIENCE."""
    timer = threading.Timer(PATIENCE, lambda: say(message))
    timer.daemon = True
    with suppress(RuntimeError):  # no memory for a thread
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
