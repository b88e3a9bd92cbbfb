"""The commands that show the density: eval's tables, score, inspect and sample."""

import json
import os
import re
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import arzip
from arzip import density
from arzip.analysis import lines
from arzip.analysis.inspection import Sample, inspect
from arzip.cli.commands import sample as sample_command
from arzip.cli.group import cli

TEXT = b"".join(b"%d bottles of beer on the wall\n" % n for n in range(99, 0, -1))


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    """What is compiled before the first test says nothing during one."""
    model = arzip.load_model("swift")
    model.prove("encode")
    inspect(model, "", Sample(b"a", 1, (0,)), lambda done: None)


@pytest.fixture
def text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file named `text` in the current directory, and an empty one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ARZIP_OPT", raising=False)
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_bytes(TEXT)
    return tmp_path / "text"


def run(*arguments: str, input: bytes = b"") -> Result:
    return CliRunner().invoke(cli, arguments, input=input, prog_name="arzip")


def test_eval_prints_the_densities(text: Path) -> None:
    result = run("eval", "-1", "text", "empty")
    assert result.exit_code == 0
    report = arzip.evaluate(TEXT, model="fast")
    costs = next(
        line.split() for line in result.stdout.splitlines() if line.split()[-1:] == ["text"]
    )
    assert costs[:3] == [f"{len(TEXT):,}", f"{report.file_bytes:,}", f"{report.achieved:.4f}"]
    assert costs[5:7] == [f"{report.nll_nats:,.1f}", f"{report.perplexity:.3f}"]
    orders = [f"{density.empirical_entropy(TEXT, order):.4f}" for order in range(4)]
    kl = f"{8 - report.entropy_order0:.4f}"
    assert " ".join([*orders, kl, "text"]) in re.sub(" +", " ", result.stdout)
    assert "0.0000" in result.stdout


def test_score_compares_models(text: Path) -> None:
    result = run("score", "--json", "-m", "swift,base", "text", "-", input=b"x" * 50)
    assert result.exit_code == 0
    first, second = map(json.loads, result.stdout.splitlines())
    assert (first["file"], first["bytes"]) == ("text", len(TEXT))
    assert first["bits_per_byte"] == {
        name: arzip.evaluate(TEXT, model=name).cross_entropy for name in ("swift", "base")
    }
    assert first["best"] == min(first["bits_per_byte"], key=first["bits_per_byte"].get)
    assert second["file"] == "(stdin)"
    table = run("score", "text").stdout
    assert all(name in table for name in ("swift", "base", "Best", "text"))


def test_score_of_lines(text: Path) -> None:
    odd = b"\x1b[31mSegmentation fault\xff"
    before, after = TEXT[: TEXT.index(b"67")], TEXT[TEXT.index(b"67") :]
    text.write_bytes(before + odd + b"\n" + after)
    rows = [
        json.loads(line)
        for line in run("score", "--lines", "-m", "swift", "--json", "text").stdout.splitlines()
    ]
    assert rows[0]["text"] == "\x1b[31mSegmentation fault\\xff"
    expected = lines.score_lines(arzip.load_model("swift"), text.read_bytes())
    assert [row["line"] for row in rows] == [line.number for line in expected]
    assert [row["bits"] for row in rows] == [line.bits for line in expected]
    assert set(rows[0]) == {"file", "model", "line", "bytes", "bits", "bits_per_byte", "text"}
    printed = run("score", "--lines", "-m", "swift", "text").stdout
    assert "\\x1b[31mSegmentation fault" in printed and "\x1b" not in printed
    assert len(printed.splitlines()) == 1 + len(rows)


def test_score_lines_takes_one_model(text: Path) -> None:
    result = run("score", "--lines", "-m", "swift,base", "text")
    assert result.exit_code == 2 and "one model" in result.stderr
    assert run("score", "-m", "nosuch", "text").exit_code == 1
    assert run("score", "-m", "swift", "missing", "text").exit_code == 1


