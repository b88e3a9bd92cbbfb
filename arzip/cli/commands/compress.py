"""`arzip compress`: `arzip -z` under its name."""

from collections.abc import Sequence
from typing import Any

import click

from arzip.cli import options
from arzip.cli.command import named
from arzip.cli.files.batch import Compress
from arzip.cli.settings import Settings

__all__ = ["command"]


@named("compress")
@options.files
@options.stdout
@options.output
@options.recursive
@options.coding_model
@options.threads
@options.segment_size
@options.unpack
@options.memory
@options.loudness
@click.pass_context
def command(context: click.Context, /, files: Sequence[str], **values: Any) -> None:
    """Compress each FILE to FILE.arz."""
    settings = Settings(**values)
    files = options.all_files(context, files)
    options.check_output(settings, files)
    context.exit(Compress(settings).run(files))
