"""Size and speed of arzip beside other compressors, file by file, with every round trip compared.

    python benchmarks/compare.py FOLDER... --readme README.md --csv results.csv

Each compression and decompression is a process of its own, measured from its start to its end. A
tool that is missing or fails gets rows that say so. Compiling arzip's models for the machine, done
once per machine, happens before anything is measured.
"""

import csv
import filecmp
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import click

BEGIN, END = "<!-- table:begin -->", "<!-- table:end -->"
MIB = 1 << 20
OK, MISSING = "ok", "not installed"

Command = Callable[[Path, Path, int], list[str]]
"""From input, output and the original's size to a command line. What it prints is the output, if it
makes no file of that name itself."""


@dataclass(frozen=True)
class Tool:
    """A compressor: how to call it and how the table describes it."""

    name: str
    description: str
    compress: Command
    decompress: Command

    @property
    def is_installed(self) -> bool:
        return shutil.which(self.compress(Path("x"), Path("y"), 0)[0]) is not None


@dataclass(frozen=True)
class Row:
    """One tool on one file: a line of the CSV."""

    folder: str
    file: str
    tool: str
    status: str  # OK, or what went wrong
    bytes: int
    compressed: int = 0
    bits_per_byte: float = 0.0
    compress_seconds: float = 0.0
    decompress_seconds: float = 0.0


def filter_tool(name: str, program: Sequence[str], options: str, restoring: str = "") -> Tool:
    """A tool that reads a file and writes standard output, as gzip does."""
    return Tool(
        name,
        f"{name.partition('-')[0]} {options}",
        lambda source, packed, size: [*program, *options.split(), "-c", str(source)],
        lambda packed, restored, size: [*program, "-d", *restoring.split(), "-c", str(packed)],
    )


