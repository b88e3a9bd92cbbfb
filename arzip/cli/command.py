"""What all commands have in common for click: -h, and long options that may be abbreviated."""

from collections.abc import Callable
from typing import Any

import click

__all__ = ["HELP", "Command", "named"]

HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
"""A command's context settings."""


class Command(click.Command):
    """A command whose long options may be abbreviated, as with getopt."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        while True:
            try:
                return super().parse_args(ctx, self._with_values(args))
            except click.NoSuchOption as error:
                whole = self._whole(error.option_name)
                args = [_with_name(word, error.option_name, whole) for word in args]

    def _with_values(self, args: list[str]) -> list[str]:
        """Return the words, with the value of each option that takes one by `=` or not at all.

        click would take the next word for it, where getopt takes it for a file.
        """
        usual = {
            name: option.flag_value
            for option in self.params
            if isinstance(option, click.Option)
            and isinstance(option.flag_value, str)
            and not option.is_flag
            for name in option.opts
        }
        end = args.index("--") if "--" in args else len(args)
        given = [f"{word}={usual[word]}" if word in usual else word for word in args[:end]]
        return given + args[end:]

    def _whole(self, short: str) -> str:
        """Return the option that `short` begins.

        Raises: click.NoSuchOption if there is none, click.UsageError if there are several.
        """
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


def named(name: str) -> Callable[[Callable[..., Any]], Command]:
    """Return a decorator that makes a function the command of that name."""
    return click.command(name, cls=Command, context_settings=HELP)


def _with_name(word: str, name: str, whole: str) -> str:
    """Return `word` with the option's whole name, if `word` is the option."""
    return whole + word[len(name) :] if word.partition("=")[0] == name else word
