"""The man page arzip(1), made from the commands themselves: every command, option and default.

`page` is called when the package is built (packaging/manual.py). To the commands' own help it adds
the environment, the exit status and some examples.
"""

from collections.abc import Iterable, Iterator

import click

import arzip
from arzip.cli.group import cli
from arzip.cli.gzip_form import ENVIRONMENT, gzip_form
from arzip.levels import DEFAULT_LEVEL, LEVELS

__all__ = ["PROGRAMS", "context_of", "escaped", "page"]

PROGRAMS = ("arzip", "unarz", "arzcat")
"""The programs with a man page. The page is the first one's; the others refer to it."""

NAME = "arzip, unarz, arzcat - compress files with an autoregressive model and an arithmetic coder"

DESCRIPTION = (
    "arzip compresses each FILE to FILE.arz. A model predicts every byte from the bytes before it, "
    "and an arithmetic coder turns the predictions into bits; decompressing makes the same "
    "predictions again, and takes as long. Unlike gzip(1) it keeps FILE unless told --rm.",
    "unarz is arzip -d, and arzcat is arzip -dc. If the first word is a command, it runs: write "
    "./eval for a file of that name.",
)

ENVIRONMENT_VARIABLES = (
    (ENVIRONMENT, "Options that come before those of the command line, such as '-T0 -1'."),
    ("ARZIP_DEBUG", "If set, errors come with a traceback."),
)

EXIT_STATUS = (
    ("0", "Success."),
    (
        "1",
        "An error: the command line is wrong, or a file is damaged, unreadable, or needs a model "
        "that is missing.",
    ),
    ("2", "A file was skipped, or part of a damaged one is lost."),
)

EXAMPLES = (
    ("arzip --rm -v FILE", "Compress FILE, decode it again to compare, and only then remove FILE."),
    ("arzcat log.arz | grep error", "Decompress to standard output."),
    ("tar -I arzip -cf folder.tar.arz folder", "Make a compressed archive; -xf unpacks it."),
    ("arzip -T0 -1 FILE", "As fast as it goes: all cores, the fastest model."),
)

SEE_ALSO = "gzip(1), xz(1), zstd(1), tar(1)"


def page() -> str:
    """Return the page, for man(1)."""
    group = context_of(cli, "arzip")
    form = context_of(gzip_form, "", group)
    lines = [f'.TH ARZIP 1 "" "arzip {arzip.__version__}" "User Commands"']
    lines += section("NAME", [escaped(NAME)])
    lines += section("SYNOPSIS", synopsis(group, form))
    lines += section("DESCRIPTION", paragraphs(DESCRIPTION))
    lines += section("OPTIONS", [*options(form), *levels()])
    lines += section("COMMANDS", commands(group))
    lines += section("ENVIRONMENT", terms(ENVIRONMENT_VARIABLES))
    lines += section("EXIT STATUS", terms(EXIT_STATUS))
    lines += section("EXAMPLES", terms(EXAMPLES))
    lines += section("SEE ALSO", [escaped(SEE_ALSO)])
    return "\n".join(lines) + "\n"


def context_of(
    command: click.Command, name: str, parent: click.Context | None = None
) -> click.Context:
    """Return the context in which the command runs, with its own settings, such as -h for help."""
    return click.Context(command, parent, name, **command.context_settings)


def contexts(group: click.Context) -> Iterator[click.Context]:
    """Yield the context of each command, in the order of --help."""
    for name in cli.list_commands(group):
        if command := cli.get_command(group, name):
            yield context_of(command, name, group)


def section(title: str, lines: Iterable[str]) -> list[str]:
    return [f".SH {title}", *lines]


def synopsis(group: click.Context, form: click.Context) -> Iterator[str]:
    yield from usage(form)
    for context in contexts(group):
        yield ".br"
        yield from usage(context)


def usage(context: click.Context) -> Iterator[str]:
    """Yield how a command is called, in one line."""
    pieces = escaped(" ".join(context.command.collect_usage_pieces(context)))
    yield rf"\fB{escaped(context.command_path.strip())}\fR {pieces}"


def commands(group: click.Context) -> Iterator[str]:
    for context in contexts(group):
        yield f".SS {escaped(context.info_name or '')}"
        yield from usage(context)
        yield ".PP"
        yield from paragraphs((context.command.help or "").split("\n\n"))
        yield from options(context)


def options(context: click.Context) -> Iterator[str]:
    """Yield the options of a command, as in its --help."""
    parameters = context.command.get_params(context)
    records = [parameter.get_help_record(context) for parameter in parameters]
    return terms(record for record in records if record is not None and record[1])


def levels() -> Iterator[str]:
    """Yield the models that the levels stand for, which --help does not list."""
    for model in dict.fromkeys(LEVELS.values()):
        numbers = [level for level, name in LEVELS.items() if name == model]
        default = f", the default (-{DEFAULT_LEVEL})" if DEFAULT_LEVEL in numbers else ""
        flags = " ".join(f"-{number}" for number in numbers)
        yield from terms([(flags, f"Use the model {model}{default}.")])


def terms(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield each term in bold, and its explanation below it."""
    for term, text in pairs:
        yield ".TP"
        yield rf"\fB{escaped(term)}\fR"
        yield escaped(text)


def paragraphs(texts: Iterable[str]) -> Iterator[str]:
    for number, text in enumerate(texts):
        if number:
            yield ".PP"
        yield escaped(text)


def escaped(text: str) -> str:
    """Return `text` on one line, with everything escaped that troff would obey."""
    line = " ".join(text.split()).replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{line}" if line.startswith((".", "'")) else line
