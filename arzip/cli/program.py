"""How the programs `arzip`, `unarz` and `arzcat` begin and end.

Whatever happens in a command becomes a message and an exit status here, and only this module ends
the process. A fatal signal ends it at once, even within compiled code: unfinished files are
removed, and then the signal does what it does by default, so that the caller sees it.
"""

import io
import os
import signal
import sys
import threading
from types import FrameType
from typing import NoReturn

import click
from click.shell_completion import shell_complete

from arzip.cli import progress
from arzip.cli.group import cli
from arzip.cli.gzip_form import gzip_form
from arzip.cli.messages import ERROR, OK, is_failure, report_failure, report_usage
from arzip.system import heap, newfile, transport

__all__ = ["arzcat", "arzip", "unarz"]

FATAL = ("SIGINT", "SIGTERM", "SIGHUP", "SIGXCPU")
STACK = 64 << 20  # bytes; some systems give threads too little for a compiler
POLL = 0.2  # seconds; for systems that deliver a signal to the other thread


def arzip() -> NoReturn:
    """Run `arzip` with the arguments of this process, and end the process."""
    _run(cli, "arzip", sys.argv[1:])


def unarz() -> NoReturn:
    """Run `unarz`, which is `arzip -d`, and end the process."""
    _run(gzip_form, "unarz", ["-d", *sys.argv[1:]])


def arzcat() -> NoReturn:
    """Run `arzcat`, which is `arzip -dc`, and end the process."""
    _run(gzip_form, "arzcat", ["-dc", *sys.argv[1:]])


def _run(command: click.Command, program: str, arguments: list[str]) -> NoReturn:
    """Run the command in a thread, and end the process with its status or by a signal.

    Python runs signal handlers in the main thread, between two steps of the interpreter. A call
    into compiled code is one step, of many seconds, so the main thread only waits.
    """
    heap.give_back()
    _open_standard_streams()
    for name in FATAL:
        number = getattr(signal, name)
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves it
            signal.signal(number, _die)
    results = [ERROR]
    usual = threading.stack_size(STACK)
    worker = threading.Thread(
        target=lambda: results.append(_status(command, program, arguments)), daemon=True
    )
    worker.start()
    threading.stack_size(usual)
    while worker.is_alive():
        worker.join(POLL)
    if results[-1] < 0:
        _die(-results[-1], None)
    sys.exit(results[-1])


def _status(command: click.Command, program: str, arguments: list[str]) -> int:
    """Run the command and return the exit status, or -N to die of signal N."""
    variable = f"_{program.upper()}_COMPLETE"
    status = OK
    try:
        if os.environ.get(variable):
            status = shell_complete(command, {}, program, variable, os.environ[variable])
        else:
            with command.make_context(program, arguments) as context:
                command.invoke(context)
    except BaseException as error:
        status = _reported(error)
    try:
        sys.stdout.flush()
    except OSError as error:
        if status != ERROR or isinstance(error, BrokenPipeError):  # else it is reported already
            status = _reported(error)
    # Python would try once more to write the rest as it ends, and fail itself.
    if status == ERROR:
        _discard(1)
    try:
        sys.stderr.flush()
    except OSError:
        _discard(2)
    return status


def _discard(descriptor: int) -> None:
    """Let what is yet to be written there go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def _reported(error: BaseException) -> int:
    """Print what went wrong, if anything, and return the exit status."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        # Nobody reads the output: end as every other filter does. Python ignores SIGPIPE.
        return -signal.SIGPIPE
    if isinstance(error, click.ClickException):
        report_usage(error)
    elif isinstance(error, OSError):
        # Errors with files are reported where they are known, so this is one of standard output.
        report_failure(error, "(stdout)")
    elif is_failure(error):
        report_failure(error)
    else:
        raise error
    return ERROR


def _open_standard_streams() -> None:
    """Open the standard streams again, so that they lose nothing.

    Python's own lose data if they are not buffered (PYTHONUNBUFFERED), or do not block. In place of
    a closed stream the null device is opened: otherwise the next file to be opened would become
    that stream, and messages would end up there. It is opened in the wrong direction, so that every
    use of the stream is an error.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        given = getattr(sys, name)
        if given is None:
            os.open(os.devnull, os.O_RDONLY if number == 1 else os.O_WRONLY)
        file = io.FileIO(number, "w" if number else "r", closefd=False)
        stream = io.TextIOWrapper(
            transport.buffered(file),
            encoding=given and given.encoding,
            errors=given and given.errors,
            line_buffering=name == "stderr" or file.isatty(),
        )
        setattr(sys, name, stream)


def _die(number: int, frame: FrameType | None) -> NoReturn:
    """Remove unfinished files and end this process by signal `number`."""
    for name in FATAL:
        # Removing takes a moment, in which this handler must not be called again.
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    newfile.give_up()
    progress.restore_terminal()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)  # only if the signal is blocked
