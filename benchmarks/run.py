"""Measures arzip beside other compressors; writes tables and charts.

    python benchmarks/run.py --in FOLDER [CORPUS]...

Each CORPUS is a folder, or the name of a folder or archive in one of the folders given by --in; by
default, all corpora there. Each compression and decompression is a process of its own, and the
restored file is compared. Results of these versions that are in the CSV files are not measured
again, so that an interrupted run goes on where it stopped.
"""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

import click

import accounting
import compressors
import corpora
import measuring
import results
import tables
from compressors import Compressor
from measuring import Item, Plan, Terms
from results import Account, Row

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("results.csv", "code_lengths.csv")
"""The sources of tables and charts, in benchmarks/."""

QUIET = 15.0
"""Seconds between two lines of progress."""

PREFIX_SIZES = [1024 * 4**k for k in range(7)]  # 1 KiB to 4 MiB


class Progress:
    """A count of what is done, on standard error, at most every QUIET seconds."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total, self._done = what, total, 0
        self._start = self._last = time.monotonic()

    def step(self, now: str) -> None:
        self._done += 1
        moment = time.monotonic()
        if moment - self._last < QUIET and self._done < self._total:
            return
        self._last = moment
        minutes = (moment - self._start) / 60
        click.echo(
            f"{self._what}: {self._done} of {self._total}, {minutes:.1f} min; {now}", err=True
        )


def items_of(folders: dict[str, Path]) -> list[Item]:
    """Return all files, verified if the corpus is known."""
    return [
        Item(corpus, name, path, path.stat().st_size)
        for corpus, folder in folders.items()
        for name, path in corpora.verified(corpus, folder).items()
    ]


def beginnings(items: Sequence[Item], names: Sequence[str], folder: Path) -> list[Item]:
    """Return the first 1 KiB, 4 KiB, ... 4 MiB of the named files, as files of a corpus."""
    made = []
    for item in items:
        for size in PREFIX_SIZES if item.name in names else []:
            if size < item.size:
                path = folder / f"{item.name}-{size}"
                with item.path.open("rb") as file:
                    path.write_bytes(file.read(size))
                made.append(Item(results.PREFIXES, path.name, path, size))
    return made


def located(
    names: Sequence[str], places: Sequence[Path], *, download: bool, temporary: Path
) -> dict[str, Path]:
    """Return each corpus's folder. Raises click.ClickException for one that is not found."""
    found: dict[str, Path] = {}
    for name in names or corpora.names_in(places):
        if Path(name).is_dir():
            found[Path(name).resolve().name] = Path(name)
            continue
        folder = corpora.find(name, places, temporary)
        if folder is None and download:
            folder = corpora.download(name, places[0] if places else Path("corpora"))
        if folder is None:
            known = ", ".join(corpora.SOURCES)
            raise click.ClickException(
                f"{name}: there is no such corpus in the folders given by --in; "
                f"--download fetches {known}"
            )
        found[name] = folder
    if not found:
        raise click.UsageError("name a corpus, or a folder with corpora by --in")
    return found


def measure(
    items: Sequence[Item], chosen: Sequence[Compressor], table: Path, again: set[str], terms: Terms
) -> None:
    """Make all measurements that the CSV lacks."""
    before = [row for row in results.read(table, Row) if row.compressor not in again]
    versions = {compressor.name: compressor.version for compressor in chosen}
    planned = {(item.corpus, item.name) for item in items}
    kept = [
        row
        for row in before
        if row.compressor not in versions
        or (row.corpus, row.file) not in planned
        or (row.is_ok and row.version == versions[row.compressor])
    ]
    results.write(table, kept, Row)
    plan = Plan(items, chosen, kept, terms)
    if plan.turns:
        measuring.warm_up(turn.compressor for turn in first_of_each(plan))
    progress = Progress("measurements", len(plan.turns))

    def keep(turn: measuring.Turn, row: Row | None) -> None:
        if row is not None:
            results.append(table, row)
            if not row.is_ok:
                click.echo(f"{row.corpus}/{row.file} {row.compressor}: {row.status}", err=True)
        progress.step(f"{turn.item.corpus}/{turn.item.name} {turn.compressor.name}")

    plan.measure(keep)
    results.write(table, results.read(table, Row), Row)


def first_of_each(plan: Plan) -> list[measuring.Turn]:
    return list({turn.compressor.name: turn for turn in plan.turns}.values())


def account(
    items: Sequence[Item], chosen: Sequence[Compressor], table: Path, again: set[str], jobs: int
) -> None:
    """Make all accounts that the CSV lacks."""
    before = [a for a in results.read(table, Account) if a.compressor not in again]
    results.write(table, before, Account)
    work = accounting.jobs(items, chosen, before)
    progress = Progress("code lengths", len(work))

    def keep(made: Account) -> None:
        results.append(table, made)
        progress.step(f"{made.corpus}/{made.file or '*'} {made.compressor}")

    accounting.accounts(work, jobs, keep)
    results.write(table, results.read(table, Account), Account)


