"""`arzip eval`: what the code length of a file is made of, as a table or as JSON Lines."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from arzip.cli import options, sources, transfer
from arzip.cli.coding import load_prepared, watch_compiling
from arzip.cli.messages import Reporter, printable
from arzip.cli.options import Settings
from arzip.cli.progress import Meter

if TYPE_CHECKING:
    from rich.table import Table

    from arzip.density import Report

WIDEST = 1 << 16  # columns
MOST = 1 << 26  # bytes, 64 MiB: what entropies of higher order are measured on


@click.command("eval", cls=options.Command, context_settings=options.HELP)
@options.required_files
@options.coding_model
@options.threads
@options.json_output
@options.quiet
@options.progress
@click.pass_context
def evaluate(context: click.Context, /, files: Sequence[str], as_json: bool, **values: Any) -> None:
    """Measure how well the model predicts each FILE.

    Prints bits per byte, and where they go: what the model asks for and what coding adds. Beside
    it, what the best tables of the file's own statistics would ask for, by the number of bytes that
    they look back. --json has the first part, an object a file.
    """
    context.exit(evaluate_files(files, Settings(**values), as_json=as_json))


def evaluate_files(files: Sequence[str], settings: Settings, *, as_json: bool) -> int:
    """Print tables, or a JSON object a line, of the files; returns the exit status."""
    reporter = Reporter(settings.quiet)
    watch_compiling(reporter)
    model = load_prepared(settings.coding_model)
    measured = []
    for path in files:
        with (
            reporter.watch(path),
            sources.open_input(path) as source,
            Meter(source.size, wanted=settings.shows_progress) as meter,
        ):
            head = bytearray()
            report = transfer.evaluate(
                source,
                model=model,
                settings=settings,
                head=head,
                most=0 if as_json else MOST,
                meter=meter,
            )
            if as_json:
                click.echo(json.dumps({"file": source.name, **report.to_dict()}))
            else:
                measured.append((printable(source.name), report, entropies(bytes(head))))
    if measured:
        print_tables(measured)
    return reporter.status


def entropies(data: bytes) -> list[float]:
    """The empirical entropies of order 0, 1, .., in bits per byte."""
    from arzip.density import HIGHEST_ORDER, empirical_entropy

    return [empirical_entropy(data, order) for order in range(HIGHEST_ORDER + 1)]


def print_tables(measured: "Sequence[tuple[str, Report, list[float]]]") -> None:
    """What the files take, and what their own statistics would, a line each."""
    costs = new_table("Bytes", "Compressed", "Bits/byte", "Model", "Coding", "NLL nats", "PP")
    statistics = new_table("H0", "H1", "H2", "H3", "KL(H0|uniform)")
    for name, report, orders in measured:
        costs.add_row(
            f"{report.bytes:,}",
            f"{report.file_bytes:,}",
            f"{report.achieved:.4f}",
            f"{report.cross_entropy:.4f}",
            f"{report.achieved - report.cross_entropy:.4f}",
            f"{report.nll_nats:,.1f}",
            f"{report.perplexity:.3f}",
            name,
        )
        uniform = 8 - report.entropy_order0 if report.bytes else 0.0
        statistics.add_row(*(f"{order:.4f}" for order in orders), f"{uniform:.4f}", name)
    print_table(costs)
    click.echo(
        "\nBits/byte = Model + Coding: the cross-entropy H(p^, q) of file and model, and what\n"
        "coding adds. PP = exp(NLL / bytes) = 2^Model is the perplexity.\n"
    )
    print_table(statistics)
    click.echo(
        "\nThe file's empirical entropy, each byte given the 0 to 3 before it: what a table of its "
        "own\nstatistics would ask for, the table not counted. H(p^, uniform) = 8 = H0 + KL."
    )
    if any(report.bytes > MOST for _, report, _ in measured):
        click.echo(f"H0 to H3 are of the first {MOST >> 20} MiB of larger files.")


def new_table(*headings: str) -> "Table":
    """A table of numbers whose last column is the file's name."""
    from rich.table import Table

    table = Table(box=None)
    for heading in headings:
        table.add_column(heading, justify="right")
    table.add_column("File", overflow="fold")
    return table


def print_table(table: "Table") -> None:
    """As wide as it is: a terminal may wrap lines, but no figure is ever cut short."""
    from rich.console import Console

    width = Console(width=WIDEST).measure(table).maximum
    Console(width=width).print(table, markup=False)
