"""Where arzip writes: a file appears under its name only when it is complete, or standard output.

Nothing that exists is replaced unless the user says so (-f): one rule for every command.
"""

import contextlib
import io
import os
import stat
import sys
from typing import BinaryIO, Self

from arzip import newfile, transport
from arzip.cli.messages import RefusedError, SkippedError

SUFFIX = ".arz"
STDOUT = "-"


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


class NewFile(newfile.NewFile):
    """A file that becomes `name` at `commit`; leaving the `with` block before that leaves nothing.

    Raises: RefusedError if `name` exists and `force` is not set, OSError.
    """

    can_be_read_back = True
    is_terminal = False

    def __init__(self, name: str, *, force: bool) -> None:
        try:
            super().__init__(name, replace=force)
        except IsADirectoryError:
            raise RefusedError(f"the output {name} is a directory; use -o to name a file") from None
        except FileExistsError:
            raise _exists(name) from None

    def commit(self, like: os.stat_result | None = None, *, mode: int = 0o666) -> None:
        """Complete it. Raises: RefusedError if `name` appeared meanwhile, OSError."""
        try:
            super().commit(like, mode=mode)
        except FileExistsError:
            raise _exists(self.name) from None


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


def _exists(name: str) -> RefusedError:
    return RefusedError(f"{name} exists; use -f to overwrite it")
