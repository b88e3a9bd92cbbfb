"""The benchmark's tables in Markdown, made from the CSV files alone, and their places in documents.

In a document, block NAME is between the lines `<!-- NAME:begin -->` and `<!-- NAME:end -->`. CI
makes all blocks again and compares.
"""

import re
import statistics
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click

from results import MISSING, PREFIXES, Account, Row, Summary, summaries

MAIN = "arzip-base"

LARGE, SMALL = 1_000_000, 65_536
MIB = 1 << 20

Cells = Sequence[Sequence[str]]


def markdown(lines: Cells) -> str:
    """Return a table. The first line is its head; all columns but the first are numbers."""
    rule = ["---", *["---:"] * (len(lines[0]) - 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in [lines[0], rule, *lines[1:]])


def of_corpora(rows: Iterable[Row]) -> list[Summary]:
    """Return what tables count: whole files, and compressors that were measured on all files."""
    return [
        summary
        for summary in summaries([row for row in rows if row.corpus != PREFIXES])
        if not _has_threads(summary.first.compressor)
    ]


def _has_threads(compressor: str) -> bool:
    return re.search(r"-T\d+$", compressor) is not None


def corpora_of(found: Sequence[Summary]) -> list[str]:
    return list(dict.fromkeys(summary.first.corpus for summary in found))


def is_ours(name: str) -> bool:
    """Return whether it is arzip, with whatever model."""
    return name.startswith("arzip-")


def compressors_of(found: Sequence[Summary]) -> list[str]:
    """Return the names: arzip's models, then the others, each by total size from the least."""
    names = dict.fromkeys(summary.first.compressor for summary in found)

    def rank(name: str) -> tuple[bool, bool, float]:
        own = [summary for summary in found if summary.first.compressor == name]
        total = sum(summary.first.compressed for summary in own)
        fails = not all(summary.is_ok for summary in own)
        return (not is_ours(name), fails, total)

    return sorted(names, key=rank)


def total(found: Iterable[Summary], files: int) -> str:
    """Return the bytes of all files, or how many failed and why; "-" if fewer than `files`."""
    found = list(found)
    if len(found) < files:
        return "-"
    problems = [summary.first.status for summary in found if not summary.is_ok]
    if problems and set(problems) == {MISSING}:
        return MISSING
    if problems:
        return f"{len(problems)} of {len(found)} {problems[0].partition(':')[0]}"
    return f"{sum(summary.first.compressed for summary in found):,}"


def speed(found: Iterable[Summary], seconds: Callable[[Summary], float]) -> str:
    """Return KB/s over large files, where start-up does not matter; over all if none is large."""
    good = [summary for summary in found if summary.is_ok]
    good = [summary for summary in good if summary.first.bytes >= LARGE] or good
    spent = sum(map(seconds, good))
    return f"{sum(summary.first.bytes for summary in good) / 1000 / spent:,.0f}" if spent else "-"


def peak(found: Iterable[Summary]) -> str:
    """Return the most MiB that any file took in either direction."""
    peaks = [
        max(summary.first.compress_peak, summary.first.decompress_peak)
        for summary in found
        if summary.is_ok
    ]
    return f"{max(peaks) / MIB:,.0f}" if any(peaks) else "-"


def sizes(rows: Sequence[Row]) -> str:
    """Return bytes by corpus, speeds and memory: a line for each compressor."""
    found = of_corpora(rows)
    corpora = corpora_of(found)
    files = {(summary.first.corpus, summary.first.file): summary.first.bytes for summary in found}
    inside = {
        corpus: [size for (name, _), size in files.items() if name == corpus] for corpus in corpora
    }
    originals = [sum(inside[corpus]) for corpus in corpora]
    head = ["", *corpora, "all", "compress KB/s", "decompress KB/s", "peak MiB"]
    lines = [head, ["(original)", *(f"{n:,}" for n in [*originals, sum(originals)]), "", "", ""]]
    for name in compressors_of(found):
        own = [summary for summary in found if summary.first.compressor == name]
        lines.append(
            [
                name,
                *(
                    total((s for s in own if s.first.corpus == corpus), len(inside[corpus]))
                    for corpus in corpora
                ),
                total(own, len(files)),
                speed(own, lambda summary: summary.compress_seconds),
                speed(own, lambda summary: summary.decompress_seconds),
                peak(own),
            ]
        )
    return markdown(lines)


def losses(rows: Sequence[Row]) -> str:
    """Return the files of which another program makes a smaller one than arzip's default model."""
    found = [summary for summary in of_corpora(rows) if summary.is_ok]
    best: dict[tuple[str, str], Summary] = {}
    ours: dict[tuple[str, str], int] = {}
    for summary in found:
        key = (summary.first.corpus, summary.first.file)
        if summary.first.compressor == MAIN:
            ours[key] = summary.first.compressed
        elif is_ours(summary.first.compressor):
            continue
        elif key not in best or summary.first.compressed < best[key].first.compressed:
            best[key] = summary
    lost = [key for key in ours if key in best and best[key].first.compressed < ours[key]]
    head = ["file", "bytes", MAIN, "smallest", "", "arzip larger by"]
    lines = [head] + [
        [
            f"{key[0]}/{key[1]}",
            f"{best[key].first.bytes:,}",
            f"{ours[key]:,}",
            f"{best[key].first.compressed:,}",
            best[key].first.compressor,
            f"{100 * ours[key] / best[key].first.compressed - 100:.1f} %",
        ]
        for key in lost
    ]
    if not lost:
        return f"No other compressor makes a smaller file of any of {len(ours)}."
    says = f"For {len(lost)} of {len(ours)} files another compressor makes a smaller one"
    return f"{says}:\n\n{markdown(lines)}"


def speeds_beside(rows: Sequence[Row]) -> str:
    """Return how many times faster others are, the cost of starting, the spread of repeats."""
    found = [summary for summary in of_corpora(rows) if summary.is_ok]
    repeated = any(summary.spread for summary in found)
    head = [
        "",
        f"compresses, times `{MAIN}`",
        "decompresses, times",
        "seconds for a file under 64 KB",
        *(["repeats differ by"] if repeated else []),
    ]
    main = [summary for summary in found if summary.first.compressor == MAIN]
    lines = [head]
    for name in compressors_of(found):
        own = [summary for summary in found if summary.first.compressor == name]
        short = [s.compress_seconds for s in own if s.first.bytes < SMALL]
        spreads = [summary.spread for summary in own if summary.spread]
        lines.append(
            [
                name,
                _times(own, main, lambda summary: summary.compress_seconds),
                _times(own, main, lambda summary: summary.decompress_seconds),
                f"{statistics.median(short):.3f}" if short else "-",
                *(
                    [f"{100 * statistics.median(spreads):.0f} %" if spreads else "-"]
                    if repeated
                    else []
                ),
            ]
        )
    return markdown(lines)


def _times(
    own: Sequence[Summary], main: Sequence[Summary], seconds: Callable[[Summary], float]
) -> str:
    """Return how many times as fast it is, over the large files that both have."""
    paired = [
        (seconds(mine), seconds(other))
        for mine in own
        for other in main
        if (mine.first.corpus, mine.first.file) == (other.first.corpus, other.first.file)
        and mine.first.bytes >= LARGE
    ]
    spent = sum(mine for mine, _ in paired)
    return f"{sum(other for _, other in paired) / spent:,.1f}" if spent else "-"


def small_files(rows: Sequence[Row]) -> str:
    """Return how much arzip saves on files under 64 KB, against each other compressor."""
    found = [summary for summary in of_corpora(rows) if summary.first.corpus == "small"]
    sums = {
        name: sum(s.first.compressed for s in found if s.first.compressor == name)
        for name in compressors_of(found)
        if all(s.is_ok for s in found if s.first.compressor == name)
    }
    if MAIN not in sums:
        return f"No rows of `{MAIN}` on the corpus `small`."
    files = {(s.first.file, s.first.bytes) for s in found}
    saved = [
        f"{name} by {100 - 100 * sums[MAIN] / size:.0f} %"
        for name, size in sums.items()
        if not is_ours(name)
    ]
    size = sum(size for _, size in files)
    return (
        f"On {len(files)} files under 64 KB of text and code ({size:,} bytes) that no model was "
        f"trained on, `{MAIN}` is smaller than {', '.join(saved)}."
    )


def threads(rows: Sequence[Row]) -> str:
    """Return compressors with several threads beside one thread, on files of several segments."""
    found = [summary for summary in summaries(rows) if summary.is_ok]
    lines = [["file", "threads", "compress KB/s", "decompress KB/s", "peak MiB"]]
    for wide in found:
        if not _has_threads(wide.first.compressor):
            continue
        plain, _, count = wide.first.compressor.rpartition("-T")
        narrow = [(summary, "1") for summary in found if _is_beside(summary, wide, plain)]
        for summary, label in [*narrow, (wide, count)]:
            lines.append(
                [
                    f"{plain}, {summary.first.corpus}/{summary.first.file}",
                    label,
                    speed([summary], lambda summary: summary.compress_seconds),
                    speed([summary], lambda summary: summary.decompress_seconds),
                    peak([summary]),
                ]
            )
    return markdown(lines) if len(lines) > 1 else "No file of several segments was measured."


def _is_beside(summary: Summary, wide: Summary, plain: str) -> bool:
    first, other = summary.first, wide.first
    return first.compressor == plain and (first.corpus, first.file) == (other.corpus, other.file)


def adjusted(rows: Sequence[Row], accounts: Sequence[Account]) -> str:
    """Return per cent of the raw size, over all corpora, for whole files and chunks of 2,048 bytes.

    Each is given alone, with the model's size added, and with the decoder's size added too.
    """
    found = of_corpora(rows)
    raw = sum({(s.first.corpus, s.first.file): s.first.bytes for s in found}.values())
    head = [
        "per cent of the raw size",
        "whole files",
        "and the model",
        "and the decoder",
        "chunks of 2,048",
        "chunks, code length alone",
        "and the model",
    ]
    lines = [head]
    for name in [*compressors_of(found), "lzma2"]:
        own = [s for s in found if s.first.compressor == name]
        chunks = [a for a in accounts if a.compressor == name and a.chunk and a.corpus != PREFIXES]
        whole = whole_rates(own, raw)
        model = own[0].first.model_bytes if own else 0
        if chunks or own:
            lines.append([name, *whole, *chunk_rates(chunks, model, raw)])
    return markdown(lines)


def whole_rates(own: Sequence[Summary], raw: int) -> list[str]:
    if not own or not all(summary.is_ok for summary in own):
        return ["-"] * 3
    compressed = sum(summary.first.compressed for summary in own)
    model, package = own[0].first.model_bytes, own[0].first.package_bytes
    decoder = percent(compressed + model + package, raw) if package else "-"
    return [percent(compressed, raw), percent(compressed + model, raw), decoder]


def chunk_rates(chunks: Sequence[Account], model: int, raw: int) -> list[str]:
    """Return the rates of chunks. A corpus counts by the size of its chunks, not by its own."""
    if not chunks:
        return ["-"] * 3
    size = sum(chunk.bytes for chunk in chunks)
    framed = sum(chunk.compressed for chunk in chunks)
    bits = sum(chunk.payload_bits for chunk in chunks)
    if not bits:
        return [percent(framed, size), "-", "-"]
    return [
        percent(framed, size),
        percent(bits / 8, size),
        f"{100 * (bits / 8 / size + model / raw):.2f}",
    ]


def percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.2f}" if whole else "-"


def blocks(rows: Sequence[Row], accounts: Sequence[Account]) -> dict[str, str]:
    """Return all blocks by name."""
    return {
        "table": sizes(rows),
        "losses": losses(rows),
        "speeds": speeds_beside(rows),
        "small": small_files(rows),
        "threads": threads(rows),
        "adjusted": adjusted(rows, accounts),
    }


def filled(text: str, made: dict[str, str]) -> str:
    """Return the document's text with its blocks replaced.

    Raises click.ClickException for a block that is not closed.
    """
    for name, content in made.items():
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        if begin not in text:
            continue
        before, _, rest = text.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise click.ClickException(f"{begin} has no {end}")
        text = f"{before}{begin}\n{content}\n{end}{after}"
    return text


def fill(document: Path, made: dict[str, str]) -> None:
    document.write_text(filled(document.read_text(), made))
