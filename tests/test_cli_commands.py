"""The list of commands is complete, and each is found under the name of its module."""

import pkgutil

import click
import pytest
from click.testing import CliRunner

from arzip.cli import commands
from arzip.cli.command import Command
from arzip.cli.commands import COMMANDS
from arzip.cli.group import cli


def test_every_module_is_listed_once() -> None:
    modules = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))
    assert sorted(COMMANDS) == modules


@pytest.mark.parametrize("name", COMMANDS)
def test_a_module_holds_the_command_of_its_name(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert isinstance(command, Command)
    assert command.name == name
    assert command.help
    result = CliRunner().invoke(cli, [name, "--help"], prog_name="arzip")
    assert result.output.startswith(f"Usage: arzip {name} ")


def test_nothing_else_is_a_command() -> None:
    context = click.Context(cli)
    assert cli.list_commands(context) == list(COMMANDS)
    for name in ("nosuch", "__init__", "Test", "..options"):
        assert cli.get_command(context, name) is None
