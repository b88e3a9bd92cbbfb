"""`arzip models`: the models that arzip comes with, what the levels mean, and models in files."""

import json
from collections.abc import Sequence
from typing import Any

import click

from arzip.cli import options
from arzip.cli.messages import Reporter, printable
from arzip.levels import LEVELS


@click.command(cls=options.Command, context_settings=options.HELP)
@options.files
@options.json_output
@options.quiet
@click.pass_context
def models(context: click.Context, /, files: Sequence[str], as_json: bool, quiet: int) -> None:
    """List the models that arzip has, those in the folders of models, and those in each FILE."""
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
            print_model(row)
        folders = " and ".join(map(str, library.folders()))
        click.echo(f"Models of your own are found by name in {printable(folders)}.")
    context.exit(reporter.status)


def print_model(row: dict[str, Any]) -> None:
    """A model in a few lines: what it is called here, and what is known of it."""
    if row["file"] is None:
        levels = " ".join(f"-{level}" for level in row["levels"])
        use = levels or f"-m {row['name']}"
    else:
        use = f"-m {printable(row['file'])}"
    click.echo(f"{printable(row['name'])}  {row['identity']}  {row['size']:,} bytes  {use}")
    click.echo(f"    digest: {row['digest']}")
    for key, value in row.items():
        if key not in SHOWN:
            click.echo(f"    {printable(key.replace('_', ' '))}: {printable(in_words(value))}")


SHOWN = ("name", "file", "identity", "digest", "size", "levels")


def in_words(value: object) -> str:
    """What the metadata says, as text: a table of figures as a list."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {figure}" for name, figure in value.items())
    return str(value)
