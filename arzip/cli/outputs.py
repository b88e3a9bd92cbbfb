"""Where arzip writes: a file appears under its name only when it is complete, or standard output.

Until then it is a temporary file beside its target, readable by its owner only. Every temporary
file that exists is also listed here, so that a signal can remove it.
"""

import contextlib
import errno
import io
import os
import stat
import sys
import threading
from types import TracebackType
from typing import BinaryIO, Self

from arzip import transport
from arzip.cli import temporary
from arzip.cli.messages import RefusedError, SkippedError

SUFFIX = ".arz"
STDOUT = "-"

PATIENCE = 0.5  # seconds

_unfinished: set[str] = set()
_creating = threading.Lock()


def give_up() -> None:
    """Remove every temporary file and let no thread make another: this process is about to die."""
    # A thread that is about to make one may hang, on a disk that is far away.
    _creating.acquire(timeout=PATIENCE)
    for path in list(_unfinished):
        with contextlib.suppress(OSError):
            os.unlink(path)


def compressed_name(path: str) -> str:
    """FILE -> FILE.arz. Raises: SkippedError."""
    if path.endswith(SUFFIX):
        raise SkippedError(f"already ends in {SUFFIX}; to compress it again use -c or -o")
    return path + SUFFIX


def decompressed_name(path: str) -> str:
    """FILE.arz -> FILE. Raises: SkippedError."""
    stem = path.removesuffix(SUFFIX)
    if stem == path or not os.path.basename(stem):
        raise SkippedError(f"does not end in {SUFFIX}; use -c or -o to say where the output goes")
    return stem


class StandardOutput:
    """Standard output, as something that is written and then done with."""

    name = "(stdout)"
    can_be_read_back = False

    def __init__(self, *, compressed: bool, force: bool) -> None:
        self.file: BinaryIO = sys.stdout.buffer
        self.is_terminal = self.file.isatty()
        if compressed and not force and self.is_terminal:
            raise RefusedError(
                "compressed data is not written to a terminal; redirect it, use -o FILE, or -f"
            )

    def commit(self, like: os.stat_result | None) -> None:
        self.file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        pass


class Device:
    """A device or FIFO that -o names: it is written to, never replaced."""

    can_be_read_back = False
    is_terminal = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.file = transport.buffered(io.FileIO(name, "w"))

    def commit(self, like: os.stat_result | None) -> None:
        self.file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.file.close()


class NewFile:
    """A file that becomes `name` at `commit`; leaving the `with` block before that leaves nothing.

    Raises: RefusedError if `name` exists and `force` is not set, OSError.
    """

    can_be_read_back = True
    is_terminal = False

    def __init__(self, name: str, *, force: bool) -> None:
        self.name = name
        self._force = force
        _check_free(name, force=force)
        temporary.remove_leftovers(name)
        try:
            with _creating:
                self._temporary, descriptor = temporary.create(name)
                _unfinished.add(self._temporary)
        except OSError as error:
            raise OSError(error.errno, f"cannot be written: {error.strerror}", name) from None
        self.file = transport.buffered(io.FileIO(descriptor, "w+"))

    def commit(self, like: os.stat_result | None) -> None:
        """Give the file the mode, times and owner of `like`, sync it, and let it take its name.

        Raises: RefusedError if `name` appeared meanwhile and `force` is not set, OSError.
        """
        self.file.flush()
        descriptor = self.file.fileno()
        if like is None:
            os.chmod(descriptor, 0o666 & ~_umask())
        else:
            carry_metadata(descriptor, like)
        os.fsync(descriptor)
        if self._force:
            os.replace(self._temporary, self.name)
        else:
            _rename_to_new(self._temporary, self.name)
        _unfinished.discard(self._temporary)
        _sync_directory(os.path.dirname(self.name))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Closing flushes, which may fail for the very reason that brought us here (a full disk).
        with contextlib.suppress(OSError):
            self.file.close()
        if self._temporary in _unfinished:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._temporary)
            _unfinished.discard(self._temporary)


Output = StandardOutput | Device | NewFile


def open_named(name: str, *, compressed: bool, force: bool) -> Output:
    """The output that the user named: `-`, a device, or a file to be.

    Raises: RefusedError, OSError.
    """
    if name == STDOUT:
        return StandardOutput(compressed=compressed, force=force)
    with contextlib.suppress(FileNotFoundError):
        mode = os.stat(name).st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            return Device(name)
    # Replacing /dev/stdout or another link, instead of what it leads to, is never what was meant.
    return NewFile(os.path.realpath(name) if force else name, force=force)


def refuse_to_replace(source: os.stat_result | None, output: Output) -> None:
    """Raise RefusedError if `output` would take the place of the file that is being read."""
    with contextlib.suppress(FileNotFoundError):
        if (
            source
            and isinstance(output, NewFile)
            and os.path.samestat(source, os.stat(output.name))
        ):
            raise RefusedError("the output would replace the input; name another")


def carry_metadata(descriptor: int, like: os.stat_result) -> None:
    """Give an open file the owner, mode and times of another, as far as this user may."""
    mode = like.st_mode & 0o777
    with contextlib.suppress(PermissionError):
        os.fchown(descriptor, like.st_uid, -1)
    try:
        os.fchown(descriptor, -1, like.st_gid)
    except PermissionError:
        # Under another group, neither it nor the rest may do what the other of the two could not.
        shared = (mode >> 3) & mode & 0o007
        mode = (mode & 0o700) | (shared << 3) | shared
    os.fchmod(descriptor, mode)
    os.utime(descriptor, ns=(like.st_atime_ns, like.st_mtime_ns))


def _check_free(name: str, *, force: bool) -> None:
    """Find out before the work, not after it, that `name` cannot be had."""
    try:
        status = os.lstat(name)
    except FileNotFoundError:
        return
    if stat.S_ISDIR(status.st_mode):
        raise RefusedError(f"the output {name} is a directory; use -o to name a file")
    if not force:
        raise _exists(name)


def _exists(name: str) -> RefusedError:
    return RefusedError(f"{name} exists; use -f to overwrite it")


def _rename_to_new(old: str, name: str) -> None:
    """Rename, unless `name` exists. A plain rename would replace a file that appeared meanwhile."""
    try:
        os.link(old, name)
    except FileExistsError:
        raise _exists(name) from None
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        # A file system without hard links (FAT, some network ones): look, then rename.
        if os.path.lexists(name):
            raise _exists(name) from None
        os.rename(old, name)
    else:
        os.unlink(old)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _sync_directory(folder: str) -> None:
    """Make a rename last through a power cut, where the file system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
