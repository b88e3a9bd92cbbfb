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

ENVIRONMENT = "ARZIP_OPT"

HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


@dataclass(frozen=True)
class Settings:
    """What the user asked for; the defaults stand where a command lacks the option."""

    model: str | None = None
    level: int | None = None
    threads: int = 1
    segment_size: int | None = None
    stdout: bool = False
    output: str | None = None
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
        """The model to compress with: -m, or else what the level names."""
        return self.model or LEVELS[self.level or DEFAULT_LEVEL]


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


def together(*decorators: Decorator) -> Decorator:
    """One decorator of many, listed in the order in which --help shows them."""
    return lambda function: reduce(lambda inner, add: add(inner), reversed(decorators), function)


def _level_option(level: int) -> Decorator:
    names = {1: ("--fast", "The fastest model."), 9: ("--best", "The model that compresses best.")}
    long, text = names.get(level, ("", ""))
    flags = [f"-{level}", long] if long else [f"-{level}"]
    # Between the two, the help would only repeat itself.
    return click.option(
        *flags, "level", flag_value=level, type=int, hidden=not long, help=text or None
    )


def _complete_model(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """For the shell: the names of models, and files."""
    from arzip.models import names

    known = [CompletionItem(name) for name in names() if name.startswith(incomplete)]
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
        help="Overwrite outputs, follow links, write compressed data to a terminal.",
    ),
    click.option("--verify", is_flag=True, help="Decode what was written and compare."),
)
recursive = click.option(
    "-r", "--recursive", is_flag=True, help="Work on the files in directories."
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
    help="Work on N segments at a time; 0 means all cores.",
)
segment_size = click.option(
    "--segment-size",
    type=Size(most=64 << 20),  # container.MAX_SEGMENT, which takes long to import
    metavar="SIZE",
    help="Code by segments of SIZE [32MiB]: smaller ones keep more threads busy, but save less.",
)
limits = together(
    click.option(
        "--max-size", type=Size(), metavar="SIZE", help="Refuse to decode to more than SIZE."
    ),
    click.option(
        "--max-memory", type=Size(), metavar="SIZE", help="Refuse to decode with more memory."
    ),
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
    """Raises: click.UsageError where -o would have to hold more than one file."""
    if settings.output is not None and (len(files) > 1 or settings.recursive):
        raise click.UsageError("-o takes one input; use -c for several, one after the other")


def check_not_empty(files: Sequence[str]) -> None:
    """Raises: click.UsageError where a file is known to be empty, before any work is done."""
    for path in files:
        try:
            status = os.stat(path)
        except OSError:
            continue  # standard input, or to be reported when it is opened
        if stat.S_ISREG(status.st_mode) and status.st_size == 0:
            raise click.UsageError(f"{path} is empty: there must be 1 byte or more")
