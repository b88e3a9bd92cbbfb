"""Faults: kill -9, full and read-only disks, disks that fail, files that change while being read.

Whatever happens, the original stays until its copy is proven, nothing unfinished has the final
name, and there is one clear line and exit status 1.
"""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import arzip
from arzip import codec
from arzip.cli.group import cli
from arzip.format.layout import MAX_SEGMENT
from arzip.format.writer import compact_frame
from arzip.system.temporary import SUFFIX

ARZIP = [sys.executable, "-m", "arzip"]
TEXT = b"".join(b"%d green bottles hanging on the wall\n" % n for n in range(1000))
NOISE = random.Random(1).randbytes(300_000)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory, which is the current one."""
    found = Path(arzip.__file__).parent.parent
    monkeypatch.setenv("PYTHONPATH", str(found), prepend=os.pathsep)
    monkeypatch.delenv("ARZIP_OPT", raising=False)
    monkeypatch.chdir(tmp_path)
    arzip.compress(TEXT, model="swift")  # compiled by now, so that no test meets the message
    return tmp_path


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The program, in a process of its own."""
    return subprocess.run(
        [*ARZIP, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def invoke(*arguments: str) -> Result:
    """The program, in this process."""
    return CliRunner().invoke(cli, arguments)


def assert_one_clear_line(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 1
    assert done.stderr.startswith("arzip: ")
    assert done.stderr.count("\n") == 1
    assert "internal" not in done.stderr
    assert all(word in done.stderr for word in words), done.stderr


# Disks.


@pytest.fixture
def small_disk(here: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    folder = here / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a file system cannot be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(small_disk: Path) -> None:
    Path("noise").write_bytes(NOISE)
    target = small_disk / "noise.arz"
    done = run("-1", "--rm", "noise", "-o", target)
    assert_one_clear_line(done, "noise", "No space left on device")
    assert os.listdir(small_disk) == []
    assert Path("noise").read_bytes() == NOISE
    Path("noise.arz").write_bytes(arzip.compress(NOISE, model="swift"))
    for command in ("decompress", "recover"):
        done = run(command, "noise.arz", "-o", small_disk / "noise")
        assert_one_clear_line(done, "noise.arz", "No space left on device")
        assert os.listdir(small_disk) == []


def test_a_read_only_disk(small_disk: Path) -> None:
    (small_disk / "text").write_bytes(TEXT[:1000])
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = run("-1", small_disk / "text")
    assert_one_clear_line(done, "text.arz", "Read-only file system")
    assert os.listdir(small_disk) == ["text"]


def test_a_full_device_as_output(here: Path) -> None:
    Path("text").write_bytes(TEXT)
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*ARZIP, "-1", "-c", "text"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert_one_clear_line(done, "No space left on device")


@pytest.mark.parametrize("arguments", [["-1", "--rm"], ["-d"], ["list"]])
def test_a_disk_that_cannot_be_read(here: Path, failing: str, arguments: list[str]) -> None:
    name = "text" if "-1" in arguments else "text.arz"
    Path(name).write_bytes(TEXT if name == "text" else arzip.compress(TEXT, model="swift"))
    done = run(*arguments, name, LD_PRELOAD=failing, FAIL_CALL="read", FAIL_NAME=str(here / name))
    assert_one_clear_line(done, name, "Input/output error")
    assert os.listdir() == [name]


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_disk_that_cannot_be_written(here: Path, failing: str, call: str) -> None:
    Path("text").write_bytes(TEXT)
    environment = {"LD_PRELOAD": failing, "FAIL_CALL": call, "FAIL_NAME": SUFFIX}
    assert_one_clear_line(run("-1", "--rm", "text", **environment), "Input/output error")
    assert os.listdir() == ["text"]


def test_a_disk_that_gives_back_something_else(here: Path, failing: str) -> None:
    """What was written cannot be read back to be compared, so the original stays."""
    Path("text").write_bytes(TEXT)
    environment = {"LD_PRELOAD": failing, "FAIL_CALL": "read", "FAIL_NAME": SUFFIX}
    assert_one_clear_line(run("-1", "--rm", "text", **environment), "Input/output error")
    assert os.listdir() == ["text"]


# Files that change while they are read.


def at_the_end(monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    """Have `change` called when all has been read."""
    flush = arzip.ArzipCompressor.flush

    def change_and_flush(self: arzip.ArzipCompressor) -> bytes:
        change()
        return flush(self)

    monkeypatch.setattr("arzip.streams.compressor.ArzipCompressor.flush", change_and_flush)


@pytest.mark.parametrize("option", ["--keep", "--rm"])
@pytest.mark.parametrize("size", [100, len(TEXT) + 100])
def test_a_file_that_grows_or_shrinks(
    here: Path, monkeypatch: pytest.MonkeyPatch, option: str, size: int
) -> None:
    Path("text").write_bytes(TEXT)
    at_the_end(monkeypatch, lambda: os.truncate("text", size))
    result = invoke("-1", option, "text")
    assert result.exit_code == 1
    assert "changed while it was read" in result.stderr
    assert os.path.getsize("text") == size
    assert arzip.decompress(Path("text.arz").read_bytes()) == TEXT


@pytest.mark.parametrize("option", ["--keep", "--rm"])
def test_a_file_that_vanishes(here: Path, monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    Path("text").write_bytes(TEXT)
    at_the_end(monkeypatch, lambda: os.unlink("text"))
    result = invoke("-1", option, "text")
    assert arzip.decompress(Path("text.arz").read_bytes()) == TEXT
    assert result.exit_code == (1 if option == "--rm" else 0)


def test_a_file_that_is_replaced_is_not_removed(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("text").write_bytes(TEXT)
    Path("other").write_bytes(b"something else")
    at_the_end(monkeypatch, lambda: os.replace("other", "text"))
    result = invoke("-1", "--rm", "text")
    assert result.exit_code == 1
    assert "was replaced" in result.stderr
    assert Path("text").read_bytes() == b"something else"


# Bombs.


@pytest.mark.slow
def test_a_bomb_takes_no_memory(here: Path) -> None:
    """21 KB that restore to 100 GB of zeros, tested under a limit on memory."""
    segment = bytes(MAX_SEGMENT)
    frame = compact_frame(b"", codec.encode(arzip.load_model("swift"), segment), segment)
    Path("bomb.arz").write_bytes(frame * 1600)
    limit = 2 << 30  # bytes of addresses, of which a library as large as LLVM takes many
    done = subprocess.run(
        [*ARZIP, "-tv", "bomb.arz"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"{1600 * len(segment):,} bytes, ok" in done.stderr
    refused = run("-t", "--max-size", "1G", "bomb.arz")
    assert_one_clear_line(refused, "larger than the limit")


# kill -9.


def killed(command: list[str], seconds: float) -> None:
    """Run the command, and kill it after that time if it takes longer."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()


def duration(command: list[str]) -> float:
    start = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    return time.monotonic() - start


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("options", "source", "target"),
    [
        (["-1"], "text", "text.arz"),
        (["-1", "--rm"], "text", "text.arz"),
        (["-d"], "text.arz", "text"),
        (["-d", "--rm"], "text.arz", "text"),
    ],
)
def test_kill_9(here: Path, options: list[str], source: str, target: str) -> None:
    """45 times: at any moment from the start to the end, half of them near the end."""
    data = TEXT * 12
    packed = arzip.compress(data, model="fast")
    contents = {"text": data, "text.arz": packed}
    command = [*ARZIP, *options, source]
    Path(source).write_bytes(contents[source])
    whole = duration(command)
    rng = random.Random(3)
    seen = set()
    for number in range(45):
        Path(source).write_bytes(contents[source])
        Path(target).unlink(missing_ok=True)
        killed(command, whole * (rng.uniform(0.2, 1) if number % 2 else rng.uniform(0.6, 1.1)))
        found = set(os.listdir())
        left = {name for name in found if name.endswith(SUFFIX)}
        assert found - left <= {source, target}
        # Unless the copy is there, whole, the original is.
        assert {source, target} & found
        for name in found - left:
            assert Path(name).read_bytes() == contents[name]
        if source not in found:
            assert "--rm" in options
        assert len(left) <= 1, "the next run for the same target removes what the last one left"
        seen |= {"left"} if left else {"done"} if target in found else {"nothing"}
    assert "left" in seen
    Path(source).write_bytes(contents[source])
    Path(target).unlink(missing_ok=True)
    subprocess.run(command, check=True)
    assert not any(name.endswith(SUFFIX) for name in os.listdir())


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_kill_9_of_training(here: Path) -> None:
    """20 times. What has the name of a model is one, and training goes on from the checkpoint."""
    pytest.importorskip("torch")
    text = TEXT * 3
    Path("text").write_bytes(text)
    sizes = ["--hidden", "8", "--lanes", "4"]
    command = [*ARZIP, "train", "text", "-o", "own.safetensors", *sizes, "--epochs", "0.2"]
    whole = duration(command)
    rng = random.Random(4)
    for _ in range(20):
        Path("own.safetensors").unlink(missing_ok=True)
        resume = ["--resume"] if Path("own.safetensors.checkpoint").exists() else []
        killed([*command, *resume], whole * rng.uniform(0.5, 1.05))
        assert Path("text").read_bytes() == text
        if Path("own.safetensors").exists():
            arzip.load_model("own.safetensors")
        known = {"text", "own.safetensors", "own.safetensors.checkpoint"}
        left = {name for name in os.listdir() if name.endswith(SUFFIX)}
        assert set(os.listdir()) - left <= known
        assert len(left) <= 2, "the next run removes what the last one left"
    subprocess.run([*command, "-f"], check=True, capture_output=True)
    assert sorted(os.listdir()) == ["own.safetensors", "text"]
