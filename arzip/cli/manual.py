"""The man page arzip(1), made from the commands themselves: every command, option and default.

`page` is called when the package is built (packaging/manual.py). What it adds to the commands'
own help is what no command says: the environment, the exit status, some examples.
"""

from collections.abc import Iterable, Iterator

import click

import arzip
from arzip.cli.gzip_form import gzip_form
from arzip.cli.main import cli
from arzip.cli.options import ENVIRONMENT
from arzip.levels import DEFAULT_LEVEL, LEVELS

__all__ = ["PROGRAMS", "page"]

PROGRAMS = ("arzip", "unarz", "arzcat")
"""Those that have a man page; the others' is the first's."""

NAME = "arzip, unarz, arzcat - compress files with an autoregressive model and an arithmetic coder"

DESCRIPTION = (
    "arzip compresses each FILE to FILE.arz. A model predicts every byte from the bytes before it, "
    "and an arithmetic coder turns the predictions into bits; decompressing makes the same "
    "predictions again, and takes as long. Unlike gzip(1) it keeps FILE unless told --rm.",
    "unarz is arzip -d, and arzcat is arzip -dc. A first word that is a command is the command: "
    "write ./eval for a file of that name.",
)

ENVIRONMENT_VARIABLES = (
    (ENVIRONMENT, "Options that come before those of the command line, such as '-T0 -1'."),
    ("ARZIP_DEBUG", "If set, errors come with a traceback."),
)

EXIT_STATUS = (
    ("0", "All is well."),
    ("1", "An error: a file is damaged, unreadable, or made with a model that is missing."),
    ("2", "A file was skipped, or the command line makes no sense."),
)

EXAMPLES = (
    ("arzip --rm -v FILE", "Compress FILE, decode it again to compare, and only then remove FILE."),
    ("arzcat log.arz | grep error", "Decompress to standard output."),
    ("tar -I arzip -cf folder.tar.arz folder", "Make a compressed archive; -xf unpacks it."),
    ("arzip -T0 -1 FILE", "As fast as it goes: all cores, the fastest model."),
)

SEE_ALSO = "gzip(1), xz(1), zstd(1), tar(1)"


def page() -> str:
    """The page, for man(1)."""
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
    """As when the command runs, with what it says of itself: that its help is -h too."""
    return click.Context(command, parent, name, **command.context_settings)


def section(title: str, lines: Iterable[str]) -> list[str]:
    return [f".SH {title}", *lines]


def synopsis(group: click.Context, form: click.Context) -> Iterator[str]:
    yield from usage(form)
    for name in cli.list_commands(group):
        yield ".br"
        yield from usage(context_of(cli.commands[name], name, group))


def usage(context: click.Context) -> Iterator[str]:
    """How a command is called, in one line."""
    pieces = escaped(" ".join(context.command.collect_usage_pieces(context)))
    yield rf"\fB{escaped(context.command_path.strip())}\fR {pieces}"


def commands(group: click.Context) -> Iterator[str]:
    for name in cli.list_commands(group):
        command = cli.commands[name]
        context = context_of(command, name, group)
        yield f".SS {escaped(name)}"
        yield from usage(context)
        yield ".PP"
        yield from paragraphs((command.help or "").split("\n\n"))
        yield from options(context)


def options(context: click.Context) -> Iterator[str]:
    """The options of a command, as its --help has them."""
    parameters = context.command.get_params(context)
    records = [parameter.get_help_record(context) for parameter in parameters]
    return terms(record for record in records if record is not None and record[1])


def levels() -> Iterator[str]:
    """What the numbers mean, which --help does not spell out."""
    for model in dict.fromkeys(LEVELS.values()):
        numbers = [level for level, name in LEVELS.items() if name == model]
        default = f", the default (-{DEFAULT_LEVEL})" if DEFAULT_LEVEL in numbers else ""
        flags = " ".join(f"-{number}" for number in numbers)
        yield from terms([(flags, f"Use the model {model}{default}.")])


def terms(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """What is explained, in bold, and its explanation below it."""
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
    """`text` on one line, in which troff finds nothing to obey."""
    line = " ".join(text.split()).replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{line}" if line.startswith((".", "'")) else line
