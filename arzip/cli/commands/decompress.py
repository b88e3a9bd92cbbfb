"""`arzip decompress`: `arzip -d` under its name."""

from collections.abc import Sequence
from typing import Any

import click

from arzip.cli import options
from arzip.cli.command import named
from arzip.cli.files.batch import Decompress
from arzip.cli.settings import Settings

__all__ = ["command"]


@named("decompress")
@options.files
@options.stdout
@options.output
@options.recursive
@options.decoding_model
@options.threads
@options.limits
@options.sparse
@options.loudness
@click.pass_context
def command(context: click.Context, /, files: Sequence[str], **values: Any) -> None:
    """Decompress each FILE.arz to FILE."""
    settings = Settings(**values)
    files = options.all_files(context, files)
    options.check_output(settings, files)
    context.exit(Decompress(settings).run(files))
