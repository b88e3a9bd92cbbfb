"""Temporary files beside their targets: made, recognised, and removed once their maker is dead.

They are called `.TARGET.xxxxxxxx.arz-tmp` and locked (flock) by the process that writes them. A
lock ends with its process, in whatever way. So a file of such a name that can be locked was left by
a crash, and the next run for the same target removes it. On a file system without locks nothing is
removed.
"""

import contextlib
import fcntl
import os
import re
import secrets
import stat
from functools import cache

__all__ = ["SUFFIX", "create", "remove_leftovers"]

SUFFIX = ".arz-tmp"
STEM = 100  # bytes of the target's name in the temporary's: not too long for any file system

_UNIQUE = 4  # random bytes, in hexadecimal
_ENDING = f"[0-9a-f]{{{2 * _UNIQUE}}}" + re.escape(SUFFIX)


def create(target: str) -> tuple[str, int]:
    """Create the file that will be `target`, readable by its owner only.

    Return its path and descriptor. Raises OSError.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    while True:
        path = _path(target, secrets.token_hex(_UNIQUE))
        try:
            descriptor = os.open(path, flags, 0o600)
        except FileExistsError:
            continue
        if _lock(descriptor) is not False and os.fstat(descriptor).st_nlink:
            return path, descriptor
        # Before it was locked, another process mistook it for a leftover.
        os.close(descriptor)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def remove_leftovers(target: str) -> None:
    """Remove what killed runs for this target left behind, as far as possible."""
    pattern = re.compile(re.escape(os.path.basename(_path(target, ""))[: -len(SUFFIX)]) + _ENDING)
    folder = os.path.dirname(target)
    for name in _temporaries(folder or os.curdir):
        if pattern.fullmatch(name):
            with contextlib.suppress(OSError):
                _remove_if_dead(os.path.join(folder, name))


@cache  # once for each folder: with -r it may hold very many files
def _temporaries(folder: str) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if name.endswith(SUFFIX)]
    except OSError:
        return []


def _remove_if_dead(path: str) -> None:
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(path, flags)
    try:
        status = os.fstat(descriptor)
        ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
        if ours and _lock(descriptor):
            os.unlink(path)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool | None:
    """Return whether the file is ours now; None if there are no locks here."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _path(target: str, unique: str) -> str:
    folder, base = os.path.split(target)
    stem = os.fsdecode(os.fsencode(base)[:STEM])
    return os.path.join(folder, f".{stem}.{unique}{SUFFIX}")
