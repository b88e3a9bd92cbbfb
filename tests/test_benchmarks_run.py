"""`benchmarks/run.py` from its arguments to its documents, and what it refuses."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import accounting
import compressors
import results
import run
from measuring import Item
from results import Account, Row

TEXT = b"It was the best of times, it was the worst of times; " * 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Has a corpus `mine` of two files, in `in`, and a document."""
    (tmp_path / "in" / "mine").mkdir(parents=True)
    (tmp_path / "in" / "mine" / "text").write_bytes(TEXT)
    (tmp_path / "in" / "mine" / "empty").write_bytes(b"")
    (tmp_path / "doc.md").write_text("<!-- table:begin -->\n<!-- table:end -->\n")
    return tmp_path


def invoke(folder: Path, *arguments: str) -> Result:
    places = ["--in", str(folder / "in"), "--csv", str(folder / "r.csv")]
    places += ["--code-lengths", str(folder / "c.csv"), "--document", str(folder / "doc.md")]
    options = ["--no-figures", "--repeats", "1", "--jobs", "1"]
    return CliRunner().invoke(run.run, [*places, *options, *arguments])


def test_measures_and_fills_the_document(folder: Path) -> None:
    result = invoke(folder, "--compressors", "gzip,bzip2", "--beginnings", "text")
    assert result.exit_code == 0, result.output
    rows = results.read(folder / "r.csv", Row)
    assert {(row.file, row.compressor) for row in rows} == {
        (file, name) for file in ("text", "empty", "text-1024") for name in ("gzip", "bzip2")
    }
    document = (folder / "doc.md").read_text()
    assert f"| (original) | {len(TEXT):,} |" in document
    assert "| gzip | " in result.output and "| gzip | " in document


def test_goes_on_where_it_was(folder: Path) -> None:
    invoke(folder, "mine", "--compressors", "gzip")
    before = (folder / "r.csv").read_text()
    result = invoke(folder, "mine", "--compressors", "gzip,bzip2")
    assert "measurements: 2 of 2" in result.output
    rows = results.read(folder / "r.csv", Row)
    assert {row.compressor for row in rows} == {"gzip", "bzip2"}
    assert set(before.split()) <= set((folder / "r.csv").read_text().split())
    again = invoke(folder, "mine", "--compressors", "gzip", "--again", "gzip")
    assert "measurements: 2 of 2" in again.output
    assert {row.compressor for row in results.read(folder / "r.csv", Row)} == {"gzip", "bzip2"}


def test_other_bytes_are_a_row_and_an_error(folder: Path) -> None:
    wrong = "wrong=cp {in} {out} :: head -c 1 {in}"
    result = invoke(folder, "mine", "--compressors", "gzip", "--command", wrong)
    assert result.exit_code == 1
    assert "some measurements failed" in result.output
    statuses = {
        row.file: row.status
        for row in results.read(folder / "r.csv", Row)
        if row.compressor == "wrong"
    }
    assert statuses == {"text": "wrong: other bytes came back", "empty": "ok"}
    assert "| wrong | 1 of 2 wrong |" in (folder / "doc.md").read_text()


def test_a_missing_program_is_a_row_and_no_error(folder: Path) -> None:
    gone = "gone=/no/such/program {in} :: /no/such/program {in}"
    result = invoke(folder, "mine", "--compressors", "gzip", "--command", gone)
    assert result.exit_code == 0
    assert "gone: not installed" in result.output
    assert "| gone | not installed |" in (folder / "doc.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere"], "nowhere: there is no such corpus"),
        (["--compressors", "nothing"], "'nothing' is none of"),
        (["--command", "x"], "NAME=COMPRESS"),
    ],
)
def test_refusals(folder: Path, arguments: list[str], says: str) -> None:
    result = invoke(folder, *arguments)
    assert result.exit_code != 0
    assert says in result.output


def test_accounts_of_chunks_and_whole_files(folder: Path) -> None:
    path = folder / "in" / "mine" / "text"
    item = Item("mine", "text", path, len(TEXT))
    work = accounting.jobs([item], [compressors.named("arzip-swift")], [])
    made = {job.key[1:]: accounting.account(job) for job in work}
    whole, chunks = made["text", "arzip-swift", 0], made["", "arzip-swift", accounting.CHUNK]
    assert whole.bytes == chunks.bytes == len(TEXT)
    # A number in the last interval may be a byte shorter than its width asks for, by chance.
    assert 0 < whole.model_bits < whole.payload_bits + 8 < 8 * whole.compressed
    assert chunks.payload_bits > whole.payload_bits  # each chunk starts anew
    assert (
        made["", "lzma2", accounting.CHUNK].compressed < made["", "xz", accounting.CHUNK].compressed
    )
    assert accounting.jobs([item], [compressors.named("arzip-swift")], list(made.values())) == []


def test_chunks_are_evenly_spread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounting, "MOST_CHUNKS", 4)
    path = tmp_path / "numbers"
    path.write_bytes(b"".join(bytes([k]) * accounting.CHUNK for k in range(10)) + b"end")
    chunks = accounting.chunks_of([path])
    assert [chunk[0] for chunk in chunks] == [0, 2, 5, 8]
    monkeypatch.setattr(accounting, "MOST_CHUNKS", 99)
    assert b"".join(accounting.chunks_of([path])) == path.read_bytes()


def test_an_account_keeps_its_numbers(tmp_path: Path) -> None:
    account = Account("mine", "", "x", "1", 2048, 10, 9, 70.25, 72.0)
    results.write(tmp_path / "c.csv", [account], Account)
    assert results.read(tmp_path / "c.csv", Account) == [account]
