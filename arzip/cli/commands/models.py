"""`arzip models`: the built-in models with their levels, and models in files."""

import json
from collections.abc import Sequence
from typing import Any

import click

from arzip.cli import options
from arzip.cli.command import named
from arzip.cli.messages import Reporter, printable
from arzip.levels import LEVELS

__all__ = ["command"]

SHOWN = ("name", "file", "identity", "digest", "size", "levels")
"""Keys that have a place of their own in the text; the others follow, a line each."""


@named("models")
@options.files
@options.json_output
@options.quiet
@click.pass_context
def command(context: click.Context, /, files: Sequence[str], as_json: bool, quiet: int) -> None:
    """List the built-in models, those in the model folders, and those in each FILE."""
    from arzip.models import library
    from arzip.models.registry import describe, names

    reporter = Reporter(quiet)
    rows: list[dict[str, Any]] = []
    for name in (*names(), *library.names(), *files):
        with reporter.watch(name):
            levels = [level for level, model in LEVELS.items() if model == name]
            rows.append({**describe(name), "levels": levels})
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        for row in rows:
            _print_model(row)
        folders = " and ".join(map(str, library.folders()))
        click.echo(f"Custom models are found by name in {printable(folders)}.")
    context.exit(reporter.status)


def _print_model(row: dict[str, Any]) -> None:
    """Print a model in a few lines: how to name it, and its metadata."""
    if row["file"] is None:
        levels = " ".join(f"-{level}" for level in row["levels"])
        use = levels or f"-m {row['name']}"
    else:
        use = f"-m {printable(row['file'])}"
    click.echo(f"{printable(row['name'])}  {row['identity']}  {row['size']:,} bytes  {use}")
    click.echo(f"    digest: {row['digest']}")
    for key, value in row.items():
        if key not in SHOWN:
            click.echo(f"    {printable(key.replace('_', ' '))}: {printable(_in_words(value))}")


def _in_words(value: object) -> str:
    """Return a value of the metadata as text."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {figure}" for name, figure in value.items())
    return str(value)
