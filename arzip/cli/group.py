"""The click group `cli`: what `arzip` runs by its first word.

If the first word is a command, it runs; anything else starts the gzip-like form. A command's module
is imported when it is needed.
"""

import os
from importlib import import_module
from typing import Any

import click

from arzip.cli.commands import COMMANDS
from arzip.cli.gzip_form import FIRST, gzip_form
from arzip.cli.messages import say

__all__ = ["cli"]


class Group(click.Group):
    """The commands, and beside them the gzip-like form, whose name is empty."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        defaults = gzip_form.environment_defaults()
        extra.setdefault("default_map", dict.fromkeys(["", *COMMANDS], defaults))
        return super().make_context(info_name, args, parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # The group has no options of its own, so it takes none of the form's: not even --.
        ctx.meta[FIRST] = not args
        if args and args[0] in COMMANDS and os.path.isfile(args[0]):
            # `arzip *` in a folder that has such a file means the file.
            say(f"{args[0]} is taken for the command: write ./{args[0]} for the file")
        if not args or args[0] not in COMMANDS:
            args = ["", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if not cmd_name:
            return gzip_form
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = import_module(f"arzip.cli.commands.{cmd_name}").command
        return found


@click.group(cls=Group, add_help_option=False)
def cli() -> None:
    """Compress files with an autoregressive model and an arithmetic coder."""
