"""`arzip test`: `arzip -t` under its name."""

from collections.abc import Sequence
from typing import Any

import click

from arzip.cli import options
from arzip.cli.command import named
from arzip.cli.files.batch import Test
from arzip.cli.settings import Settings

__all__ = ["command"]


@named("test")
@options.files
@options.recursive
@options.decoding_model
@options.threads
@options.limits
@options.loudness
@click.pass_context
def command(context: click.Context, /, files: Sequence[str], **values: Any) -> None:
    """Test that each FILE decompresses."""
    context.exit(Test(Settings(**values)).run(options.all_files(context, files)))
