"""The ways in, `arzip`, `unarz` and `arzcat`, and the way out.

A first word that is a command is the command; anything else starts the gzip-like form.
"""

import io
import os
import signal
import sys
from typing import Any, NoReturn

import click
from click.shell_completion import shell_complete

from arzip.cli import commands, outputs, signals
from arzip.cli.bench import bench
from arzip.cli.catalogue import models
from arzip.cli.compile import compile_command
from arzip.cli.evaluation import evaluate
from arzip.cli.gzip_form import FIRST, gzip_form
from arzip.cli.inspect import inspect
from arzip.cli.listing import list_command
from arzip.cli.messages import ERROR, OK, is_failure, report_failure, report_usage, say
from arzip.cli.recovery import recover
from arzip.cli.sample import sample
from arzip.cli.score import score
from arzip.cli.train import train
from arzip.system import transport


class GzipLikeGroup(click.Group):
    """Commands, told by the first word, and beside them the gzip-like form."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        defaults = gzip_form.environment_defaults()
        extra.setdefault("default_map", dict.fromkeys(["", *self.commands], defaults))
        return super().make_context(info_name, args, parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # The group has no options of its own, so that it takes none of the form's: not even --.
        ctx.meta[FIRST] = not args
        if args and args[0] in self.commands and os.path.isfile(args[0]):
            # As by `arzip *` in a folder that has such a file.
            say(f"{args[0]} is taken for the command: write ./{args[0]} for the file")
        if not args or args[0] not in self.commands:
            args = ["", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order in which they were added

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) if cmd_name else gzip_form


@click.group(cls=GzipLikeGroup, add_help_option=False)
def cli() -> None:
    """Compress files with an autoregressive model and an arithmetic coder."""


for command in (
    commands.compress,
    commands.decompress,
    commands.test,
    list_command,
    commands.cat,
    recover,
    evaluate,
    score,
    inspect,
    sample,
    train,
    models,
    bench,
    compile_command,
):
    cli.add_command(command)


def arzip() -> NoReturn:
    """The `arzip` program."""
    _run(cli, "arzip", sys.argv[1:])


def unarz() -> NoReturn:
    """The `unarz` program: arzip -d."""
    _run(gzip_form, "unarz", ["-d", *sys.argv[1:]])


def arzcat() -> NoReturn:
    """The `arzcat` program: arzip -dc."""
    _run(gzip_form, "arzcat", ["-dc", *sys.argv[1:]])


def _run(command: click.Command, program: str, arguments: list[str]) -> NoReturn:
    _open_standard_streams()
    sys.exit(signals.run_interruptibly(lambda: _status(command, program, arguments)))


def _open_standard_streams() -> None:
    """Make the standard streams anew, so that they lose nothing.

    Python's own do if they are not buffered (PYTHONUNBUFFERED), or do not block. In the place of
    one that is closed the null device is opened. Otherwise the next file to be opened would become
    it, and messages would end up there. Input and output are opened the wrong way round, which
    makes every use of them an error.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        given = getattr(sys, name)
        if given is None:
            os.open(os.devnull, os.O_RDONLY if number == 1 else os.O_WRONLY)
        file = io.FileIO(number, "w" if number else "r", closefd=False)
        stream = io.TextIOWrapper(
            transport.buffered(file),
            encoding=given and given.encoding,
            errors=given and given.errors,
            line_buffering=name == "stderr" or file.isatty(),
        )
        setattr(sys, name, stream)


def _status(command: click.Command, program: str, arguments: list[str]) -> int:
    """Run the command; whatever happens becomes a message and an exit status.

    A status of -N is death by signal N.
    """
    status = OK
    try:
        status = _outcome(command, program, arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Nobody reads what is written: end as every other filter does. Python ignores SIGPIPE.
        return -signal.SIGPIPE
    except OSError as error:
        if status != ERROR:  # else it is what was reported, met once more
            report_failure(error, outputs.StandardOutput.name)
        status = ERROR
    if status == ERROR:
        # What could not be written would be tried again, with a traceback, as Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return status


def _outcome(command: click.Command, program: str, arguments: list[str]) -> int:
    variable = f"_{program.upper()}_COMPLETE"
    if os.environ.get(variable):
        return shell_complete(command, {}, program, variable, os.environ[variable])
    try:
        with command.make_context(program, arguments) as context:
            command.invoke(context)
        return OK
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        report_usage(error)
        return ERROR
    except OSError:
        raise
    except BaseException as error:
        if not is_failure(error):
            raise
        report_failure(error)
        return ERROR