def fingerprint(paths: Iterable[Path]) -> str:
    """Return a digest of the files that the charts are made of."""
    state = hashlib.sha256()
    for path in paths:
        state.update(path.read_bytes())
    return state.hexdigest()[:32]


def report(
    table: Path, code_lengths: Path, documents: Sequence[Path], figures: Path | None
) -> list[Row]:
    """Print the tables, put them into the documents, draw the charts; return the rows."""
    rows, accounts = results.read(table, Row), results.read(code_lengths, Account)
    blocks = tables.blocks(rows, accounts)
    for content in blocks.values():
        click.echo(content + "\n")
    for document in documents:
        tables.fill(document, blocks)
    if figures:
        import plots  # only here, so that measuring does not need matplotlib

        plots.draw(rows, accounts, figures, fingerprint([table, code_lengths]))
    return rows


def choose(names: str, commands: Sequence[str]) -> list[Compressor]:
    chosen = [compressors.named(name.strip()) for name in names.split(",") if name.strip()]
    return chosen + [compressors.from_command(text) for text in commands]


@click.command(help=__doc__, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", metavar="[CORPUS]...", nargs=-1)
@click.option(
    "--in",
    "places",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with corpora; may be given several times.",
)
@click.option("--download", is_flag=True, help="Download missing corpora into the first --in.")
@click.option(
    "--compressors",
    "chosen",
    default=",".join(compressors.DEFAULT),
    show_default=True,
    help="Compressors to measure: also arzip-MODEL, and arzip-MODEL-TN for N threads.",
)
@click.option(
    "--command",
    "commands",
    multiple=True,
    metavar="'NAME=COMPRESS {in} {out} :: DECOMPRESS {in} {out}'",
    help="Another compressor; may be given several times.",
)
@click.option("--repeats", type=click.IntRange(min=1), default=Terms.repeats, show_default=True)
@click.option(
    "--repeat-within",
    type=float,
    default=Terms.repeat_within,
    show_default=True,
    metavar="SECONDS",
    help="Do not repeat measurements that take longer.",
)
@click.option("--timeout", type=float, default=Terms.timeout, show_default=True, metavar="SECONDS")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=len(os.sched_getaffinity(0)),
    show_default="cores",
    help="Measurements at the same time, each on a core of its own.",
)
@click.option(
    "--beginnings",
    "files",
    default="dickens,osdb",
    show_default=True,
    help="Files whose beginnings are measured too, from 1 KiB to 4 MiB.",
)
@click.option("--again", default="", metavar="NAMES", help="Measure these compressors again.")
@click.option("--report-only", is_flag=True, help="Measure nothing; write tables and charts.")
@click.option(
    "--csv",
    "table",
    type=click.Path(dir_okay=False, path_type=Path),
    default=ROOT / "benchmarks" / SOURCES[0],
    show_default="benchmarks/results.csv",
)
@click.option(
    "--code-lengths",
    type=click.Path(dir_okay=False, path_type=Path),
    default=ROOT / "benchmarks" / SOURCES[1],
    show_default="benchmarks/code_lengths.csv",
)
@click.option(
    "--document",
    "documents",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=[ROOT / "README.md", ROOT / "docs" / "benchmarks.md"],
    show_default="README.md and docs/benchmarks.md",
    help="A document to put tables into, between their markers.",
)
@click.option(
    "--figures",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "docs" / "figures",
    show_default="docs/figures",
)
@click.option("--no-figures", is_flag=True, help="Draw no charts (they need arzip[bench]).")
def run(
    names: Sequence[str],
    places: Sequence[Path],
    download: bool,
    chosen: str,
    commands: Sequence[str],
    repeats: int,
    repeat_within: float,
    timeout: float,
    jobs: int,
    files: str,
    again: str,
    report_only: bool,
    table: Path,
    code_lengths: Path,
    documents: Sequence[Path],
    figures: Path,
    no_figures: bool,
) -> None:
    wanted = choose(chosen, commands)
    with ExitStack() as stack:
        if not report_only:
            temporary = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="corpora-")))
            items = items_of(located(names, places, download=download, temporary=temporary))
            items += beginnings(items, files.split(","), temporary)
            for compressor in wanted:
                if not compressor.is_installed:
                    click.echo(f"{compressor.name}: {results.MISSING}", err=True)
            terms = Terms(repeats, repeat_within, timeout, jobs)
            measure(items, wanted, table, set(again.split(",")), terms)
            account(items, wanted, code_lengths, set(again.split(",")), jobs)
        rows = report(table, code_lengths, documents, None if no_figures else figures)
    if any(not row.is_ok and row.status != results.MISSING for row in rows):
        raise click.ClickException("some measurements failed; see the rows")


if __name__ == "__main__":
    run()
