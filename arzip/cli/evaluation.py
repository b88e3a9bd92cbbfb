"""`arzip eval`: what the code length of a file is made of, as a table or as JSON Lines."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from arzip.cli import options, sources, transfer
from arzip.cli.coding import load_prepared, watch_compiling
from arzip.cli.messages import Reporter, printable
from arzip.cli.options import Settings

if TYPE_CHECKING:
    from arzip.density import Report

WIDEST = 1 << 16  # columns


@click.command("eval", context_settings=options.HELP)
@options.required_files
@options.coding_model
@options.threads
@options.json_output
@options.quiet
@options.progress
@click.pass_context
def evaluate(context: click.Context, /, files: Sequence[str], as_json: bool, **values: Any) -> None:
    """Measure how well the model predicts each FILE.

    Prints bits per byte, and where they go: what the model asks for and what coding adds.
    """
    context.exit(evaluate_files(files, Settings(**values), as_json=as_json))


def evaluate_files(files: Sequence[str], settings: Settings, *, as_json: bool) -> int:
    """Print a table, or a JSON object a line, of the files; returns the exit status."""
    reporter = Reporter(settings.quiet)
    watch_compiling(reporter)
    model = load_prepared(settings.coding_model)
    reports = []
    for path in files:
        with reporter.watch(path), sources.open_input(path) as source:
            report = transfer.evaluate(source, model=model, settings=settings)
            if as_json:
                click.echo(json.dumps({"file": source.name, **report.to_dict()}))
            else:
                reports.append((source.name, report))
    if reports:
        print_table(reports)
    return reporter.status


def print_table(reports: "Sequence[tuple[str, Report]]") -> None:
    """The reports, a line each.

    In bits per byte: what was achieved, what the model asks for, what coding adds, and for
    comparison the entropy of the byte histogram.
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None)
    for heading in ("Bytes", "Compressed", "Bits/byte", "Model", "Coding", "Order 0", "Perplexity"):
        table.add_column(heading, justify="right")
    table.add_column("File", overflow="fold")
    for name, report in reports:
        table.add_row(
            f"{report.bytes:,}",
            f"{report.file_bytes:,}",
            f"{report.achieved:.4f}",
            f"{report.cross_entropy:.4f}",
            f"{report.achieved - report.cross_entropy:.4f}",
            f"{report.entropy_order0:.4f}",
            f"{report.perplexity:.3f}",
            printable(name),
        )
    # As wide as it is: a terminal may wrap lines, but no figure is ever cut short.
    width = Console(width=WIDEST).measure(table).maximum
    Console(width=width).print(table)
