"""`arzip bench`: sizes and speeds beside other compressors, every round trip compared."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import arzip
from arzip.cli.commands import bench
from arzip.cli.group import cli
from arzip.cli.messages import Reporter
from arzip.cli.progress import Meter

TEXT = b"".join(b"%d bottles of beer on the wall\n" % n for n in range(99, 0, -1))


@pytest.fixture
def text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file named `text` in the current directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ARZIP_OPT", raising=False)
    (tmp_path / "text").write_bytes(TEXT)
    return tmp_path / "text"


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """Has the models compiled, so that no test meets the message about it."""
    for model in ("fast", "swift", "base", "max"):
        arzip.decompress(arzip.compress(TEXT, model=model))


def run(*arguments: str, input: bytes = b"") -> Result:
    return CliRunner().invoke(cli, ["bench", *arguments], input=input)


@pytest.mark.parametrize("name", bench.OTHERS)
def test_every_other_compressor_restores(name: str) -> None:
    if name in bench.PACKAGES:
        pytest.importorskip(bench.PACKAGES[name], reason=f"needs {bench.PACKAGES[name]}")
    (tool,) = bench.others((name,), Reporter())
    compressed = tool.compress(TEXT)
    assert tool.decompress(compressed) == TEXT
    assert len(compressed) < len(TEXT) / 4


def test_json_for_programs(text: Path) -> None:
    result = run("--json", "-m", "swift,base", "--against", "gzip,xz", "text", "-", input=b"")
    assert result.exit_code == 0
    first, second = map(json.loads, result.stdout.splitlines())
    assert (first["file"], first["bytes"]) == ("text", len(TEXT))
    assert [(row["tool"], row["settings"]) for row in first["results"]] == [
        ("arzip", "-m swift"),
        ("arzip", "-m base"),
        ("gzip", "-9"),
        ("xz", "-9e"),
    ]
    for row in first["results"]:
        assert row["bits_per_byte"] == 8 * row["compressed_bytes"] / len(TEXT)
        assert row["compress_mb_s"] > 0
        assert row["decompress_mb_s"] > 0
    assert first["results"][0]["compressed_bytes"] == len(arzip.compress(TEXT, model="swift"))
    assert (second["file"], second["bytes"]) == ("(stdin)", 0)
    assert {row["bits_per_byte"] for row in second["results"]} == {0.0}


def test_table(text: Path) -> None:
    result = run("-1", "--against", "gzip", "text")
    assert result.exit_code == 0
    heading, columns, ours, gzip = result.stdout.splitlines()
    assert heading == f"text: {len(TEXT):,} bytes"
    assert columns.split() == ["Bytes", "Bits/byte", "Compress", "MB/s", "Decompress", "MB/s"]
    assert ours.split()[:4] == [
        "arzip",
        "-m",
        "fast",
        f"{len(arzip.compress(TEXT, model='fast'))}",
    ]
    assert gzip.split()[:2] == ["gzip", "-9"]


def test_without_a_model_those_of_all_levels(text: Path) -> None:
    rows = json.loads(run("--json", "--against", "gzip", "text").stdout)["results"]
    assert [row["settings"] for row in rows] == ["-m fast", "-m swift", "-m base", "-m max", "-9"]


def test_without_against_all_that_are_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> bench.Tool:
        raise ImportError

    monkeypatch.setitem(bench.OTHERS, "zstd", missing)
    monkeypatch.setitem(bench.OTHERS, "brotli", missing)
    assert [tool.name for tool in bench.others(None, Reporter())] == ["gzip", "bzip2", "xz"]
    said = capsys.readouterr().err
    assert said == (
        "arzip: not compared with zstd and brotli: not installed; pip install zstandard brotli\n"
    )


def test_how_far_it_is(text: Path) -> None:
    meter = Meter(None, wanted=False)
    tool = bench.arzip_with("swift", 1)
    seen = []

    def decompress(frame: bytes) -> bytes:
        seen.append(meter.state()[1].done)
        return tool.decompress(frame)

    bench.measure(replace(tool, decompress=decompress), TEXT, "text", meter)
    assert (seen, meter.state()[1].done) == ([len(TEXT)], 2 * len(TEXT))


def test_what_is_not_there_is_a_usage_error(text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> bench.Tool:
        raise ImportError

    monkeypatch.setitem(bench.OTHERS, "zstd", missing)
    result = run("text", "--against", "zstd")
    assert result.exit_code == 2
    assert "zstd: not installed; pip install zstandard" in result.stderr
    result = run("text", "--against", "gzip,rar")
    assert result.exit_code == 2
    assert "'rar' is none of gzip, bzip2, xz, zstd, brotli" in result.stderr


def test_figures_are_only_given_for_what_comes_back(
    text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lossy = bench.Tool("gzip", "-9", lambda data: data[:-1], lambda data: data)
    monkeypatch.setitem(bench.OTHERS, "gzip", lambda: lossy)
    result = run("-1", "text", "nosuch", "--against", "gzip")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "arzip: text: gzip -9 did not restore it: no figures are given",
        "arzip: nosuch: No such file or directory",
    ]
