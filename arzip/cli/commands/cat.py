"""`arzip cat`: `arzip -dc` under its name."""

from collections.abc import Sequence
from typing import Any

import click

from arzip.cli import options
from arzip.cli.command import named
from arzip.cli.files.batch import Decompress
from arzip.cli.settings import Settings

__all__ = ["command"]


@named("cat")
@options.files
@options.decoding_model
@options.threads
@options.limits
@options.loudness
@click.pass_context
def command(context: click.Context, /, files: Sequence[str], **values: Any) -> None:
    """Decompress each FILE to standard output."""
    context.exit(Decompress(Settings(**values, stdout=True)).run(files))
