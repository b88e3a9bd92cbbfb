"""Dying of a signal at once, even within compiled code, and without leaving anything behind.

Python runs signal handlers in the main thread, between two steps of the interpreter, and a call
into compiled code is one step, of many seconds. So the work runs in a thread, and the main thread
waits for it. After tidying up, the handler lets the signal do what it does by default: whoever
waits for arzip sees it.
"""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from arzip.cli import progress
from arzip.cli.messages import ERROR
from arzip.system import newfile

FATAL = ("SIGINT", "SIGTERM", "SIGHUP", "SIGXCPU")
STACK = 64 << 20  # bytes; some systems give threads too little for a compiler
POLL = 0.2  # seconds; for systems that hand a signal to the other thread


def run_interruptibly(work: Callable[[], int]) -> int:
    """What `work` returns: an exit status, or -N to die of signal N.

    `work` must not raise. Signals that are ignored (nohup) stay so.
    """
    for name in FATAL:
        number = getattr(signal, name)
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _die)
    results = [ERROR]
    usual = threading.stack_size(STACK)
    worker = threading.Thread(target=lambda: results.append(work()), daemon=True)
    worker.start()
    threading.stack_size(usual)
    while worker.is_alive():
        worker.join(POLL)
    if results[-1] < 0:
        _die(-results[-1], None)
    return results[-1]


def _die(number: int, frame: FrameType | None) -> NoReturn:
    """Tidy up and end this process by signal `number`."""
    for name in FATAL:
        # This handler must not meet itself. Tidying takes a moment.
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    newfile.give_up()
    progress.restore_terminal()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)  # only where the signal is blocked
