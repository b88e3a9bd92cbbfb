"""`arzip models`: the models that arzip comes with, and which level means which."""

import json
from typing import Any

import click

from arzip.cli import options
from arzip.cli.options import LEVELS


@click.command(context_settings=options.HELP)
@options.json_output
def models(as_json: bool) -> None:
    """List the models that arzip has."""
    from arzip.models import catalogue

    rows: list[dict[str, Any]] = [
        {**model, "levels": [level for level, name in LEVELS.items() if name == model["name"]]}
        for model in catalogue()
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        for row in rows:
            levels = " ".join(f"-{level}" for level in row["levels"]) or "-m only"
            click.echo(f"{row['name']}  {row['identity']}  {row['size']:,} bytes  {levels}")
            click.echo(f"    {row['description']}")
