"""`arzip models`: the models that arzip comes with, and which level means which."""

import json

import click

from arzip.cli import options
from arzip.cli.options import LEVELS


@click.command(context_settings=options.HELP)
@options.json_output
def models(as_json: bool) -> None:
    """List the models that arzip has."""
    from arzip.models import catalogue

    rows = [{**model, "levels": levels_of(str(model["name"]))} for model in catalogue()]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        for row in rows:
            levels = row["levels"]
            shown = f"-{levels[0]} to -{levels[-1]}" if levels else "-m only"
            click.echo(
                f"{row['name']:<10} {row['identity']}  {shown:<10} "
                f"{row['size']:>12,} bytes  {row['description']}"
            )


def levels_of(name: str) -> list[int]:
    """The levels that mean the model of that name."""
    return [level for level, model in LEVELS.items() if model == name]
