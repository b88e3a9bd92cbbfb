"""Files that appear under their names only when they are complete.

Until then each is a temporary file beside its target, readable by its owner only: see temporary.py.
All of them are also listed here, so that a signal can remove them.
"""

import contextlib
import errno
import io
import itertools
import os
import stat
import threading
from types import TracebackType
from typing import Self

from arzip.system import temporary, transport

__all__ = ["NewFile", "give_up"]

PATIENCE = 0.5  # seconds

_unfinished: set[str] = set()
_creating = threading.Lock()


def give_up() -> None:
    """Remove all temporary files and let no thread make another: this process is about to die."""
    # A thread that is making one may hang, on a remote disk.
    _creating.acquire(timeout=PATIENCE)
    for path in list(_unfinished):
        with contextlib.suppress(OSError):
            os.unlink(path)


class NewFile:
    """A file that becomes `name` at `commit`; without that, the `with` block leaves nothing.

    Raises FileExistsError if `name` exists and is not to be replaced, IsADirectoryError, OSError.
    """

    def __init__(self, name: str, *, replace: bool = False) -> None:
        self.name = name
        self._replace = replace
        _check_free(name, replace=replace)
        temporary.remove_leftovers(name)
        try:
            with _creating:
                self._temporary, descriptor = temporary.create(name)
                _unfinished.add(self._temporary)
        except OSError as error:
            raise OSError(error.errno, f"cannot be written: {error.strerror}", name) from None
        self.file = transport.buffered(io.FileIO(descriptor, "w+"))

    def commit(self, like: os.stat_result | None = None, *, mode: int = 0o666) -> None:
        """Give the file the mode, times and owner of `like`, sync it, and give it its name.

        Without `like` it gets `mode`, minus the umask. Raises FileExistsError if `name` appeared
        meanwhile and is not to be replaced, OSError.
        """
        self._complete(like, mode)
        if self._replace:
            os.replace(self._temporary, self.name)
        else:
            _rename_to_new(self._temporary, self.name)
        self._has_its_name()

    def commit_beside(self, *, mode: int = 0o666) -> str:
        """Commit under the first free name of NAME-2, NAME-3, ..; return that name.

        The number goes before the ending. Raises OSError.
        """
        self._complete(None, mode)
        stem, ending = os.path.splitext(self.name)
        for number in itertools.count(2):
            name = f"{stem}-{number}{ending}"
            with contextlib.suppress(FileExistsError):
                _rename_to_new(self._temporary, name)
                break
        self._has_its_name()
        return name

    def _complete(self, like: os.stat_result | None, mode: int) -> None:
        self.file.flush()
        descriptor = self.file.fileno()
        if like is None:
            os.fchmod(descriptor, mode & ~_umask())
        else:
            _carry_metadata(descriptor, like)
        os.fsync(descriptor)

    def _has_its_name(self) -> None:
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
        # Closing flushes, which may fail for the same reason that led here (a full disk).
        with contextlib.suppress(OSError):
            self.file.close()
        if self._temporary in _unfinished:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._temporary)
            _unfinished.discard(self._temporary)


def _check_free(name: str, *, replace: bool) -> None:
    """Raise before the work, not after it, if `name` cannot be used."""
    try:
        status = os.lstat(name)
    except FileNotFoundError:
        return
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
    if not replace:
        raise _exists(name)


def _carry_metadata(descriptor: int, like: os.stat_result) -> None:
    """Give an open file the owner, mode and times of another, as far as this user may."""
    mode = like.st_mode & 0o777
    with contextlib.suppress(PermissionError):
        os.fchown(descriptor, like.st_uid, -1)
    try:
        os.fchown(descriptor, -1, like.st_gid)
    except PermissionError:
        # With another group, group and others may both do only what both could do before.
        shared = (mode >> 3) & mode & 0o007
        mode = (mode & 0o700) | (shared << 3) | shared
    os.fchmod(descriptor, mode)
    os.utime(descriptor, ns=(like.st_atime_ns, like.st_mtime_ns))


def _exists(name: str) -> FileExistsError:
    return FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)


def _rename_to_new(old: str, name: str) -> None:
    """Rename, unless `name` exists. A plain rename would replace a file that appeared meanwhile."""
    try:
        os.link(old, name)
    except FileExistsError:
        raise _exists(name) from None
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        # A file system without hard links (FAT, some network ones): check, then rename.
        if os.path.lexists(name):
            raise _exists(name) from None
        os.rename(old, name)
    else:
        os.unlink(old)


def _umask() -> int:
    with _creating:  # reading it means setting it, which another thread would see
        mask = os.umask(0o077)
        os.umask(mask)
    return mask


def _sync_directory(folder: str) -> None:
    """Make a rename survive a power cut, if the file system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
