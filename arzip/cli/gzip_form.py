"""`arzip [OPTIONS] [FILE]...`, as with gzip and xz: what runs if the first word is no command.

`unarz` and `arzcat` are this form too, with -d and -dc set.
"""

import os
import shlex
from collections.abc import Sequence
from typing import Any

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

import arzip
from arzip.cli import options
from arzip.cli.command import HELP, Command
from arzip.cli.files.batch import Compress, Decompress, Test
from arzip.cli.settings import Settings

__all__ = ["ENVIRONMENT", "FIRST", "gzip_form"]

ENVIRONMENT = "ARZIP_OPT"
"""The environment variable with options that come before those of the command line."""

FIRST = f"{__name__}.first"
"""Key of a context's `meta`: whether the shell completes the first word, which may be a command."""


_OF_PROGRAMS = {
    "unarz": "Decompress each FILE.arz to FILE and keep FILE.arz: arzip -d. With no FILE, or with "
    "-, decompress standard input to standard output.",
    "arzcat": "Decompress each FILE, or standard input, to standard output: arzip -dc.",
}
"""What the programs beside `arzip` do, which are this form too."""


class FormContext(click.Context):
    """A context without a name of its own in usage messages."""

    @property
    def command_path(self) -> str:
        return super().command_path.rstrip()


class GzipForm(Command):
    """The form. Its --help lists the commands of its group too."""

    context_class = FormContext

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        if parent is None:  # unarz, arzcat
            extra.setdefault("default_map", self.environment_defaults())
        return super().make_context(info_name, args, parent, **extra)

    def environment_defaults(self) -> dict[str, Any]:
        """Return the parameters that ARZIP_OPT sets. File names in it are ignored, as xz does.

        Raises: click.UsageError naming the variable.
        """
        try:
            words = shlex.split(os.environ.get(ENVIRONMENT, ""))
            context = super().make_context(ENVIRONMENT, words)
        except ValueError as error:
            raise click.UsageError(f"{ENVIRONMENT}: {error}") from None
        except click.UsageError as error:
            raise click.UsageError(f"{ENVIRONMENT}: {error.format_message()}") from None
        return {
            name: value
            for name, value in context.params.items()
            if context.get_parameter_source(name) is ParameterSource.COMMANDLINE and name != "files"
        }

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if ctx.info_name not in _OF_PROGRAMS:
            super().format_help_text(ctx, formatter)
            return
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(_OF_PROGRAMS[ctx.info_name])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        if ctx.parent is not None and isinstance(ctx.parent.command, click.Group):
            ctx.parent.command.format_commands(ctx.parent, formatter)


def _complete_word(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return files, and as the first word commands too, for the shell to complete."""
    items = parameter.type.shell_complete(context, parameter, incomplete)
    group = context.parent
    if group is not None and isinstance(group.command, click.Group) and group.meta.get(FIRST):
        for name in group.command.list_commands(group):
            command = group.command.get_command(group, name)
            if command is not None and name.startswith(incomplete):
                items.append(CompletionItem(name, help=command.get_short_help_str()))
    return items


@click.command(
    cls=GzipForm,
    name="",
    context_settings=HELP,
    epilog="If the first word is a command, it runs: write ./eval for a file of that name. "
    "Options in the environment variable ARZIP_OPT come first. Exit status: 0 success, "
    "1 an error, 2 a file was skipped.",
)
@click.argument(
    "files", metavar="[FILE]...", nargs=-1, type=options.path, shell_complete=_complete_word
)
@click.option(
    "-d", "--decompress", "--uncompress", "mode", flag_value="decompress", help="Decompress."
)
@click.option("-z", "--compress", "mode", flag_value="compress", help="Compress (default).")
@click.option("-t", "--test", "mode", flag_value="test", help="Test that files decompress.")
@click.option("-l", "--list", "mode", flag_value="list", help="List what is in files.")
@options.stdout
@options.output
@options.recursive
@options.coding_model
@options.threads
@options.segment_size
@options.unpack
@options.limits
@options.sparse
@options.loudness
@click.version_option(arzip.__version__, "-V", "--version", message="arzip %(version)s")
@click.pass_context
def gzip_form(
    context: click.Context, /, files: Sequence[str], mode: str | None, **values: Any
) -> None:
    """Compress each FILE to FILE.arz and keep FILE. With no FILE, or with -, compress standard
    input to standard output.
    """
    settings = Settings(**values)
    files = options.all_files(context, files)
    match mode:
        case "decompress":
            options.check_output(settings, files)
            status = Decompress(settings).run(files)
        case "test":
            status = Test(settings).run(files)
        case "list":
            from arzip.cli.commands.list import list_files

            status = list_files(files, settings, as_json=False)
        case _:
            options.check_output(settings, files)
            status = Compress(settings).run(files)
    context.exit(status)
