"""`arzip recover`: what is written, what is said, and the exit status."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import Counts

import arzip
from arzip.cli.group import cli
from arzip.format.locate import locate

TEXT = b"".join(b"%d green bottles hanging on the wall\n" % n for n in range(300))
SEGMENT = 4000


@pytest.fixture
def damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive of three segments, with a bit changed in the second."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ARZIP_OPT", raising=False)
    with arzip.open("text.arz", "wb", model="swift", segment_size=SEGMENT) as file:
        file.write(TEXT)
    packed = bytearray(Path("text.arz").read_bytes())
    found = locate(lambda at, size: bytes(packed[at : at + size]), len(packed))
    packed[found[1].body + 10] ^= 1
    Path("text.arz").write_bytes(packed)
    return Path("text.arz")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def test_what_is_lost_is_left_out_and_named(damaged: Path) -> None:
    result = run("recover", "text.arz", "-o", "text")
    assert result.exit_code == 2
    assert Path("text").read_bytes() == TEXT[:SEGMENT] + TEXT[2 * SEGMENT :]
    assert result.stderr.startswith("arzip: text.arz: lost bytes 4,000 to 8,000 of the data at ")
    assert "segment 2 is damaged" in result.stderr
    assert result.stderr.count("\n") == 1


def test_what_is_lost_is_filled(damaged: Path) -> None:
    assert run("recover", "--fill", "text.arz", "-o", "text").exit_code == 2
    assert Path("text").read_bytes() == TEXT[:SEGMENT] + bytes(SEGMENT) + TEXT[2 * SEGMENT :]


def test_a_whole_file(damaged: Path) -> None:
    damaged.write_bytes(arzip.compress(TEXT, model="swift"))
    result = run("recover", "-v", "text.arz", "-o", "text")
    assert result.exit_code == 0
    assert result.stderr == f"arzip: text.arz: {len(TEXT):,} bytes recovered\n"
    assert Path("text").read_bytes() == TEXT
    again = run("recover", "text.arz", "-o", "text")
    assert again.exit_code == 1
    assert "exists; use -f" in again.stderr


def test_nothing_to_be_had_leaves_no_file(damaged: Path) -> None:
    damaged.write_bytes(b"what is this")
    result = run("recover", "text.arz", "-o", "text")
    assert result.exit_code == 1
    assert "nothing can be recovered" in result.stderr
    assert not Path("text").exists()


def test_nothing_was_lost_of_nothing(damaged: Path) -> None:
    damaged.write_bytes(arzip.compress(b""))
    assert run("recover", "text.arz", "-o", "text").exit_code == 0
    assert Path("text").read_bytes() == b""


def test_a_lost_index_is_no_loss(damaged: Path) -> None:
    with arzip.open("text.arz", "wb", model="swift", segment_size=SEGMENT) as file:
        file.write(TEXT)
    damaged.write_bytes(damaged.read_bytes()[:-10])
    result = run("recover", "text.arz", "-o", "text")
    assert result.exit_code == 0
    assert "nothing lost" in result.stderr
    assert Path("text").read_bytes() == TEXT


def test_a_model_that_is_not_there_is_all_that_is_wrong(damaged: Path) -> None:
    with arzip.open("text.arz", "wb", model=Counts(), segment_size=SEGMENT) as file:
        file.write(TEXT)
    result = run("recover", "text.arz", "-o", "text")
    assert result.exit_code == 1
    lost, nothing = result.stderr.splitlines()
    assert lost.startswith("arzip: text.arz: lost bytes 0 to 4,000 of the data")
    assert nothing.startswith("arzip: text.arz: nothing can be recovered: made with a model")
    assert "unverified" not in result.stderr
    assert not Path("text").exists()


def test_the_damaged_file_is_not_replaced(damaged: Path) -> None:
    before = damaged.read_bytes()
    assert run("recover", "-f", "text.arz", "-o", "text.arz").exit_code == 1
    assert damaged.read_bytes() == before


def test_limits(damaged: Path) -> None:
    result = run("recover", "text.arz", "-o", "text", "--max-size", "5000")
    assert result.exit_code == 1
    assert "larger than the limit" in result.stderr
    assert not Path("text").exists()


def test_what_is_left_of_a_lost_segment(damaged: Path) -> None:
    """Of three segments the second is damaged; of the one of another file the end is missing."""
    result = run("recover", "-v", "--unverified", "text.arz", "-o", "text")
    assert result.exit_code == 2
    warning, note = result.stderr.splitlines()
    assert warning.startswith("arzip: text.arz: unverified bytes 4,000 to ")
    assert "stop making sense" in warning
    left = int(note.split()[-4].replace(",", ""))
    verified = len(TEXT) - SEGMENT
    assert (
        note == f"arzip: text.arz: {verified:,} bytes recovered, and {left:,} that are unverified"
    )
    found = Path("text").read_bytes()
    assert len(found) == verified + left
    assert found.startswith(TEXT[:SEGMENT])
    assert found.endswith(TEXT[2 * SEGMENT :])


def test_what_is_left_of_a_file_that_was_cut(damaged: Path) -> None:
    packed = arzip.compress(TEXT, model="swift")
    damaged.write_bytes(packed[: len(packed) // 2])
    refused = run("recover", "text.arz", "-o", "text")
    assert refused.exit_code == 1
    assert "the file ends early" in refused.stderr
    assert "--unverified writes" in refused.stderr
    result = run("recover", "--unverified", "text.arz", "-o", "text")
    assert result.exit_code == 2
    found = Path("text").read_bytes()
    assert len(found) > 500
    assert TEXT.startswith(found)
    assert result.stderr == (
        f"arzip: text.arz: unverified bytes 0 to {len(found):,} of the data: right if nothing of "
        f"the file before that was changed, which nothing tells; lost bytes {len(found):,} to "
        f"{len(TEXT):,} of the data at bytes 0 to {len(packed) // 2:,} of the file: the file ends "
        "early: it was cut off, or its transfer did not finish\n"
    )
    assert run("recover", "-f", "--fill", "--unverified", "text.arz", "-o", "text").exit_code == 2
    assert Path("text").read_bytes() == found + bytes(len(TEXT) - len(found))


def test_zeros_after_the_last_frame_are_no_damage(damaged: Path) -> None:
    damaged.write_bytes(arzip.compress(TEXT, model="swift") + bytes(512))
    for arguments in (
        ["recover", "text.arz", "-o", "text"],
        ["-t", "text.arz"],
        ["list", "text.arz"],
    ):
        result = run(*arguments)
        assert (result.exit_code, result.stderr) == (0, "")
    assert Path("text").read_bytes() == TEXT
