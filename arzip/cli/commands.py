"""`arzip compress`, `decompress`, `test` and `cat`: the gzip-like form's work, under names."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import click

from arzip.cli import options
from arzip.cli.coding import Coding
from arzip.cli.options import Settings


@click.command(cls=options.Command, context_settings=options.HELP)
@options.files
@options.stdout
@options.output
@options.recursive
@options.coding_model
@options.threads
@options.segment_size
@options.memory
@options.loudness
@click.pass_context
def compress(context: click.Context, /, files: Sequence[str], **values: Any) -> None:
    """Compress each FILE to FILE.arz."""
    settings = Settings(**values)
    files = options.all_files(context, files)
    options.check_output(settings, files)
    context.exit(Coding(settings).compress(files))


@click.command(cls=options.Command, context_settings=options.HELP)
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
def decompress(context: click.Context, /, files: Sequence[str], **values: Any) -> None:
    """Decompress each FILE.arz to FILE."""
    settings = Settings(**values)
    files = options.all_files(context, files)
    options.check_output(settings, files)
    context.exit(Coding(settings).decompress(files))


@click.command(cls=options.Command, context_settings=options.HELP)
@options.files
@options.recursive
@options.decoding_model
@options.threads
@options.limits
@options.loudness
@click.pass_context
def test(context: click.Context, /, files: Sequence[str], **values: Any) -> None:
    """Test that each FILE decompresses."""
    context.exit(Coding(Settings(**values)).test(options.all_files(context, files)))


@click.command(cls=options.Command, context_settings=options.HELP)
@options.files
@options.decoding_model
@options.threads
@options.limits
@options.loudness
@click.pass_context
def cat(context: click.Context, /, files: Sequence[str], **values: Any) -> None:
    """Decompress each FILE to standard output."""
    settings = dataclasses.replace(Settings(**values), stdout=True)
    context.exit(Coding(settings).decompress(files))
