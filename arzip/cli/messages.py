"""Messages to the user: each one line on stderr that names the file and says how to fix it.

A `Reporter` also keeps the exit status: 0 for success, 1 for an error, 2 for a skipped file.
"""

import contextlib
import os
import sys
import traceback
from collections.abc import Iterator

import click

from arzip.cli import turns
from arzip.engine import notices
from arzip.errors import ArzipError

__all__ = [
    "ERROR",
    "OK",
    "RefusedError",
    "Reporter",
    "SkippedError",
    "explain",
    "is_failure",
    "new_reporter",
    "printable",
    "report_failure",
    "report_usage",
    "say",
]

OK, ERROR, WARNING = 0, 1, 2


class SkippedError(Exception):
    """A file is left alone, for the reason given: a warning, exit status 2."""


class RefusedError(Exception):
    """arzip refuses to do something, and says which option would allow it: exit status 1."""


class Reporter:
    """Prints the messages that -q and -v allow, and remembers the worst of them."""

    def __init__(self, quiet: int = 0, verbose: int = 0) -> None:
        self._quiet = quiet
        self.verbose = verbose > 0 and not quiet
        self._failed = False
        self._warned = False

    @property
    def status(self) -> int:
        """The exit status for all reports so far; an error outweighs a warning."""
        return ERROR if self._failed else WARNING if self._warned else OK

    def error(self, name: str, error: BaseException) -> None:
        """Report that work on `name` failed with `error`."""
        self._failed = True
        if self._quiet < 2:
            report_failure(error, name)

    def unreadable(self, error: OSError) -> None:
        """Report that a directory cannot be read."""
        self.error(error.filename, error)

    def warn(self, name: str, message: str) -> None:
        """Report that `name` was skipped."""
        self._warned = True
        if self._quiet < 1:
            say(f"{printable(name)}: {message}")

    def note(self, message: str) -> None:
        """Print a message if -v was given."""
        if self.verbose:
            say(message)

    def announce(self, message: str) -> None:
        """Print a message that is neither an error nor a warning."""
        if self._quiet < 1:
            say(message)

    @contextlib.contextmanager
    def watch(self, name: str) -> Iterator[None]:
        """Report a failure with one file, so that work goes on with the next."""
        try:
            yield
        except SkippedError as error:
            self.warn(name, str(error))
        except BrokenPipeError:
            raise
        except BaseException as error:
            if not is_failure(error):
                raise
            self.error(name, error)


def new_reporter(quiet: int = 0, verbose: int = 0) -> Reporter:
    """Return a Reporter that also announces when models have to be compiled."""
    reporter = Reporter(quiet, verbose)
    notices.when_compiling(reporter.announce)
    return reporter


def report_failure(error: BaseException, name: str | None = None) -> None:
    """Print what went wrong with `name`, or with arzip as a whole."""
    say(explain(error) if name is None else f"{printable(name)}: {explain(error, name)}")
    if os.environ.get("ARZIP_DEBUG"):
        traceback.print_exception(error)


def report_usage(error: click.ClickException) -> None:
    """Print what is wrong with the command line."""
    say(f"{' '.join(error.format_message().split())} (try arzip --help)")


def is_failure(error: BaseException) -> bool:
    """Return whether `error` is a failure, not a way of leaving.

    A panic in the coder's Rust code derives from BaseException, so `except Exception` misses it.
    """
    leaving = (KeyboardInterrupt, SystemExit, GeneratorExit, click.exceptions.Exit, click.Abort)
    return not isinstance(error, leaving)


def is_out_of_memory(error: BaseException | None) -> bool:
    """Return whether memory, or addresses, ran out: for data, for a thread, or for a library."""
    signs = ("can't start new thread", "failed to map segment", "annot allocate memory")
    while error is not None:
        if isinstance(error, MemoryError) or any(sign in str(error) for sign in signs):
            return True
        error = error.__cause__ or error.__context__
    return False


def explain(error: BaseException, name: str | None = None) -> str:
    """Return what went wrong, in one line. The message names `name` already."""
    if isinstance(error, RefusedError | ArzipError):
        message = str(error)
    elif isinstance(error, OSError) and error.strerror:
        other = error.filename if error.filename not in (None, name) else None
        message = f"{printable(os.fsdecode(other))}: " if isinstance(other, str | bytes) else ""
        message += error.strerror
    elif is_out_of_memory(error):
        message = "out of memory; use fewer threads (-T1) or a smaller model (-1)"
    else:
        message = f"internal error: {type(error).__name__}: {error}; set ARZIP_DEBUG=1 for details"
    return printable(" ".join(message.split()))


def printable(name: str) -> str:
    """Return `name` with all characters escaped that a terminal would obey instead of showing."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in name)


def say(message: str) -> None:
    """Print a line on stderr, after the program's name."""
    turns.wait_for_turn()
    # stderr may be closed or full; that must not stop the work.
    with contextlib.suppress(OSError, ValueError):
        print(f"arzip: {message}", file=sys.stderr, flush=True)
