"""The time of each part of coding one byte: parts are added one by one, and timed.

    python benchmarks/byte_time.py

writes byte_time.csv and the table in docs/performance.md. A part's time is the time that it adds to
the parts before it; the last line is the coding loop itself. Run it on an otherwise idle machine.
"""

import csv
from pathlib import Path

import click

import parts
import tables

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "benchmarks" / "byte_time.csv"
DOCUMENT = ROOT / "docs" / "performance.md"
WHOLE = "all: the coding loop"


def measured(size: int, repeats: int) -> list[tuple[str, float]]:
    """Return the microseconds a byte that each part adds, and those of the whole.

    Raises click.ClickException if the parts no longer do the same as coding.
    """
    about = parts.subject(size)
    if not parts.is_faithful(about):
        raise click.ClickException(
            "parts.py no longer does the same as coding.py: correct it first"
        )
    found, so_far, before = [], 0, 0.0
    for name, part in parts.PARTS.items():
        so_far |= part
        spent = parts.seconds(about, so_far, repeats)
        found.append((name, 1e6 * (spent - before) / about.data.size))
        before = spent
    found.append((WHOLE, 1e6 * parts.seconds(about, None, repeats) / about.data.size))
    return found


def table() -> str:
    """Return the CSV as a table in Markdown."""
    with TABLE.open(newline="") as file:
        found = [(line["part"], float(line["microseconds"])) for line in csv.DictReader(file)]
    whole = dict(found)[WHOLE]
    head = ["part of the step", "microseconds a byte", "of the whole"]
    lines = [[name, f"{spent:.2f}", f"{100 * spent / whole:.0f} %"] for name, spent in found]
    return tables.markdown([head, *lines])


@click.command(help=__doc__)
@click.option("--size", default=1 << 17, show_default=True, help="Bytes of text.")
@click.option("--repeats", default=5, show_default=True)
def run(size: int, repeats: int) -> None:
    found = measured(size, repeats)
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["part", "microseconds"])
        writer.writerows((name, f"{spent:.3f}") for name, spent in found)
    click.echo(table())
    tables.fill(DOCUMENT, {"byte-time": table()})


if __name__ == "__main__":
    run()
