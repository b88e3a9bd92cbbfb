"""The folders where machine code is kept: the user's, and one of the whole machine.

Whoever writes a file here can run code as any user who loads it. So a file is read only if it and
its folder belong to this user or to root, and nobody else may write to them. It starts with a
digest of the rest: a file that was cut short or changed by accident counts as missing. A name is
locked while its machine code is made: of several processes that start together, one compiles.
"""

import contextlib
import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

from arzip.engine.notices import announced, say
from arzip.system.userfolders import user_folder

__all__ = ["ENVIRONMENT", "ONCE", "SHARED", "Folder", "keep_in", "obtain", "own", "written"]

ENVIRONMENT = "ARZIP_CACHE_DIR"
"""The environment variable that names another folder in place of the user's."""

SHARED = Path("/var/cache/arzip")
"""The machine's folder: filled by root, for all users."""

MAGIC = b"arzip machine code 1\n"
ROOM = 1 << 20  # bytes, more than any file takes

ONCE = "compiling the model for this machine, once (about a minute)..."
EACH_TIME = (
    "compiling the model for this machine (about a minute), as in every run: machine code "
    "cannot be kept in {path} ({reason}); set ARZIP_CACHE_DIR to another folder"
)
UNKNOWN = "compiling for this machine (about a minute)..."
NOT_KEPT = "machine code cannot be kept in {path} ({reason}); set ARZIP_CACHE_DIR to another folder"

_chosen: "Folder | None" = None
_written = 0


def own() -> Path:
    """Return the path of the user's folder, which may not exist."""
    if named := os.environ.get(ENVIRONMENT):
        return Path(named).absolute()
    return (user_folder("XDG_CACHE_HOME") or Path("/nonexistent/.cache")) / "arzip"


def keep_in(folder: "Folder") -> None:
    """Use only this folder from now on, to look up machine code and to keep it."""
    global _chosen
    _chosen = folder


def written() -> int:
    """Return how many files this process has made and kept."""
    return _written


def obtain(
    names: list[str], make: Callable[[], bytes], may_keep: Callable[[], bool] = lambda: True
) -> bytes:
    """Return the content kept under the first of the names, or else make it and keep it there.

    The other names serve too, but less well: only the machine's folder is searched for them.
    Nothing is kept without a name, or if `may_keep` is false once the content is made.
    """
    if not names:
        with announced(UNKNOWN):
            return make()
    global _written
    folder, shared = _chosen or Folder(own()), Folder(SHARED)
    places = [(folder, names[0]), *((shared, name) for name in names)]
    for place, name in places[:1] if _chosen else places:
        if (kept := place.read(name)) is not None:
            return kept
    try:
        folder.prepare()
    except OSError as error:
        with announced(EACH_TIME.format(path=folder.path, reason=error.strerror)):
            return make()
    with announced(ONCE), folder.locked(names[0]):
        if (kept := folder.read(names[0])) is not None:
            return kept  # another process made it meanwhile
        made = make()
        try:
            if may_keep():
                folder.write(names[0], made)
                _written += 1
        except OSError as error:
            say(NOT_KEPT.format(path=folder.path, reason=error.strerror))
    return made


class Folder:
    """A folder of files that are read and written whole."""

    def __init__(self, path: Path, *, public: bool = False) -> None:
        """A `public` folder can be read by all users."""
        self.path = path
        self._mode = 0o755 if public else 0o700

    def read(self, name: str) -> bytes | None:
        """Return the content written under a name.

        None if it is missing or damaged, or if other users could have written it.
        """
        try:
            with self._opened() as folder:
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                with open(os.open(name, flags, dir_fd=folder), "rb") as file:
                    _require_trust(file.fileno())
                    return _content(file.read())
        except OSError:
            return None

    def prepare(self) -> None:
        """Make the folder if it is missing. Raises OSError if it cannot be written to."""
        # A missing home is not made.
        for path, mode in ((self.path.parent, 0o700), (self.path, self._mode)):
            with contextlib.suppress(FileExistsError):
                path.mkdir()
                path.chmod(mode)  # whatever the umask is
        name = f".{os.getpid()}"
        self.write(name, bytes(ROOM))
        with contextlib.suppress(OSError):
            os.unlink(self.path / name)

    @contextlib.contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Keep other processes from making what has this name, if the file system has locks.

        The lock's file goes with it. Who waited for that file, and who makes another, finds what
        was made meanwhile.
        """
        lock = f".{name}.lock"
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError):
                folder = stack.enter_context(self._opened())
                flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
                descriptor = os.open(lock, flags, 0o600, dir_fd=folder)
                stack.callback(os.close, descriptor)
                stack.callback(_remove, lock, folder)  # before it is closed, even without locks
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield

    def write(self, name: str, content: bytes) -> None:
        """Keep `content` under a name. Raises OSError."""
        with self._opened() as folder:
            temporary = f".{name}.{os.urandom(8).hex()}"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(temporary, flags, self._mode & 0o666, dir_fd=folder)
            try:
                with open(descriptor, "wb") as file:
                    os.fchmod(descriptor, self._mode & 0o666)
                    file.write(MAGIC + sha256(content).digest() + content)
                os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                _remove(temporary, folder)
                raise

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        """Yield a descriptor of the folder. Raises OSError if it is missing or not trusted."""
        folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _require_trust(folder)
            yield folder
        finally:
            os.close(folder)


def _require_trust(descriptor: int) -> None:
    """Raise PermissionError if a user other than this one and root may write to it."""
    status = os.fstat(descriptor)
    if status.st_uid not in (0, os.geteuid()):
        raise PermissionError(errno.EPERM, "it belongs to another user")
    if status.st_mode & 0o022:
        raise PermissionError(errno.EPERM, "other users may write to it")


def _content(sealed: bytes) -> bytes | None:
    """Return the content that follows the digest; None if they do not match."""
    start = len(MAGIC) + 32
    content = sealed[start:]
    return content if sealed[:start] == MAGIC + sha256(content).digest() else None


def _remove(name: str, folder: int) -> None:
    """Remove a file of the folder, if that can be done."""
    with contextlib.suppress(OSError):
        os.unlink(name, dir_fd=folder)