def test_empty_files_are_refused(text: Path) -> None:
    for arguments in (["score", "text", "empty"], ["score", "--lines", "empty"], ["inspect"]):
        result = run(*arguments, *([] if "empty" in arguments else ["empty"]))
        assert result.exit_code == 2
        assert "empty is empty: there must be 1 byte or more" in result.stderr
    assert run("score", "-m", "swift", "-").exit_code == 1
    assert run("inspect", "-1", "-").exit_code == 1
    assert sorted(os.listdir()) == ["empty", "text"]


def test_inspect_writes_a_page(text: Path) -> None:
    result = run("inspect", "-1", "text")
    assert (result.exit_code, result.output) == (0, "")
    page = Path("text.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and "<title>text · arzip</title>" in page
    assert run("inspect", "-1", "text").exit_code == 1, "it exists"
    assert run("inspect", "-1f", "text").exit_code == 0
    assert run("inspect", "-1", "text", "-o", "other.html").exit_code == 0
    assert Path("other.html").read_text(encoding="utf-8") == page
    assert run("inspect", "-1", "-", input=TEXT).stdout.startswith("<!doctype html>")
    assert run("inspect", "-1", "-f", "text", "-o", "text").exit_code == 1
    assert text.read_bytes() == TEXT


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_a_page_is_read_by_those_who_may_read_the_file(text: Path, mode: int) -> None:
    """It holds every byte."""
    os.chmod("text", mode)
    assert run("inspect", "-1", "text").exit_code == 0
    assert stat.S_IMODE(os.stat("text.html").st_mode) == mode


def test_inspect_shows_excerpts_of_what_is_larger(text: Path) -> None:
    assert run("inspect", "-1", "--most", "160", "text").exit_code == 0
    assert '"shown": 160' in Path("text.html").read_text(encoding="utf-8")
    result = run("inspect", "--most", "0", "text")
    assert result.exit_code == 2 and "1 or more" in result.stderr


def test_sample_writes_what_the_library_draws(text: Path) -> None:
    arguments = ["sample", "-1", "--prompt", "99 bottles of", "--bytes", "30", "--seed", "4"]
    expected = arzip.sample("fast", b"99 bottles of", 30, seed=4)
    assert run(*arguments).stdout_bytes == expected
    narrowed = run(*arguments, "--top-k", "3", "--top-p", "0.9", "--temperature", "0.5")
    assert narrowed.stdout_bytes == arzip.sample(
        "fast", b"99 bottles of", 30, seed=4, top_k=3, top_p=0.9, temperature=0.5
    )


@pytest.mark.parametrize("way", [["--greedy"], ["--beam", "2"]])
def test_sample_goes_on_from_a_file(text: Path, way: list[str]) -> None:
    Path("prompt").write_bytes(b"\xff\0" + TEXT[:700])
    result = run("sample", "-1", "--prompt-file", "prompt", "--bytes", "12", *way)
    assert result.stdout_bytes == arzip.sample(
        "swift",
        b"\xff\0" + TEXT[:700],
        12,
        greedy=way == ["--greedy"],
        beam=None if way == ["--greedy"] else 2,
    )
    assert len(run("sample", "-1").stdout_bytes) == 100


def test_sample_shows_a_terminal_no_control_characters() -> None:
    assert sample_command.shown("a\tb\x1b[31m\né\x07\n") == "a   b\\x1b[31m\né\\x07\n".encode()


@pytest.mark.parametrize(
    ("arguments", "range"),
    [
        (["--temperature", "0"], "x>0"),
        (["--temperature", "-1"], "x>0"),
        (["--temperature", "nan"], "above 0"),
        (["--top-k", "0"], "1<=x<=256"),
        (["--top-k", "257"], "1<=x<=256"),
        (["--top-p", "0"], "0<x<=1"),
        (["--top-p", "1.5"], "0<x<=1"),
        (["--beam", "0"], "1<=x<=64"),
        (["--seed", "-1"], "x>=0"),
        (["--prompt", ""], "1 byte or more"),
        (["--prompt-file", "empty"], "1 byte or more"),
        (["--prompt", "a", "--prompt-file", "text"], "choose one"),
        (["--greedy", "--beam", "2"], "choose one"),
    ],
)
def test_sample_names_the_range(text: Path, arguments: list[str], range: str) -> None:
    result = run("sample", "-1", *arguments)
    assert result.exit_code == 2
    assert range in result.stderr
    assert result.stdout_bytes == b""
