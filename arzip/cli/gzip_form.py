"""`arzip [OPTIONS] [FILE]...`, as gzip and xz have it: what runs when the first word is no command.

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
from arzip.cli.coding import Coding
from arzip.cli.listing import list_files
from arzip.cli.options import ENVIRONMENT, Settings


class FormContext(click.Context):
    """The form has no name of its own in usage messages."""

    @property
    def command_path(self) -> str:
        return super().command_path.rstrip()


class GzipForm(options.Command):
    """The form. Its --help shows the commands of the group that it belongs to as well."""

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
        """What ARZIP_OPT says, by parameter. Names of files in it are ignored, as xz does.

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

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        if ctx.parent is not None and isinstance(ctx.parent.command, click.Group):
            ctx.parent.command.format_commands(ctx.parent, formatter)


FIRST = f"{__name__}.first"
"""In a context's meta: whether the shell completes the first word, which may be a command."""


def _complete_word(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """For the shell: files, and in the first place the commands too."""
    items = parameter.type.shell_complete(context, parameter, incomplete)
    group = context.parent
    if group is not None and isinstance(group.command, click.Group) and group.meta.get(FIRST):
        items += [
            CompletionItem(name, help=command.get_short_help_str())
            for name, command in group.command.commands.items()
            if name.startswith(incomplete)
        ]
    return items


@click.command(
    cls=GzipForm,
    name="",
    context_settings=options.HELP,
    epilog="A first word that is a command is the command: write ./eval for a file of that name. "
    "Options in the environment variable ARZIP_OPT come first. Exit status: 0 all well, "
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
            status = Coding(settings).decompress(files)
        case "test":
            status = Coding(settings).test(files)
        case "list":
            status = list_files(files, settings, as_json=False)
        case _:
            options.check_output(settings, files)
            status = Coding(settings).compress(files)
    context.exit(status)
