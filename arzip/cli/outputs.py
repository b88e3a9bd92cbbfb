"""Where arzip writes: a file appears under its name only when it is complete, or standard output.

Nothing that exists is replaced unless the user says so (-f): one rule for every command.
"""

import contextlib
import io
import os
import stat
import sys
from itertools import pairwise
from typing import BinaryIO, Self

from arzip.cli import turns
from arzip.cli.messages import RefusedError, SkippedError
from arzip.cli.options import SUFFIX
from arzip.system import newfile, transport

STDOUT = "-"
HOLE = bytes(4096)


def compressed_name(path: str, suffix: str = SUFFIX) -> str:
    """FILE -> FILE.arz. Raises: SkippedError."""
    if path.endswith(suffix):
        raise SkippedError(f"already ends in {suffix}; to compress it again use -c or -o")
    return path + suffix


def decompressed_name(path: str, suffix: str = SUFFIX) -> str:
    """FILE.arz -> FILE. Raises: SkippedError."""
    stem = path.removesuffix(suffix)
    if stem == path or not os.path.basename(stem):
        raise SkippedError(f"does not end in {suffix}; use -c or -o to say where the output goes")
    return stem


def placed(name: str, flat: str | None, mirror: str | None) -> str:
    """Where the output called so goes: into the folder `flat`, or, with all the folders of its
    path, under the folder `mirror`. Makes those folders. Raises: SkippedError, OSError.
    """
    if flat is not None:
        name = os.path.join(flat, os.path.basename(name))
    elif mirror is not None:
        parts = os.path.normpath(name).lstrip(os.sep).split(os.sep)
        if os.pardir in parts:
            raise SkippedError("is not below this folder, so its place cannot be mirrored; use -o")
        name = os.path.join(mirror, *parts)
    else:
        return name
    os.makedirs(os.path.dirname(name), exist_ok=True)
    return name


class StandardOutput:
    """Standard output, as something that is written and then done with."""

    name = "(stdout)"

    def __init__(self, *, compressed: bool, force: bool) -> None:
        self.file: BinaryIO = sys.stdout.buffer
        if compressed and not force and self.file.isatty():
            raise RefusedError(
                "compressed data is not written to a terminal; redirect it, use -o FILE, or -f"
            )

    def write(self, data: bytes) -> None:
        turns.wait_for_turn()
        self.file.write(data)

    def commit(self, like: os.stat_result | None) -> None:
        turns.wait_for_turn()
        self.file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        pass


class Device:
    """A device or FIFO that -o names: it is written to, never replaced."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.file = transport.buffered(io.FileIO(name, "w"))

    def write(self, data: bytes) -> None:
        self.file.write(data)

    def commit(self, like: os.stat_result | None) -> None:
        self.file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.file.close()


class NewFile(newfile.NewFile):
    """A file that becomes `name` at `commit`; leaving the `with` block before that leaves nothing.

    If it is `sparse`, blocks of zeros become holes, which take no room on the disk.
    Raises: RefusedError if `name` exists and `force` is not set, OSError.
    """

    def __init__(self, name: str, *, force: bool, sparse: bool = False) -> None:
        self._sparse = sparse
        self._end = 0  # of what was written, and it may be in a hole
        try:
            super().__init__(name, replace=force)
        except IsADirectoryError:
            raise RefusedError(f"the output {name} is a directory; use -o to name a file") from None
        except FileExistsError:
            raise _exists(name) from None

    def write(self, data: bytes) -> None:
        begin, self._end = self._end, self._end + len(data)
        if not self._sparse or HOLE not in data:
            self.file.write(data)
            return
        first = -begin % len(HOLE)  # a hole begins and ends with a block of the disk
        cuts = [0, *range(first, len(data), len(HOLE)), len(data)]
        for start, end in pairwise(cuts):
            block = data[start:end]
            if block == HOLE:
                self.file.seek(len(HOLE), io.SEEK_CUR)
            else:
                self.file.write(block)

    def read_back(self) -> BinaryIO:
        """What was written, to be read from its start. Raises: OSError."""
        self._settle()
        self.file.flush()
        self.file.seek(0)
        return self.file

    def _settle(self) -> None:
        if self._sparse:
            self.file.truncate(self._end)  # it may end with a hole

    def commit(self, like: os.stat_result | None = None, *, mode: int = 0o666) -> None:
        """Complete it. Raises: RefusedError if `name` appeared meanwhile, OSError."""
        self._settle()
        try:
            super().commit(like, mode=mode)
        except FileExistsError:
            raise _exists(self.name) from None


Output = StandardOutput | Device | NewFile


def open_named(name: str, *, compressed: bool, force: bool, sparse: bool = False) -> Output:
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
    path = os.path.realpath(name) if force else name
    return NewFile(path, force=force, sparse=sparse)


def refuse_to_replace(source: os.stat_result | None, output: Output) -> None:
    """Raise RefusedError if `output` would take the place of the file that is being read."""
    with contextlib.suppress(FileNotFoundError):
        if (
            source
            and isinstance(output, NewFile)
            and os.path.samestat(source, os.stat(output.name))
        ):
            raise RefusedError("the output would replace the input; name another")


def _exists(name: str) -> RefusedError:
    return RefusedError(f"{name} exists; use -f to overwrite it")
