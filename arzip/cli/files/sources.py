"""What arzip reads: standard input, files, and files in directories.

Which files it skips follows the rules of gzip and xz. A file is judged by its open descriptor: its
name could lead to another file the second time.
"""

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Self

from arzip.cli.messages import RefusedError, SkippedError
from arzip.cli.settings import Settings
from arzip.system import temporary

__all__ = [
    "CHUNK",
    "STDIN",
    "STDIN_NAME",
    "Source",
    "chunks",
    "descriptor_of",
    "expand",
    "is_in_place",
    "open_input",
    "open_source",
    "open_stdin",
    "require_unchanged",
    "size_of",
]

STDIN = "-"
STDIN_NAME = "(stdin)"  # in messages
CHUNK = 1 << 20  # bytes read at a time
_MOST_LINKS = 40  # that lead from one to the next, as Linux has it


@dataclass(frozen=True)
class Source:
    """An open input. `status` is None for standard input."""

    name: str
    file: BinaryIO
    status: os.stat_result | None

    @property
    def size(self) -> int | None:
        """The number of bytes to read, None if it is not known."""
        regular = self.status is not None and stat.S_ISREG(self.status.st_mode)
        return self.status.st_size if regular and self.status else None

    def tell(self) -> int:
        """Return where reading stands in the file; 0 if it cannot be told."""
        return self.file.tell() if self.file.seekable() else 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self.status is not None:
            self.file.close()


def size_of(path: str) -> int | None:
    """Return how many bytes `path` has; None if that is not known, 0 if it cannot be read."""
    try:
        status = os.stat(path)
    except OSError:
        return None if path == STDIN else 0
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def chunks(file: BinaryIO) -> Iterator[bytes]:
    """Yield the rest of `file`, a bounded piece at a time."""
    while chunk := file.read(CHUNK):
        yield chunk


def open_stdin(*, compressed: bool) -> Source:
    """Return standard input. Raises: RefusedError if compressed data would be typed in."""
    stream = sys.stdin.buffer
    if compressed and stream.isatty():
        raise RefusedError("compressed data is not read from a terminal; name a FILE or use < FILE")
    return Source(STDIN_NAME, stream, None)


def open_input(path: str) -> Source:
    """Open `path`, or standard input for `-`, for work that writes no file named after it."""
    return open_stdin(compressed=False) if path == STDIN else open_source(path)


def descriptor_of(name: str) -> int | None:
    """Return the descriptor that a name such as /dev/stdout means; None if it means a file."""
    folder = os.path.realpath("/dev/fd")
    for _ in range(_MOST_LINKS):
        parent, last = os.path.split(name)
        if last.isdecimal() and os.path.realpath(parent) == folder:
            return int(last)
        if not os.path.islink(name):
            break
        name = os.path.join(parent, os.readlink(name))
    return None


def open_source(
    path: str, *, regular: bool = False, sole: bool = False, may_recurse: bool = False
) -> Source:
    """Open `path` for reading.

    With `regular` it must be a regular file, for work that names its output after it. With `sole`
    it must also have no other name and be no symbolic link, for work that removes it. With
    `may_recurse` the user could have asked for the files in a directory.

    Raises: SkippedError, OSError.
    """
    if (regular or sole) and descriptor_of(path) is not None:
        raise SkippedError("is no file with a name of its own; use -c or -o to read it")
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY
    if regular or sole:
        flags |= os.O_NONBLOCK  # otherwise, opening a FIFO waits for somebody to write to it
    if sole:
        flags |= os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if sole and error.errno == errno.ELOOP and os.path.islink(path):
            raise SkippedError("is a symbolic link, and --rm would remove it; use -f") from None
        raise
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            hint = "; use -r for the files in it" if may_recurse else ""
            raise SkippedError(f"is a directory{hint}")
        if (regular or sole) and not stat.S_ISREG(status.st_mode):
            raise SkippedError("is not a regular file; use -c or -o to read it anyway")
        if sole and status.st_nlink > 1:
            others = status.st_nlink - 1
            raise SkippedError(f"has {others} more hard link(s), so --rm frees nothing; use -f")
        return Source(path, os.fdopen(descriptor, "rb"), status)
    except BaseException:
        os.close(descriptor)
        raise


def require_unchanged(source: Source) -> None:
    """Raise RefusedError if the file grew, shrank or was written to since it was opened."""
    if source.size is not None and _differs(source, os.fstat(source.file.fileno())):
        raise RefusedError(
            "changed while it was read, so it was kept; the output has what was read: run it again"
        )


def is_in_place(source: Source) -> bool:
    """Return whether the name still leads to the file that was opened."""
    return source.status is not None and os.path.samestat(os.stat(source.name), source.status)


def _differs(source: Source, now: os.stat_result) -> bool:
    then = source.status
    return then is not None and ((now.st_size, now.st_mtime_ns) != (then.st_size, then.st_mtime_ns))


def expand(
    files: Sequence[str],
    settings: Settings,
    *,
    compressed: bool,
    on_error: Callable[[OSError], None],
) -> Iterator[str]:
    """Yield the files; with -r, the files in a directory in place of the directory.

    `on_error` is called with an error for each directory that cannot be read.
    """
    for path in files:
        if settings.recursive and path != STDIN and _is_directory(path, settings.force):
            yield from _walk(path, compressed, settings.suffix, on_error)
        else:
            yield path


def _is_directory(path: str, follow: bool) -> bool:
    with contextlib.suppress(OSError):
        return stat.S_ISDIR(os.stat(path, follow_symlinks=follow).st_mode)
    return False


def _walk(
    directory: str, compressed: bool, suffix: str, on_error: Callable[[OSError], None]
) -> Iterator[str]:
    """Yield, in sorted order, the regular files under `directory` that are compressed, or not."""
    for folder, folders, names in os.walk(directory, onerror=on_error):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            wanted = name.endswith(suffix) == compressed and not name.endswith(temporary.SUFFIX)
            if wanted and _may_be_regular(path):
                yield path


def _may_be_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return True  # opening it reports the error
