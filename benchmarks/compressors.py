"""The compared compressors: names, command lines, versions, and sizes of their decoders."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import click

import arzip
from arzip.errors import ModelError
from arzip.models import registry

MIB = 1 << 20
SHARED = 8 * MIB
"""Bytes of a segment if threads share a file."""

Command = Callable[[Path, Path, int], list[str]]
"""Makes a command line of input, output and the original's size. If the command makes no output
file, its standard output is taken."""

# Libraries that all machines have. Other libraries that a decoder loads are counted with it.
RUNTIMES = re.compile(r"/(ld-linux|lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+))[-.]")


@dataclass(frozen=True)
class Compressor:
    """A compressor: how to call it and how tables describe it."""

    name: str
    description: str
    compress: Command
    decompress: Command
    model: str | None = None
    """The model that arzip uses."""
    threads: int = 1
    least: int = 0
    """Bytes. Smaller files are not measured."""

    @property
    def program(self) -> str:
        return self.compress(Path("x"), Path("y"), 0)[0]

    @property
    def is_installed(self) -> bool:
        return shutil.which(self.program) is not None

    @cached_property
    def version(self) -> str:
        """All that is known to change its results. Rows of another version are stale."""
        if self.model is not None:
            return f"{arzip.__version__}+{registry.read(self.model).identity.hex()}"
        return version_of(self.program) if self.is_installed else ""

    @cached_property
    def model_bytes(self) -> int:
        """Bytes of trained parameters that the decoder needs, in files that share them."""
        size, path = 0, None if self.model is None else registry.find(self.model)
        while path is not None:
            size += path.stat().st_size
            beside = registry.read(path).shares
            path = path.with_name(f"{beside}.safetensors") if beside else None
        return size

    @cached_property
    def package_bytes(self) -> int:
        """Bytes of the decoder without its model, unpacked.

        That is arzip's Python files, or a program and its libraries beyond the C and C++ runtimes.
        arzip's own dependencies (Python, numpy, numba) are not counted, and are far larger.
        """
        if self.model is not None:
            folder = Path(arzip.__file__).parent
            return sum(path.stat().st_size for path in folder.rglob("*.py"))
        return program_bytes(self.program) if self.is_installed else 0


def program_bytes(program: str) -> int:
    """Return the bytes of a program and its libraries; 0 for a script, as its parts are unknown."""
    path = Path(shutil.which(program) or program).resolve()
    if path.read_bytes()[:2] == b"#!":
        return 0
    listing = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
    libraries = [word for word in listing.split() if word.startswith("/")]
    loaded = {Path(name).resolve() for name in libraries if not RUNTIMES.search(name)}
    return sum(file.stat().st_size for file in {path, *loaded})


def version_of(program: str) -> str:
    """Return the first number that --version prints, or the bare command; "" if there is none."""
    for command in ([program, "--version"], [program]):
        said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        number = re.search(r"\d+(\.\d+)+", (said.stdout + said.stderr).decode(errors="replace"))
        if number:
            return number[0]
    return ""


def filter_program(
    name: str, program: Sequence[str], options: str, restoring: str = ""
) -> Compressor:
    """Return a compressor that reads a file and writes to standard output, as gzip does."""
    return Compressor(
        name,
        f"{name} {options}",
        lambda source, packed, size: [*program, *options.split(), "-c", str(source)],
        lambda packed, restored, size: [*program, "-d", *restoring.split(), "-c", str(packed)],
    )


def bzip3_in_one_block(source: Path, packed: Path, size: int) -> list[str]:
    block = min(511, max(16, -(-size // MIB)))
    return ["bzip3", "-e", "-b", str(block), "-c", str(source)]


OTHERS = {
    compressor.name: compressor
    for compressor in (
        filter_program("gzip", ["gzip"], "-9"),
        filter_program("bzip2", ["bzip2"], "-9"),
        filter_program("xz", ["xz"], "-9e -T1", "-T1"),
        filter_program("zstd", ["zstd"], "--ultra -22 --long=27", "--long=27"),
        filter_program("brotli", ["brotli"], "-q 11 -w 24"),
        Compressor(
            "bzip3",
            "bzip3 -b (16 MiB or the file)",
            bzip3_in_one_block,
            lambda packed, restored, size: ["bzip3", "-d", "-c", str(packed)],
        ),
        Compressor(
            "ppmd",
            "7z PPMd o=16 mem=256m",
            lambda source, packed, size: [
                *("7z", "a", "-bd", "-bso0", "-bsp0", "-t7z", "-m0=PPMd:o=16:mem=256m", "-mmt=1"),
                *("--", str(packed), str(source)),
            ],
            lambda packed, restored, size: ["7z", "x", "-so", "--", str(packed)],
        ),
        Compressor(
            "lrzip",
            "lrzip -z -L9",
            lambda source, packed, size: [
                *("lrzip", "-z", "-L9", "-p1", "-q", "-f", "-o", str(packed), str(source)),
            ],
            lambda packed, restored, size: [
                *("lrzip", "-d", "-p1", "-q", "-f", "-o", str(restored), str(packed)),
            ],
        ),
        Compressor(
            "zpaq",
            "zpaq -m5",
            lambda source, packed, size: ["zpaq", "add", str(packed), str(source), "-m5", "-t1"],
            lambda packed, restored, size: [
                *("zpaq", "extract", str(packed), packed.stem, "-to", str(restored), "-t1"),
            ],
        ),
    )
}

DEFAULT = ("arzip-max", "arzip-base", "arzip-swift", "arzip-fast", "arzip-swift-T2", *OTHERS)
"""Two threads are measured only for one model, and on files of several segments."""


def named(name: str) -> Compressor:
    """Return one of OTHERS, or arzip-MODEL, or arzip-MODEL-TN for N threads.

    Raises click.BadParameter for any other name.
    """
    if name.startswith("arzip-"):
        return arzip_with(name)
    try:
        return OTHERS[name]
    except KeyError:
        names = ", ".join(["arzip-MODEL", "arzip-MODEL-TN", *OTHERS])
        raise click.BadParameter(f"{name!r} is none of {names}; see also --command") from None


def arzip_with(name: str) -> Compressor:
    """Return the compressor arzip-MODEL or arzip-MODEL-TN.

    Threads share a file by segments, here of SHARED bytes. They are only measured on files of three
    or more segments. Raises click.BadParameter for an unknown model or number of threads.
    """
    model, _, threads = name.removeprefix("arzip-").partition("-T")
    if threads and not threads.isdecimal():
        raise click.BadParameter(f"{name!r}: what follows -T is a number of threads")
    try:
        registry.read(model)
    except ModelError as error:
        raise click.BadParameter(f"{name!r}: {error}") from None
    share = f" -T{threads} --segment-size {SHARED}" if threads else ""
    program = [sys.executable, "-m", "arzip", "-q"]
    plain = filter_program(name, program, f"-m {model}{share}", f"-T{threads or 1}")
    return Compressor(
        name,
        f"arzip -m {model}{share}",
        plain.compress,
        plain.decompress,
        model=model,
        threads=int(threads or 1),
        least=2 * SHARED + 1 if threads else 0,
    )


def from_command(text: str) -> Compressor:
    """Return the compressor 'NAME=COMPRESS {in} {out} :: DECOMPRESS {in} {out}'.

    Without {out}, its standard output is taken. Raises click.BadParameter for any other text.
    """
    name, equals, commands = text.partition("=")
    compress, colons, decompress = commands.partition("::")
    templates = [shlex.split(compress), shlex.split(decompress)]
    if not (name and equals and colons) or not all(
        any("{in}" in word for word in words) for words in templates
    ):
        raise click.BadParameter(
            f"{text!r}: not 'NAME=COMPRESS {{in}} {{out}} :: DECOMPRESS {{in}} {{out}}'"
        )
    if name in OTHERS or name.startswith("arzip-"):
        raise click.BadParameter(f"{name!r} is the name of another compressor")
    # Measured processes run in a folder of their own: a relative path would be lost.
    for words in templates:
        words[0] = str(Path(shutil.which(words[0]) or words[0]).absolute())

    def filled(words: list[str]) -> Command:
        return lambda source, output, size: [
            word.replace("{in}", str(source)).replace("{out}", str(output)) for word in words
        ]

    return Compressor(name, name, *map(filled, templates))