def bzip3_in_one_block(source: Path, packed: Path, size: int) -> list[str]:
    block = min(511, max(16, -(-size // MIB)))
    return ["bzip3", "-e", "-b", str(block), "-c", str(source)]


def known_tools() -> dict[str, Tool]:
    """All that can be compared, by name, but for arzip-MODEL."""
    tools = [
        filter_tool("gzip", ["gzip"], "-9"),
        filter_tool("bzip2", ["bzip2"], "-9"),
        filter_tool("xz", ["xz"], "-9e -T1", "-T1"),
        filter_tool("zstd", ["zstd"], "--ultra -22 --long=27", "--long=27"),
        filter_tool("brotli", ["brotli"], "-q 11 -w 24"),
        Tool(
            "bzip3",
            "bzip3 -b (16 MiB or the file)",
            bzip3_in_one_block,
            lambda packed, restored, size: ["bzip3", "-d", "-c", str(packed)],
        ),
        Tool(
            "ppmd",
            "7z PPMd o=16 mem=256m",
            lambda source, packed, size: [
                *("7z", "a", "-bd", "-bso0", "-bsp0", "-t7z", "-m0=PPMd:o=16:mem=256m", "-mmt=1"),
                *("--", str(packed), str(source)),
            ],
            lambda packed, restored, size: ["7z", "x", "-so", "--", str(packed)],
        ),
        Tool(
            "zpaq",
            "zpaq -m5",
            lambda source, packed, size: ["zpaq", "add", str(packed), str(source), "-m5", "-t1"],
            lambda packed, restored, size: [
                *("zpaq", "extract", str(packed), packed.stem, "-to", str(restored), "-t1"),
            ],
        ),
    ]
    return {tool.name: tool for tool in tools}


def tool_named(name: str) -> Tool:
    """Raises: click.BadParameter."""
    if name.startswith("arzip-"):
        program = [sys.executable, "-m", "arzip", "-q"]
        return filter_tool(name, program, f"-m {name.removeprefix('arzip-')}")
    try:
        return known_tools()[name]
    except KeyError:
        names = ", ".join(["arzip-MODEL", *known_tools()])
        raise click.BadParameter(f"{name!r} is none of {names}") from None


def timed(command: list[str], output: Path) -> float:
    """Run the command, its output going to the file unless it makes that itself.

    Returns seconds. Raises: subprocess.CalledProcessError with what it said.
    """
    captured = output.with_name(output.name + ".stdout")
    with captured.open("wb") as stdout:
        start = time.perf_counter()
        # From there, because archivers keep the names that they are given.
        subprocess.run(
            command, cwd=output.parent, stdout=stdout, stderr=subprocess.PIPE, check=True
        )
        seconds = time.perf_counter() - start
    if not output.exists():
        captured.rename(output)
    return seconds


def measure(tool: Tool, folder: Path, path: Path) -> Row:
    """Compress and restore one file with one tool."""
    size = path.stat().st_size
    file = str(path.relative_to(folder))

    def failed(why: str) -> Row:
        return Row(folder.name, file, tool.name, " ".join(why.split()), size)

    if not tool.is_installed:
        return failed(MISSING)
    with tempfile.TemporaryDirectory(prefix="compare-") as temporary:
        here = Path(temporary)
        source, packed, restored = Path("data"), Path(f"data.{tool.name}"), Path("restored")
        shutil.copyfile(path, here / source)
        try:
            compress_seconds = timed(tool.compress(source, packed, size), here / packed)
            decompress_seconds = timed(tool.decompress(packed, restored, size), here / restored)
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip().splitlines()
            return failed(f"failed: {said[-1] if said else error}")
        if not filecmp.cmp(here / source, here / restored, shallow=False):
            return failed("wrong: the round trip differs")
        compressed = (here / packed).stat().st_size
    return Row(
        folder.name,
        file,
        tool.name,
        OK,
        size,
        compressed,
        round(8 * compressed / size, 5) if size else 0.0,
        round(compress_seconds, 4),
        round(decompress_seconds, 4),
    )


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def sums(rows: Iterable[Row]) -> str:
    """What all files came to, as a cell of the table."""
    rows = list(rows)
    problems = [row.status for row in rows if row.status != OK]
    if set(problems) == {MISSING}:
        return MISSING
    if problems:
        return f"{len(problems)} of {len(rows)} failed"
    return f"{sum(row.compressed for row in rows):,}"


def speed(rows: Sequence[Row], seconds: Callable[[Row], float]) -> str:
    """Bytes of the original a second, over all files, in KB/s."""
    good = [row for row in rows if row.status == OK]
    spent = sum(map(seconds, good))
    return f"{sum(row.bytes for row in good) / 1000 / spent:,.0f}" if spent else "-"


def markdown_table(rows: Sequence[Row], tools: Sequence[Tool]) -> str:
    """Bytes per folder and speeds over all, a line for each tool."""
    folders = list(dict.fromkeys(row.folder for row in rows))
    head = ["", *folders, "all", "compress KB/s", "decompress KB/s"]
    originals = {(row.folder, row.file): row.bytes for row in rows}
    of_folder = [
        sum(size for (name, _), size in originals.items() if name == folder) for folder in folders
    ]
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    lines.append(["(original)", *(f"{n:,}" for n in [*of_folder, sum(of_folder)]), "", ""])
    for tool in tools:
        own = [row for row in rows if row.tool == tool.name]
        cells = [sums(row for row in own if row.folder == folder) for folder in folders]
        cells += [
            sums(own),
            speed(own, lambda row: row.compress_seconds),
            speed(own, lambda row: row.decompress_seconds),
        ]
        lines.append([tool.description, *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def put_between_markers(readme: Path, text: str) -> None:
    """Raises: click.ClickException if the file lacks the markers."""
    before, begin, rest = readme.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise click.ClickException(f"{readme}: lacks {BEGIN} and {END}")
    readme.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def rows_of_others(csv_file: Path, measured: Sequence[str]) -> list[Row]:
    """What an earlier run wrote of the tools that are not measured now."""
    if not csv_file.exists():
        return []
    with csv_file.open(newline="") as file:
        found = list(csv.DictReader(file))
    kinds = {field.name: field.type for field in fields(Row)}
    return [
        Row(**{name: kinds[name](value) for name, value in row.items()})
        for row in found
        if row["tool"] not in measured
    ]


def warm_up(tools: Iterable[Tool]) -> None:
    """Have arzip's models compiled before anything is measured."""
    for tool in tools:
        if tool.name.startswith("arzip-"):
            with tempfile.TemporaryDirectory(prefix="compare-") as temporary:
                folder = Path(temporary)
                folder.joinpath("data").write_bytes(b"warm up, twice: " * 100)
                measure(tool, folder, folder / "data")


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.argument(
    "folders",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option(
    "--tools",
    "names",
    default=",".join(["arzip-swift", *known_tools()]),
    show_default=True,
    help="What to compare; arzip-MODEL for each of arzip's models.",
)
@click.option(
    "--readme",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Put the table there, between its markers.",
)
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a line for each file and tool there.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Measurements at a time; speeds are only worth stating for 1.",
)
@click.option("--add", is_flag=True, help="Keep what the CSV has of other tools.")
def compare(
    folders: Sequence[Path],
    names: str,
    readme: Path | None,
    csv_file: Path | None,
    jobs: int,
    add: bool,
) -> None:
    tools = [tool_named(name) for name in names.split(",")]
    work = [
        (tool, folder.resolve(), path)
        for folder in folders
        for path in files_in(folder.resolve())
        for tool in tools
    ]
    warm_up(tools)
    rows = rows_of_others(csv_file, names.split(",")) if add and csv_file else []
    tools += [tool_named(name) for name in dict.fromkeys(row.tool for row in rows)]
    with ThreadPoolExecutor(jobs) as pool:
        for row in pool.map(lambda job: measure(*job), work):
            rows.append(row)
            outcome = f"{row.compressed:,}" if row.status == OK else row.status
            click.echo(f"{row.folder}/{row.file} {row.tool}: {outcome}", err=True)
    if csv_file:
        with csv_file.open("w", newline="") as file:
            writer = csv.DictWriter(file, [field.name for field in fields(Row)])
            writer.writeheader()
            writer.writerows(asdict(row) for row in rows)
    # Where somebody keeps the folders is nobody else's business.
    made_by = ["python", "benchmarks/compare.py", *(folder.resolve().name for folder in folders)]
    made_by += ["--tools", ",".join(tool.name for tool in tools)]
    made_by += ["--csv", "benchmarks/results.csv", "--readme", "README.md"]
    table = f"{markdown_table(rows, tools)}\n\nMade by `{shlex.join(made_by)}`."
    click.echo(table)
    if readme:
        put_between_markers(readme, table)
    if any(row.status not in (OK, MISSING) for row in rows):
        raise click.ClickException("some round trips failed; see the rows")


if __name__ == "__main__":
    compare()
