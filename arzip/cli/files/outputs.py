"""What arzip writes: standard output, devices, and files that appear only when they are complete.

No existing file is replaced without -f, by any command.
"""

import contextlib
import io
import os
import stat
import sys
import threading
from itertools import pairwise
from typing import BinaryIO, Self

from arzip.cli import turns
from arzip.cli.files.sources import STDIN, descriptor_of
from arzip.cli.messages import RefusedError, SkippedError
from arzip.cli.settings import STDOUT, Settings
from arzip.system import newfile, transport

__all__ = [
    "Made",
    "NewFile",
    "Output",
    "open_named",
    "open_output",
    "refuse_to_replace",
]

HOLE = bytes(4096)


class StandardOutput:
    """Standard output."""

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
    """A device or FIFO named by -o, or a descriptor: it is written to, never replaced."""

    def __init__(self, name: str, descriptor: int | None = None) -> None:
        self.name = name
        try:
            file = name if descriptor is None else os.dup(descriptor)
        except OSError as error:
            raise OSError(error.errno, error.strerror, name) from None
        self.file = transport.buffered(io.FileIO(file, "w"))

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

    If it is `sparse`, blocks of zeros become holes, which take no space on the disk.
    Raises: RefusedError if `name` exists and `force` is not set, OSError.
    """

    def __init__(self, name: str, *, force: bool, sparse: bool = False) -> None:
        self._sparse = sparse
        self._end = 0  # of the data so far, which may be in a hole
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
        """Return the file, to be read from its start. Raises: OSError."""
        self._settle()
        self.file.flush()
        self.file.seek(0)
        return self.file

    def _settle(self) -> None:
        if self._sparse:
            self.file.truncate(self._end)  # the file may end with a hole

    def commit(self, like: os.stat_result | None = None, *, mode: int = 0o666) -> None:
        """Complete the file. Raises: RefusedError if `name` appeared meanwhile, OSError."""
        self._settle()
        try:
            super().commit(like, mode=mode)
        except FileExistsError:
            raise _exists(self.name) from None


Output = StandardOutput | Device | NewFile


class Made:
    """The files that a run has made: none of them is replaced by another one's, not even by -f."""

    def __init__(self) -> None:
        self._files: set[tuple[int, int]] = set()
        self._lock = threading.Lock()

    def refuse(self, output: Output) -> None:
        """Raise RefusedError if `output` would replace one."""
        if isinstance(output, NewFile) and self._files.intersection(_identity(output.name)):
            raise RefusedError(f"{output.name} was made by this run already: it stays")

    def commit(self, output: Output, like: os.stat_result | None) -> None:
        """Complete `output`, unless it would replace one. Raises: RefusedError, OSError."""
        if not isinstance(output, NewFile):
            output.commit(like)
            return
        with self._lock:
            self.refuse(output)
            output.commit(like)
            self._files.update(_identity(output.name))


def _identity(name: str) -> list[tuple[int, int]]:
    """Return what tells a file from all others, by whichever name; nothing if there is none."""
    try:
        status = os.stat(name)
    except FileNotFoundError:
        return []
    return [(status.st_dev, status.st_ino)]


def open_output(path: str, settings: Settings, *, compressed: bool) -> Output:
    """Open the output for the input `path`, `compressed` or not, where the settings say.

    Raises: SkippedError, RefusedError, OSError.
    """
    sparse = settings.sparse and not compressed
    if settings.output is not None:
        return open_named(
            settings.output, compressed=compressed, force=settings.force, sparse=sparse
        )
    if settings.stdout or path == STDIN:
        return StandardOutput(compressed=compressed, force=settings.force)
    rename = _compressed_name if compressed else _decompressed_name
    name = _placed(rename(path, settings.suffix), settings)
    return NewFile(name, force=settings.force, sparse=sparse)


def open_named(name: str, *, compressed: bool, force: bool, sparse: bool = False) -> Output:
    """Open the output that the user named: `-`, a descriptor, a device, or a new file.

    Raises: RefusedError, OSError.
    """
    descriptor = descriptor_of(name)
    if name == STDOUT or descriptor == 1:
        return StandardOutput(compressed=compressed, force=force)
    if descriptor is not None:
        return Device(name, descriptor)
    with contextlib.suppress(FileNotFoundError):
        mode = os.stat(name).st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            return Device(name)
    path = os.path.realpath(name) if force else name
    return NewFile(path, force=force, sparse=sparse)


def refuse_to_replace(source: os.stat_result | None, output: Output) -> None:
    """Raise RefusedError if `output` would replace the file that is being read."""
    with contextlib.suppress(FileNotFoundError):
        if (
            source
            and isinstance(output, NewFile)
            and os.path.samestat(source, os.stat(output.name))
        ):
            raise RefusedError("the output would replace the input; name another")


def _compressed_name(path: str, suffix: str) -> str:
    """Return FILE.arz for FILE. Raises: SkippedError."""
    if path.endswith(suffix):
        raise SkippedError(f"already ends in {suffix}; to compress it again use -c or -o")
    return path + suffix


def _decompressed_name(path: str, suffix: str) -> str:
    """Return FILE for FILE.arz. Raises: SkippedError."""
    stem = path.removesuffix(suffix)
    if stem == path:
        raise SkippedError(f"does not end in {suffix}; use -c or -o to say where the output goes")
    if not os.path.basename(stem):
        raise SkippedError(f"has no name but {suffix}; use -c or -o to say where the output goes")
    return stem


def _placed(name: str, settings: Settings) -> str:
    """Return the name of an output in the folder that the settings name, which is made.

    Under --output-dir-mirror it keeps all the folders of its path. Raises: SkippedError,
    RefusedError, OSError.
    """
    if settings.output_dir_flat is not None:
        name = os.path.join(settings.output_dir_flat, os.path.basename(name))
    elif settings.output_dir_mirror is not None:
        parts = os.path.normpath(name).lstrip(os.sep).split(os.sep)
        if os.pardir in parts:
            raise SkippedError("is not below this folder, so its place cannot be mirrored; use -o")
        name = os.path.join(settings.output_dir_mirror, *parts)
    else:
        return name
    try:
        os.makedirs(os.path.dirname(name), exist_ok=True)
    except FileExistsError as error:
        raise RefusedError(f"{error.filename} is no folder; name another one") from None
    return name


def _exists(name: str) -> RefusedError:
    return RefusedError(f"{name} exists; use -f to overwrite it")
