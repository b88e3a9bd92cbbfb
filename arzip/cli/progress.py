"""A progress bar on stderr, if that is a terminal, for work that takes over a second.

    reads.log ━━━━━━━━╸━━━━━━━  42 %  1.2 / 10.1 MiB = 0.119  93 KB/s  0:02:31

The work does not report to the bar: ten times a second the bar looks how far the work is. So it
moves within a segment too, and files of a few bytes cost nothing.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from arzip.cli.messages import printable

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["LONGEST_NAME", "PATIENCE", "Meter", "Step", "restore_terminal"]

PATIENCE = 1.0  # seconds before the bar appears
LONGEST_NAME = 24  # characters
SHOW_CURSOR = b"\x1b[?25h\n"

_showing = False


def restore_terminal() -> None:
    """Show the cursor again if a bar is hiding it. Safe in a signal handler."""
    if _showing:
        os.write(2, SHOW_CURSOR)


class Step(NamedTuple):
    """How far some work is, in bytes."""

    done: float
    """Bytes of the meter's total: of data, or of compressed data if that is decompressed."""
    size: float = 0
    """Bytes of data, not compressed."""
    coded: float | None = None
    """Bytes of that data when compressed, None if it is not."""


Look = Callable[[], Step]


class Meter:
    """Shows how far work on one or more files is, one after the other or side by side.

    `total` is the bytes of all files, None if that is not known; `files` is their number.
    """

    def __init__(self, total: int | None, *, wanted: bool, files: int = 1) -> None:
        self._total = total
        self._files = files
        self._begun = 0
        self._looks: list[tuple[str, Look]] = []  # of the work that goes on now
        self._finished = Step(0)
        self._lock = threading.Lock()  # against the threads of the bar
        self._closed = False
        self._bar: Progress | None = None
        self._start = time.monotonic()
        self._timer: threading.Timer | None = None
        if wanted and sys.stderr.isatty():
            self._timer = threading.Timer(PATIENCE, self._show)
            self._timer.daemon = True

    @contextmanager
    def work(self, name: str, look: Look, *, is_file: bool = True) -> Iterator[None]:
        """Count work inside the `with` block. `look` returns how far it is.

        With `is_file` it is work on the next file, else more work on a file that was counted.
        """
        with self._lock:
            self._begun += is_file
            self._looks.append((name, look))
        try:
            yield
        finally:
            with self._lock:
                self._looks.remove((name, look))
                self._finished = _sum([self._finished, look()])

    def state(self) -> tuple[str, Step, str]:
        """Return the current file's name, how far all work is, and sizes and speed in words."""
        with self._lock:
            name = printable(self._looks[0][0]) if self._looks else ""
            step = _sum([self._finished, *(look() for _, look in self._looks)])
        if len(name) > LONGEST_NAME:
            name = name[: LONGEST_NAME - 1] + "…"
        if self._files > 1:
            name += f" (file {min(self._begun, self._files)} of {self._files})"
        shift, unit, digits = (20, "MiB", 1) if step.size >= 1 << 20 else (10, "KiB", 0)
        said = f"{step.size / (1 << shift):,.{digits}f} {unit}"
        if step.coded is not None and step.size:
            coded = f"{step.coded / (1 << shift):,.{digits}f}"
            said = f"{coded} / {said} = {step.coded / step.size:.3f}"
        speed = step.size / 1e3 / max(time.monotonic() - self._start, 1e-3)
        return name, step, f"{said}  {speed:,.0f} KB/s"

    def _show(self) -> None:
        global _showing
        bar = _new_bar(
            self.state, self._total
        )  # which calls `state` at once, and so takes the lock
        with self._lock:
            if self._closed:
                return
            self._bar = bar
            _showing = True
        bar.start()

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
        if self._timer is not None and self._bar is not None:
            self._timer.join()  # it may be about to start the bar
            self._bar.stop()
            _showing = False


def _sum(steps: list[Step]) -> Step:
    coded = [step.coded for step in steps if step.coded is not None]
    return Step(
        sum(step.done for step in steps),
        sum(step.size for step in steps),
        sum(coded) if coded else None,
    )


def _new_bar(state: Callable[[], tuple[str, Step, str]], total: int | None) -> "Progress":
    from rich.console import Console, RenderableType
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    class Bar(Progress):
        """A bar that calls `state` each time it is drawn."""

        def get_renderable(self) -> RenderableType:
            name, step, said = state()
            for task in self.task_ids:
                self.update(task, description=name, completed=step.done, said=said)
            return super().get_renderable()

    bar = Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=16),
        TextColumn("" if total is None else "{task.percentage:3.0f} %"),
        TextColumn("{task.fields[said]}", markup=False),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        # Messages go above the bar.
        redirect_stdout=False,
        redirect_stderr=True,
    )
    bar.add_task("", total=total, said="")
    return bar
