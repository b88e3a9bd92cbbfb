"""How far the work on one file is: a bar on stderr, on a terminal, for work over a second."""

import os
import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

from arzip.cli.messages import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE = 1.0  # seconds before the bar appears
SHOW_CURSOR = b"\x1b[?25h\n"

_showing = False


def restore_terminal() -> None:
    """Show the cursor again if a bar is hiding it. Safe in a signal handler."""
    if _showing:
        os.write(2, SHOW_CURSOR)


class Meter:
    """Shows how many bytes of one file are done; `total` is None where it is not known."""

    def __init__(self, name: str, total: int | None, *, wanted: bool) -> None:
        self._name = name
        self._total = total
        self._done = 0
        self._lock = threading.Lock()  # the timer's thread against this one
        self._closed = False
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._timer: threading.Timer | None = None
        if wanted and sys.stderr.isatty():
            self._timer = threading.Timer(PATIENCE, self._show)
            self._timer.daemon = True

    def reach(self, done: int) -> None:
        """Show that `done` bytes are done."""
        with self._lock:
            self._done = done
            if self._bar is not None and self._task is not None:
                # Until something is done the bar only shows that work goes on.
                self._bar.update(self._task, completed=done, total=self._total if done else None)

    def _show(self) -> None:
        global _showing
        with self._lock:
            if not self._closed:
                self._bar = _new_bar()
                total = self._total if self._done else None
                self._task = self._bar.add_task(
                    printable(self._name), total=total, completed=self._done
                )
                _showing = True
                self._bar.start()

    def __enter__(self) -> Self:
        if self._timer is not None:
            self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        global _showing
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._closed = True
            if self._bar is not None:
                self._bar.stop()
                _showing = False


def _new_bar() -> "Progress":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
