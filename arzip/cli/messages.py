"""What arzip says about its work: one line on stderr each, naming the file and the mend.

A `Reporter` also keeps what follows from it, the exit status: 0 all well, 1 an error, 2 a file was
skipped.
"""

import contextlib
import os
import sys
import traceback
from collections.abc import Iterator

import click

from arzip.cli import turns
from arzip.errors import ArzipError

OK, ERROR, WARNING = 0, 1, 2


class SkippedError(Exception):
    """A file that is left alone, with the reason: a warning, exit status 2."""


class RefusedError(Exception):
    """Something arzip will not do unless told otherwise, with what would tell it: exit status 1."""


class Reporter:
    """Prints messages as loud as -q and -v allow, and remembers the worst of them."""

    def __init__(self, quiet: int = 0, verbose: int = 0) -> None:
        self._quiet = quiet
        self.verbose = verbose > 0 and not quiet
        self._failed = False
        self._warned = False

    @property
    def status(self) -> int:
        """The exit status that what was reported so far calls for; an error outweighs a warning."""
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
        """Say something that -v asked for."""
        if self.verbose:
            say(message)

    def announce(self, message: str) -> None:
        """Say something that the user should know but that is nothing wrong."""
        if self._quiet < 1:
            say(message)

    @contextlib.contextmanager
    def watch(self, name: str) -> Iterator[None]:
        """Turn what goes wrong with one file into a message; the next file gets its turn."""
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


def report_failure(error: BaseException, name: str | None = None) -> None:
    """Print what went wrong, with `name` or with arzip as a whole."""
    say(explain(error) if name is None else f"{printable(name)}: {explain(error, name)}")
    if os.environ.get("ARZIP_DEBUG"):
        traceback.print_exception(error)


def report_usage(error: click.ClickException) -> None:
    """Print what was wrong with the command line."""
    say(f"{' '.join(error.format_message().split())} (try arzip --help)")


def is_failure(error: BaseException) -> bool:
    """Whether `error` is something that went wrong, as opposed to a way of leaving.

    A panic in the coder's Rust code derives from BaseException, so `except Exception` misses it.
    """
    leaving = (KeyboardInterrupt, SystemExit, GeneratorExit, click.exceptions.Exit, click.Abort)
    return not isinstance(error, leaving)


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether there was too little memory, or addresses: for data, a thread, or a library."""
    signs = ("can't start new thread", "failed to map segment", "annot allocate memory")
    while error is not None:
        if isinstance(error, MemoryError) or any(sign in str(error) for sign in signs):
            return True
        error = error.__cause__ or error.__context__
    return False


def explain(error: BaseException, name: str | None = None) -> str:
    """What went wrong, in one line, where `name` has been named already."""
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
    """`name` as one line that a terminal shows and does not obey: the rest is escaped."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in name)


def say(message: str) -> None:
    """Print a line on stderr, with the program's name."""
    turns.wait_for_turn()
    # stderr may be closed or full; that must not stop the work.
    with contextlib.suppress(OSError, ValueError):
        print(f"arzip: {message}", file=sys.stderr, flush=True)
