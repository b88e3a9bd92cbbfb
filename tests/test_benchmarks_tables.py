"""What the documents say is what the CSV files say; and how the tables are made."""

import re
from dataclasses import replace
from pathlib import Path

import click
import pytest

import byte_time
import results
import run
import tables
from results import MISSING, OK, Account, Row

ROWS = results.read(run.ROOT / "benchmarks" / "results.csv", Row)
ACCOUNTS = results.read(run.ROOT / "benchmarks" / "code_lengths.csv", Account)
BLOCKS = tables.blocks(ROWS, ACCOUNTS)
DOCUMENTS = [run.ROOT / "README.md", run.ROOT / "docs" / "benchmarks.md"]


def row(file: str, compressor: str, compressed: int, **changes: object) -> Row:
    plain = Row(
        corpus="texts",
        file=file,
        compressor=compressor,
        version="1",
        repeat=1,
        status=OK,
        bytes=2_000_000,
        compressed=compressed,
        compress_seconds=2.0,
        decompress_seconds=1.0,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents_say_what_the_csv_says(document: Path) -> None:
    text = document.read_text()
    assert "<!-- table:begin -->" in text and "<!-- losses:begin -->" in text
    assert tables.filled(text, BLOCKS) == text, "run: python benchmarks/run.py --report-only"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_changed_measurement_is_seen(document: Path) -> None:
    at = next(k for k, row in enumerate(ROWS) if row.compressor == "xz")
    changed = [*ROWS[:at], replace(ROWS[at], compressed=ROWS[at].compressed + 1), *ROWS[at + 1 :]]
    text = document.read_text()
    assert tables.filled(text, tables.blocks(changed, ACCOUNTS)) != text


def test_the_profile_is_what_its_csv_says() -> None:
    text = byte_time.DOCUMENT.read_text()
    assert "<!-- byte-time:begin -->" in text
    assert tables.filled(text, {"byte-time": byte_time.table()}) == text


def test_every_compressor_was_measured_on_every_file() -> None:
    """No gaps: what was not measured would have a row that says why."""
    found = tables.of_corpora(ROWS)
    files = {(s.first.corpus, s.first.file) for s in found}
    for name in tables.compressors_of(found):
        own = {(s.first.corpus, s.first.file) for s in found if s.first.compressor == name}
        assert own == files, f"{name} lacks {sorted(files - own)[:3]}"


def test_sizes_speeds_and_memory() -> None:
    rows = [
        row("a", "arzip-base", 400_000, compress_peak=100 << 20, decompress_peak=90 << 20),
        row("b", "arzip-base", 600_000, compress_seconds=6.0),
        row("a", "gzip", 900_000),
        row("b", "gzip", 900_000),
    ]
    lines = tables.sizes(rows).split("\n")
    assert lines[2] == "| (original) | 4,000,000 | 4,000,000 |  |  |  |"
    assert lines[3] == "| arzip-base | 1,000,000 | 1,000,000 | 500 | 2,000 | 100 |"
    assert lines[4] == "| gzip | 1,800,000 | 1,800,000 | 1,000 | 2,000 | - |"


def test_the_median_of_repeats_counts() -> None:
    rows = [
        row("a", "x", 9, repeat=k, compress_seconds=s) for k, s in ((1, 9.0), (2, 2.0), (3, 1.0))
    ]
    (summary,) = results.summaries(rows)
    assert summary.compress_seconds == 2.0
    assert summary.spread == 4.0


def test_failures_and_missing_programs_are_in_the_table() -> None:
    rows = [
        row("a", "bad", 0, status="wrong: other bytes came back"),
        row("b", "bad", 5),
        row("a", "gone", 0, status=MISSING),
        row("b", "gone", 0, status=MISSING),
    ]
    text = tables.sizes(rows)
    assert "| bad | 1 of 2 wrong | 1 of 2 wrong |" in text
    assert f"| gone | {MISSING} | {MISSING} | - | - | - |" in text


def test_losses_are_named() -> None:
    rows = [row("a", "arzip-base", 110), row("a", "xz", 100), row("b", "arzip-base", 90)]
    rows += [row("b", "xz", 100), row("a", "gzip", 105), row("b", "arzip-max", 80)]
    text = tables.losses(rows)
    assert text.startswith("For 1 of 2 files")
    assert "| texts/a | 2,000,000 | 110 | 100 | xz | 10.0 % |" in text
    assert tables.losses(rows[2:4]).startswith("No other compressor")


def test_the_model_s_own_size_is_counted() -> None:
    rows = [
        row("a", "arzip-base", 400_000, model_bytes=100_000, package_bytes=20_000),
        row("a", "xz", 600_000, package_bytes=40_000),
    ]
    chunks = [Account("texts", "", "arzip-base", "1", 2048, 1000, 600, 3900.0, 4000.0)]
    text = tables.adjusted(rows, chunks)
    assert "| arzip-base | 20.00 | 25.00 | 26.00 | 60.00 | 50.00 | 55.00 |" in text
    assert "| xz | 30.00 | 30.00 | 32.00 | - | - | - |" in text


def test_beginnings_and_threads_have_tables_of_their_own() -> None:
    rows = [
        row("a", "arzip-swift", 10),
        row("a", "arzip-swift-T2", 10, compress_seconds=1.0),
        row("a-1024", "arzip-swift", 5, corpus=results.PREFIXES),
    ]
    assert "T2" not in tables.sizes(rows) and "prefixes" not in tables.sizes(rows)
    assert "| arzip-swift, texts/a | 1 | 1,000 | 2,000 | - |" in tables.threads(rows)
    assert "| arzip-swift, texts/a | 2 | 2,000 | 2,000 | - |" in tables.threads(rows)


def test_blocks_are_replaced_and_nothing_else() -> None:
    text = "a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb\n"
    made = tables.filled(text, {"x": "new", "y": "unused"})
    assert made == "a\n<!-- x:begin -->\nnew\n<!-- x:end -->\nb\n"
    with pytest.raises(click.ClickException, match="x:begin"):
        tables.filled("<!-- x:begin -->\n", {"x": "new"})


def test_csv_files_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    rows = [row("b", "xz", 5), row("a", "xz", 7, status="failed: it said, no")]
    results.write(path, rows, Row)
    results.append(path, row("c", "xz", 6))
    results.append(path, row("b", "xz", 4))
    assert {r.file: r.compressed for r in results.read(path, Row)} == {"a": 7, "b": 4, "c": 6}
    assert results.read(path, Row)[0].status == "failed: it said, no"
    with pytest.raises(click.ClickException, match="other columns"):
        results.read(path, Account)


def test_charts_are_of_the_committed_csv() -> None:
    source = run.fingerprint(run.ROOT / "benchmarks" / name for name in run.SOURCES)
    charts = sorted((run.ROOT / "docs" / "figures").glob("*"))
    assert {chart.suffix for chart in charts} == {".svg", ".png"}
    assert len(charts) == 2 * len({chart.stem for chart in charts})
    for chart in charts:
        assert source.encode() in chart.read_bytes(), (
            f"{chart.name} is of other data; run: python benchmarks/run.py --report-only"
        )


def test_every_chart_that_is_shown_is_there() -> None:
    for document in DOCUMENTS:
        for link in re.findall(r"!\[[^]]*\]\(([^)]+)\)", document.read_text()):
            assert (document.parent / link).is_file(), f"{document.name} shows {link}"
