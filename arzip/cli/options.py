"""The options that the gzip-like form and the commands share, each defined once.

A click command collects them as keyword arguments and makes `Settings` of them.
"""

import os
import re
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import click
from click.shell_completion import CompletionItem

from arzip.levels import DEFAULT_LEVEL, LEVELS

SUFFIX = ".arz"

ENVIRONMENT = "ARZIP_OPT"

HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Command(click.Command):
    """A command whose long options may be abbreviated, as with getopt."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        while True:
            try:
                return super().parse_args(ctx, list(args))
            except click.NoSuchOption as error:
                whole = self._whole(error.option_name)
                args = [_with_name(word, error.option_name, whole) for word in args]

    def _whole(self, short: str) -> str:
        """The option that is meant. Raises: click.NoSuchOption, or UsageError if there are more."""
        options = [option for option in self.params if isinstance(option, click.Option)]
        found = {
            name: option.name
            for option in options
            for name in (*option.opts, *option.secondary_opts)
            if short.startswith("--") and name.startswith(short)
        }
        if not found:
            raise click.NoSuchOption(short, ctx=None)
        if len(set(found.values())) > 1:
            raise click.UsageError(f"option {short} may be {' or '.join(found)}: say which")
        return next(iter(found))


def _with_name(word: str, name: str, whole: str) -> str:
    """The word, with the whole name of an option in the place of a part of it."""
    return whole + word[len(name) :] if word.partition("=")[0] == name else word


@dataclass(frozen=True)
class Settings:
    """What the user asked for; the defaults stand where a command lacks the option."""

    model: str | None = None
    threads: int = 1
    segment_size: int | None = None
    stdout: bool = False
    output: str | None = None
    output_dir_flat: str | None = None
    output_dir_mirror: str | None = None
    suffix: str = SUFFIX
    sparse: bool = True
    remove: bool = False
    force: bool = False
    recursive: bool = False
    verify: bool = False
    max_size: int | None = None
    max_memory: int | None = None
    verbose: int = 0
    quiet: int = 0
    progress: bool = True

    @property
    def shows_progress(self) -> bool:
        """Whether progress may be shown; that it is only shown on a terminal is decided there."""
        return self.progress and not self.quiet

    @property
    def coding_model(self) -> str:
        """The model to compress with."""
        return self.model or LEVELS[DEFAULT_LEVEL]

    @property
    def coding_segment_size(self) -> int:
        """Bytes of data in a segment."""
        from arzip.streams.compressor import DEFAULT_SEGMENT

        return self.segment_size or DEFAULT_SEGMENT

    @property
    def all_threads(self) -> int:
        """How many threads there may be."""
        from arzip.system.cpus import cpus

        return self.threads or cpus()

    @property
    def verifies(self) -> bool:
        """Whether what is written is decoded again."""
        return self.verify or self.remove


class Size(click.ParamType[int]):
    """A number of bytes: 1000, 64K, 512MiB, 2G. The units are powers of 1024, as in xz and zstd."""

    name = "size"

    def __init__(self, most: int | None = None) -> None:
        self._most = most  # and then at least 1

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d+) *(?:([KMGT])(?:iB|B)?)?", value, re.IGNORECASE | re.ASCII)
        if match is None:
            self.fail(f"{value!r} is not a size such as 1000, 64K, 512M or 2G", param, ctx)
        size = int(match[1]) << 10 * " KMGT".index((match[2] or " ").upper())
        if self._most is not None and not 1 <= size <= self._most:
            self.fail(f"{value} is not a size from 1 to {self._most >> 20}MiB", param, ctx)
        return size


def _check_suffix(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not value or os.sep in value:
        raise click.BadParameter("a suffix has one character or more, and none of them is /")
    return value


def _names_option(name: str, end: str, how: str) -> Decorator:
    """An option that adds names of files to those on the command line."""

    def read(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
        if value is None:
            return
        try:
            with click.open_file(value, "rb") as file:
                names = file.read().split(end.encode())
        except OSError as error:
            raise click.BadParameter(f"{value}: {error.strerror}") from None
        context.meta.setdefault(NAMES, []).extend(os.fsdecode(name) for name in names if name)

    return click.option(
        name,
        f"named_by_{name.strip('-')}",
        metavar="FILE",
        is_flag=False,
        flag_value="-",
        expose_value=False,
        callback=read,
        help=f"Work on the files, too, that FILE or standard input names, {how}.",
    )


NAMES = f"{__name__}.names"
"""In a context's meta: the files that other files name."""


def all_files(context: click.Context, files: Sequence[str]) -> Sequence[str]:
    """Those on the command line, and those that other files name. Raises: click.exceptions.Exit if
    that is none, though names were to be read.
    """
    if NAMES not in context.meta:
        return files
    if not (named := [*files, *context.meta[NAMES]]):
        context.exit(0)
    return named


def together(*decorators: Decorator) -> Decorator:
    """One decorator of many, listed in the order in which --help shows them."""
    return lambda function: reduce(lambda inner, add: add(inner), reversed(decorators), function)


