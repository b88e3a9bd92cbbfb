"""`arzip train` and what it writes: nothing that exists is lost, not even an unfinished run."""

import gzip
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import arzip
from arzip.cli.group import cli
from arzip.models import registry

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'arzip[torch]'")
torch.set_num_threads(1)

TEXT = b"".join(b"%d green bottles hanging on the wall\n" % n for n in range(600))
SMALL = ["--hidden", "8", "--lanes", "4", "--epochs", "0.01", "--preface", "100"]
MODEL, CHECKPOINT = "own.safetensors", "own.safetensors.checkpoint"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with a file to train on in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ARZIP_OPT", raising=False)
    os.mkdir("data")
    Path("data", "text").write_bytes(TEXT)
    return tmp_path


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing may be read for training, nor trained."""

    def fail(*arguments: object) -> None:
        raise AssertionError("data are read")

    monkeypatch.setattr("arzip.training.data.read_corpus", fail)


def train(*arguments: str, data: str = "data", output: str = MODEL) -> Result:
    return CliRunner().invoke(cli, ["train", data, "-o", output, *SMALL, *arguments])


def assert_refused(result: Result, *words: str) -> None:
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("arzip: ") and result.stderr.count("\n") == 1
    assert "internal" not in result.stderr
    assert all(word in result.stderr for word in words), result.stderr


def before_the_end(monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    """Have `change` called when the network is trained, before its model is written."""
    from arzip.training import preface

    choose = preface.choose

    def change_and_choose(*arguments: object) -> object:
        change()
        return choose(*arguments)

    monkeypatch.setattr(preface, "choose", change_and_choose)


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize("resume", [[], ["--resume"]])
def test_a_model_is_not_overwritten_unless_told(here: Path, resume: list[str]) -> None:
    Path(MODEL).write_bytes(b"the key to old archives")
    if resume:
        Path(CHECKPOINT).write_bytes(b"")
    before = sorted(os.listdir())
    assert_refused(train(*resume), MODEL, "exists", "-f")
    assert Path(MODEL).read_bytes() == b"the key to old archives"
    assert sorted(os.listdir()) == before


def test_f_overwrites_the_model_and_the_checkpoint(here: Path) -> None:
    Path(MODEL).write_bytes(b"old")
    Path(CHECKPOINT).write_bytes(b"old")
    result = train("-f")
    assert result.exit_code == 0, result.output
    assert sorted(os.listdir()) == ["data", MODEL]
    assert registry.load(MODEL).name == "own"


def test_f_overwrites_what_a_link_leads_to(here: Path) -> None:
    Path("old").write_bytes(b"old")
    os.symlink("old", MODEL)
    assert_refused(train(), "exists")
    assert train("-f").exit_code == 0
    assert os.path.islink(MODEL)
    assert registry.load("old").name == "own"


@pytest.mark.usefixtures("unread")
def test_an_unfinished_run_is_not_overwritten_unless_told(here: Path) -> None:
    Path(CHECKPOINT).write_bytes(b"an hour's work")
    assert_refused(train(), CHECKPOINT, "--resume", "-f")
    assert Path(CHECKPOINT).read_bytes() == b"an hour's work"
    assert sorted(os.listdir()) == ["data", CHECKPOINT]


@pytest.mark.usefixtures("unread")
def test_there_is_nothing_to_go_on_from(here: Path) -> None:
    assert_refused(train("--resume"), CHECKPOINT, "no checkpoint")
    os.mkdir(CHECKPOINT)
    assert_refused(train("--resume"), CHECKPOINT, "directory")


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize("link", [None, os.symlink, os.link])
@pytest.mark.parametrize("data", ["data", "data/text"])
def test_the_data_are_not_overwritten(
    here: Path, data: str, link: Callable[[str, str], None] | None
) -> None:
    output = "data/text"
    if link is not None:
        link(str(here / output), MODEL)
        output = MODEL
    assert_refused(train("-f", data=data, output=output), "data/text", "train on")
    os.rename("data/text", f"data/{MODEL}.checkpoint")
    assert_refused(train("-f", output=f"data/{MODEL}"), f"{MODEL}.checkpoint", "train on")
    assert Path("data", f"{MODEL}.checkpoint").read_bytes() == TEXT


def test_what_is_left_out_of_the_data_may_be(here: Path) -> None:
    output = f"data/{MODEL}"
    for options in ([], ["-f"]):
        result = train(*options, "--exclude", "*.safetensors", output=output)
        assert result.exit_code == 0, result.output
        assert stat.S_IMODE(os.stat(output).st_mode) == 0o666 & ~umask()


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize(
    ("output", "word"),
    [
        ("-", "must be a file"),
        ("/dev/null", "must be a file"),
        ("data", "directory"),
        ("", "directory"),
        ("/", "directory"),
        ("nowhere/own", "cannot be written"),
        ("x" * 256, "File name too long"),
    ],
)
def test_what_is_no_place_for_a_model(here: Path, output: str, word: str) -> None:
    for options in ([], ["-f"]):
        assert_refused(train(*options, output=output), word)
    assert os.listdir() == ["data"]


def test_a_model_that_appears_meanwhile_is_kept_and_so_is_ours(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_the_end(monkeypatch, lambda: Path(MODEL).write_bytes(b"another's"))
    assert_refused(train("-q"), "own-2.safetensors", "appeared")
    assert Path(MODEL).read_bytes() == b"another's"
    assert registry.load("own-2.safetensors").name == "own"
    assert sorted(os.listdir()) == ["data", "own-2.safetensors", MODEL]


def test_a_model_that_cannot_be_written_leaves_its_checkpoint(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("arzip.models.parameters.to_bytes", fail)
    assert_refused(train("-q"), "No space left on device")
    assert sorted(os.listdir()) == ["data", CHECKPOINT]
    monkeypatch.undo()
    os.chdir(here)
    assert train("--resume").exit_code == 0
    assert sorted(os.listdir()) == ["data", MODEL]


def test_a_checkpoint_that_cannot_be_written_loses_no_training(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("arzip.training.loop.Trainer.save", fail)
    result = train()
    assert result.exit_code == 2
    assert f"{CHECKPOINT}: not written" in result.stderr
    assert registry.load(MODEL).name == "own"


@pytest.mark.parametrize(("mode", "expected"), [(0o644, 0o644), (0o640, 0o600), (0o600, 0o600)])
def test_a_model_is_no_wider_than_its_data(here: Path, mode: int, expected: int) -> None:
    Path("data", "other").write_bytes(TEXT[:5000])
    os.chmod("data/other", mode)
    assert train().exit_code == 0
    assert stat.S_IMODE(os.stat(MODEL).st_mode) == expected & ~umask()
    # And so is one that goes on from it, whatever else it reads.
    os.chmod("data/other", 0o644)
    assert train("--start", MODEL, output="second.safetensors").exit_code == 0
    assert stat.S_IMODE(os.stat("second.safetensors").st_mode) == expected & ~umask()


def umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def test_nobody_else_reads_a_checkpoint(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes = []
    before_the_end(monkeypatch, lambda: modes.append(stat.S_IMODE(os.stat(CHECKPOINT).st_mode)))
    assert train().exit_code == 0
    assert modes == [0o600]


@pytest.mark.parametrize("target", [MODEL, CHECKPOINT])
def test_links_in_its_way_are_not_followed(here: Path, target: str) -> None:
    """Where another user may write, such as /tmp."""
    Path("victim").write_bytes(b"precious")
    for name in (f".{target}.arz-tmp", f"{target}.tmp", f".{target}.00000000.arz-tmp"):
        os.symlink("victim", name)
    assert train().exit_code == 0
    assert Path("victim").read_bytes() == b"precious"
    assert not os.path.islink(MODEL)


@pytest.mark.parametrize("name", [b"caf\xe9", b"two\nlines", b"\x1b[2J", b"\xff"])
def test_odd_names(here: Path, name: bytes) -> None:
    """The model has what can be printed of its file's name."""
    output = os.fsdecode(name)
    os.rename("data", output + "data")
    result = train(data=output + "data", output=output)
    assert result.exit_code == 0, result.output
    read = registry.read(Path(output))
    assert read.name.isprintable() and read.name
    listed = CliRunner().invoke(cli, ["models", output])
    assert listed.exit_code == 0 and "\x1b" not in listed.stdout


