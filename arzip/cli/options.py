"""The options that the gzip-like form and the commands share, each defined once.

A command collects their values as keyword arguments and makes `Settings` of them.
"""

import os
import re
import stat
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import click
from click.shell_completion import CompletionItem

from arzip.cli.settings import SUFFIX, Settings
from arzip.levels import DEFAULT_LEVEL, LEVELS

__all__ = [
    "Size",
    "all_files",
    "check_model",
    "check_not_empty",
    "check_output",
    "coding_model",
    "decoding_model",
    "files",
    "json_output",
    "limits",
    "loudness",
    "memory",
    "output",
    "path",
    "progress",
    "quiet",
    "recursive",
    "required_files",
    "segment_size",
    "sparse",
    "stdout",
    "threads",
    "unpack",
]

NAMES = f"{__name__}.names"
"""Key of a context's `meta`: the files named by --files and --files0."""

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Size(click.ParamType[int]):
    """A number of bytes: 1000, 64K, 512MiB, 2G. The units are powers of 1024, as in xz and zstd.

    With `most`, only sizes from 1 to `most` are accepted.
    """

    name = "size"

    def __init__(self, most: int | None = None) -> None:
        self._most = most

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


def all_files(context: click.Context, files: Sequence[str]) -> Sequence[str]:
    """Return the files on the command line, and after them those named by --files and --files0.

    Raises: click.exceptions.Exit if these options were given and there is no file at all.
    """
    if NAMES not in context.meta:
        return files
    if not (named := [*files, *context.meta[NAMES]]):
        context.exit(0)
    return named


def check_output(settings: Settings, files: Sequence[str]) -> None:
    """Raise click.UsageError if it is not clear where the output goes."""
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
        raise click.UsageError(f"{' and '.join(asked)} cannot be combined: choose one output")


def check_not_empty(files: Sequence[str]) -> None:
    """Raise click.UsageError if a file is known to be empty, before any work is done."""
    for path in files:
        try:
            status = os.stat(path)
        except OSError:
            continue  # standard input, or an error that is reported when the file is opened
        if stat.S_ISREG(status.st_mode) and status.st_size == 0:
            raise click.UsageError(f"{path} is empty: there must be 1 byte or more")


def _together(*decorators: Decorator) -> Decorator:
    """Return one decorator of several, in the order in which --help shows them."""
    return lambda function: reduce(lambda inner, add: add(inner), reversed(decorators), function)


def _names_option(name: str, end: str, how: str) -> Decorator:
    """Return an option that adds the names in a file to those on the command line."""

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
        metavar="[=FILE]",
        is_flag=False,
        flag_value="-",
        expose_value=False,
        callback=read,
        help=f"Also work on the files that FILE, or standard input, names, {how}.",
    )


def _check_suffix(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not value or os.sep in value:
        raise click.BadParameter("a suffix has one character or more, and none of them is /")
    return value


def check_model(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    """Return the value of an option that names a model. Raises click.BadParameter."""
    if value == "":
        raise click.BadParameter("name a model, or a model's file")
    return value


_LEVELS = ", ".join(
    f"-{levels[0]}{f' to -{levels[-1]}' if len(levels) > 1 else ''} {name}"
    f"{' (default)' if name == LEVELS[DEFAULT_LEVEL] else ''}"
    for name, levels in (
        (name, [level for level in LEVELS if LEVELS[level] == name])
        for name in dict.fromkeys(LEVELS.values())
    )
)


def _level_option(level: int) -> Decorator:
    """Return the option for a level. A level names a model, so the last of -m and a level counts.

    --help shows the first and the last level only.
    """
    names = {1: ("--fast", "The fastest model."), 9: ("--best", "The model that compresses best.")}
    long, text = names.get(level, ("", ""))
    flags = [f"-{level}", long] if long else [f"-{level}"]
    return click.option(
        *flags, "model", flag_value=LEVELS[level], hidden=not long, help=text or None
    )


def _complete_model(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the names of models, and files, for the shell to complete."""
    from arzip.models import library
    from arzip.models.registry import names

    known = (*names(), *library.names())
    items = [CompletionItem(name) for name in known if name.startswith(incomplete)]
    return [*items, CompletionItem(incomplete, type="file")]


# Whether a file can be read is found out by reading it: click would refuse all files for one.
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
output = _together(
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
        help="Write files under DIR, in the same folders as the inputs.",
    ),
    click.option(
        "-S",
        "--suffix",
        metavar=".SUF",
        default=SUFFIX,
        callback=_check_suffix,
        help=f"The suffix of compressed files [{SUFFIX}].",
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
        "terminal; with -dc, copy data that is not compressed.",
    ),
    click.option("--verify", is_flag=True, help="Decode the output again and compare."),
)
sparse = click.option(
    "--sparse/--no-sparse",
    default=True,
    help="Make holes of blocks of zeros in new files, which take no disk space (default), or "
    "write them.",
)
recursive = _together(
    click.option("-r", "--recursive", is_flag=True, help="Work on the files in directories."),
    _names_option("--files", "\n", "one a line"),
    _names_option("--files0", "\0", "each with a zero byte after it"),
)
coding_model = _together(
    click.option(
        "-m",
        "--model",
        metavar="NAME|FILE",
        help=f"Compress with this model (see arzip models). The levels, {_LEVELS}, name four.",
        callback=check_model,
        shell_complete=_complete_model,
    ),
    *(_level_option(level) for level in LEVELS),
)
decoding_model = click.option(
    "-m",
    "--model",
    metavar="NAME|FILE",
    help="A model that the file needs and arzip lacks.",
    callback=check_model,
    shell_complete=_complete_model,
)
threads = click.option(
    "-T",
    "--threads",
    metavar="N",
    type=click.IntRange(min=0),
    default=1,
    help="Work on N segments, or small files, at a time; 0 means one for each CPU.",
)
segment_size = click.option(
    "--segment-size",
    type=Size(most=64 << 20),  # format.layout.MAX_SEGMENT, which takes long to import
    metavar="SIZE",
    help="Code in segments of SIZE [32MiB]: smaller ones keep more threads busy, but save less.",
)
unpack = click.option(
    "--unpack/--no-unpack",
    default=True,
    help="Compress what is inside gzip, ZIP, PNG and PDF data (default), or take it as it is.",
)
memory = click.option(
    "-M",
    "--memory",
    "--max-memory",
    "max_memory",
    type=Size(),
    metavar="SIZE",
    help="Use at most SIZE of memory for coding: compress with fewer threads and smaller "
    "segments, refuse to decompress what needs more.",
)
limits = _together(
    click.option(
        "--max-size", type=Size(), metavar="SIZE", help="Refuse to decompress to more than SIZE."
    ),
    memory,
)
quiet = click.option(
    "-q", "--quiet", count=True, help="Print no warnings; if given twice, no errors either."
)
progress = click.option(
    "--progress/--no-progress",
    default=True,
    help="Show progress on a terminal, after a second (default), or never.",
)
loudness = _together(
    click.option(
        "-v", "--verbose", count=True, help="Report for each file its sizes, and how well it went."
    ),
    quiet,
    progress,
)