def _level_option(level: int) -> Decorator:
    names = {1: ("--fast", "The fastest model."), 9: ("--best", "The model that compresses best.")}
    long, text = names.get(level, ("", ""))
    flags = [f"-{level}", long] if long else [f"-{level}"]
    # Between the two, the help would only repeat itself.
    # A level is a name for a model, so that the last of -m and a level counts.
    return click.option(
        *flags, "model", flag_value=LEVELS[level], hidden=not long, help=text or None
    )


def _complete_model(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """For the shell: the names of models, and files."""
    from arzip.models import library
    from arzip.models.registry import names

    every = (*names(), *library.names())
    known = [CompletionItem(name) for name in every if name.startswith(incomplete)]
    return [*known, CompletionItem(incomplete, type="file")]


# Whether it can be read is found out by reading it: click would refuse all files for one.
path = click.Path(readable=False, allow_dash=True)

files = click.argument("files", metavar="[FILE]...", nargs=-1, type=path)
required_files = click.argument("files", metavar="FILE...", nargs=-1, required=True, type=path)
json_output = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")

stdout = click.option(
    "-c",
    "--stdout",
    is_flag=True,
    help="Write to standard output, whole files one after the other.",
)
output = together(
    click.option(
        "-o", "--output", metavar="FILE", type=path, help="Write to FILE (one input only)."
    ),
    click.option(
        "--output-dir-flat", metavar="DIR", type=path, help="Write files in DIR, side by side."
    ),
    click.option(
        "--output-dir-mirror",
        metavar="DIR",
        type=path,
        help="Write files under DIR, in folders as those of the inputs.",
    ),
    click.option(
        "-S",
        "--suffix",
        metavar=".SUF",
        default=SUFFIX,
        callback=_check_suffix,
        help=f"The ending of compressed files' names [{SUFFIX}].",
    ),
    click.option(
        "--rm/--keep",
        " /-k",
        "remove",
        default=False,
        help="Remove the input once the output has been decoded again and compared with it, "
        "or keep it (default).",
    ),
    click.option(
        "-f",
        "--force",
        is_flag=True,
        help="Overwrite outputs, follow links that --rm skips, write compressed data to a "
        "terminal, pass on with -dc what is not compressed.",
    ),
    click.option("--verify", is_flag=True, help="Decode what was written and compare."),
)
sparse = click.option(
    "--sparse/--no-sparse",
    default=True,
    help="Let blocks of zeros in new files take no room on the disk (default), or write them.",
)
recursive = together(
    click.option("-r", "--recursive", is_flag=True, help="Work on the files in directories."),
    _names_option("--files", "\n", "a line each"),
    _names_option("--files0", "\0", "each with a zero byte after it"),
)
coding_model = together(
    click.option(
        "-m",
        "--model",
        metavar="NAME|FILE",
        help="Compress with this model (see arzip models).",
        shell_complete=_complete_model,
    ),
    *(_level_option(level) for level in LEVELS),
)
decoding_model = click.option(
    "-m",
    "--model",
    metavar="NAME|FILE",
    help="A model that the file needs and arzip lacks.",
    shell_complete=_complete_model,
)
threads = click.option(
    "-T",
    "--threads",
    metavar="N",
    type=click.IntRange(min=0),
    default=1,
    help="Work on N segments, or small files, at a time; 0 means as many as there are CPUs.",
)
segment_size = click.option(
    "--segment-size",
    type=Size(most=64 << 20),  # format.layout.MAX_SEGMENT, which takes long to import
    metavar="SIZE",
    help="Code by segments of SIZE [32MiB]: smaller ones keep more threads busy, but save less.",
)
memory = click.option(
    "-M",
    "--memory",
    "--max-memory",
    "max_memory",
    type=Size(),
    metavar="SIZE",
    help="Take no more memory for coding: compress with fewer threads and smaller segments, "
    "refuse to decompress what takes more.",
)
limits = together(
    click.option(
        "--max-size", type=Size(), metavar="SIZE", help="Refuse to decode to more than SIZE."
    ),
    memory,
)
verbose = click.option(
    "-v", "--verbose", count=True, help="Say what became of each file, and how well."
)
quiet = click.option("-q", "--quiet", count=True, help="No warnings; twice: no errors either.")
progress = click.option(
    "--progress/--no-progress",
    default=True,
    help="Show progress on a terminal, after a second (default), or never.",
)
loudness = together(verbose, quiet, progress)


def check_output(settings: Settings, files: Sequence[str]) -> None:
    """Raises: click.UsageError where it is not clear where the output goes."""
    if settings.output is not None and (len(files) > 1 or settings.recursive):
        raise click.UsageError("-o takes one input; use -c for several, one after the other")
    given = {
        "-c": settings.stdout,
        "-o": settings.output is not None,
        "--output-dir-flat": settings.output_dir_flat is not None,
        "--output-dir-mirror": settings.output_dir_mirror is not None,
    }
    asked = [name for name, is_given in given.items() if is_given]
    if len(asked) > 1:
        raise click.UsageError(f"{' and '.join(asked)} say two things of where the output goes")


def check_not_empty(files: Sequence[str]) -> None:
    """Raises: click.UsageError where a file is known to be empty, before any work is done."""
    for path in files:
        try:
            status = os.stat(path)
        except OSError:
            continue  # standard input, or to be reported when it is opened
        if stat.S_ISREG(status.st_mode) and status.st_size == 0:
            raise click.UsageError(f"{path} is empty: there must be 1 byte or more")