def test_damaged_archives_among_the_data_are_passed_over(here: Path) -> None:
    packed = gzip.compress(TEXT)
    Path("data", "bad.gz").write_bytes(packed[:30] + b"\xff" * 30 + packed[60:])
    result = train()
    assert result.exit_code == 0, result.output
    assert_refused(train("-f", data="data/bad.gz"), "nothing to train on")


def test_a_signal_leaves_the_checkpoint_at_most(here: Path) -> None:
    found = Path(arzip.__file__).parent.parent
    process = subprocess.Popen(
        [sys.executable, "-m", "arzip", "train", "data", "-o", MODEL, "--minutes", "5"],
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(found)},
    )
    deadline = time.monotonic() + 60
    while not any(name.endswith(".arz-tmp") for name in os.listdir()):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    process.terminate()
    _, messages = process.communicate(timeout=60)
    assert (process.returncode, messages) == (-signal.SIGTERM, b"")
    assert set(os.listdir()) <= {"data", CHECKPOINT}


def test_it_says_what_its_figures_are_and_how_good_the_model_is(here: Path) -> None:
    for number in range(200):  # of which a few are held out
        Path("data", f"{number}").write_bytes(TEXT[20 * number :][:600])
    lines = train().stderr.splitlines()
    assert lines[0].startswith("arzip: training on ") and "of the network alone" in lines[0]
    shown = [line for line in lines if line.endswith(" left ")]
    assert shown and " bits/byte " in shown[-1] and shown[-1].lstrip().startswith("100.0%")
    sample = re.fullmatch(
        r"arzip: held-out sample of ([\d,]+) bytes: ([\d,]+) -> ([\d,]+) bytes \(.*against base\)",
        lines[-1],
    )
    assert sample is not None
    size, usual, own = (int(figure.replace(",", "")) for figure in sample.groups())
    assert own < usual < size
    assert train("-f", "-q").stderr == ""


def test_too_little_to_hold_out(here: Path) -> None:
    Path("data", "text").write_bytes(TEXT[:600])
    result = train()
    assert result.exit_code == 0
    assert result.stderr.endswith("train on more data\n")
