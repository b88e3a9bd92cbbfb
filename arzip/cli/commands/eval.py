"""`arzip eval`: the code length of a file and its parts, as a table or as JSON Lines."""

import json
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from arzip.cli import options
from arzip.cli.command import named
from arzip.cli.files import sources, transfer
from arzip.cli.loading import load_compiled
from arzip.cli.messages import new_reporter, printable
from arzip.cli.progress import Meter
from arzip.cli.settings import Settings
from arzip.cli.tables import new_table, print_table

if TYPE_CHECKING:
    from arzip.density import Report

__all__ = ["command"]

MOST = 1 << 26  # bytes, 64 MiB, for entropies of higher order


@named("eval")
@options.required_files
@options.coding_model
@options.threads
@options.json_output
@options.quiet
@options.progress
@click.pass_context
def command(context: click.Context, /, files: Sequence[str], as_json: bool, **values: Any) -> None:
    """Measure how well the model predicts each FILE.

    Prints bits per byte, and its two parts: the model's cross-entropy and what coding adds; the
    cross-entropy of what was read in each way; and the entropies of the file's own statistics, each
    byte given the 0 to 3 before it. --json leaves these out, and prints one object a file.
    """
    context.exit(_evaluate(files, Settings(**values), as_json=as_json))


def _evaluate(files: Sequence[str], settings: Settings, *, as_json: bool) -> int:
    """Print tables of the files, or a JSON object a line; return the exit status."""
    from arzip.streams.compressor import ArzipCompressor

    reporter = new_reporter(settings.quiet)
    model = load_compiled(settings.coding_model)
    measured = []
    for path in files:
        with (
            reporter.watch(path),
            sources.open_input(path) as source,
            Meter(source.size, wanted=settings.shows_progress) as meter,
        ):
            compressor = ArzipCompressor(model, threads=settings.threads)
            head = transfer.measure(
                source,
                [compressor],
                meter,
                partial(transfer.coded_so_far, compressor),
                head=0 if as_json else MOST,
            )
            report = compressor.account.report(model.name)
            if as_json:
                click.echo(json.dumps({"file": source.name, **report.to_dict()}))
            else:
                measured.append((printable(source.name), report, _entropies(head)))
    if measured:
        _print_tables(measured)
    return reporter.status


def _entropies(data: bytes) -> list[float]:
    """Return the empirical entropies of order 0, 1, .., in bits per byte."""
    from arzip.density import HIGHEST_ORDER, empirical_entropy

    return [empirical_entropy(data, order) for order in range(HIGHEST_ORDER + 1)]


def _print_tables(measured: "Sequence[tuple[str, Report, list[float]]]") -> None:
    """Print what each file takes under the model, and its own entropies."""
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
    readings = new_table("Read as", "Bytes", "Bits/byte")
    for name, report, _ in measured:
        for reading, part in report.readings.items():
            readings.add_row(reading, f"{part['bytes']:,}", f"{part['cross_entropy']:.4f}", name)
    click.echo(
        "\nBits/byte = Model + Coding: the cross-entropy H(p^, q) of file and model, and what\n"
        "coding adds. PP = exp(NLL / bytes) = 2^Model is the perplexity.\n"
    )
    if readings.row_count:
        print_table(readings)
        click.echo()
    print_table(statistics)
    click.echo(
        "\nThe file's empirical entropy, each byte given the 0 to 3 before it: the cost under a "
        "table of\nits own statistics, without the cost of the table. H(p^, uniform) = 8 = H0 + KL."
    )
    if any(report.bytes > MOST for _, report, _ in measured):
        click.echo(f"H0 to H3 are of the first {MOST >> 20} MiB of larger files.")
