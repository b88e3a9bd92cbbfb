"""Every command under faults of every read and write: never success with anything but its output.

Files that take or give only a part (SHORT), would block (EAGAIN) or are interrupted (EINTR) are no
faults, and change nothing. Errors (ENOSPC, EFBIG, EIO, a closed stream) are one clear line and exit
status 1, and nothing unfinished has a final name.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import arzip

TEXT = b"".join(b"%d green bottles hanging on the wall\n" % n for n in range(100))
PACKED = arzip.compress(TEXT, model="swift")
DAMAGED = bytearray(PACKED * 2)
DAMAGED[len(PACKED) // 2] ^= 1  # in the first of two frames

COMMANDS: dict[str, list[str]] = {
    "compress-stdout": ["-1", "-c", "text"],
    "compress-stdin": ["-1"],
    "compress-verified": ["-1", "--verify", "-c", "text"],
    "compress-o": ["-1", "text", "-o", "made"],
    "compress-threads": ["-1", "-T2", "--segment-size", "1K", "-c", "text"],
    "decompress-stdout": ["-dc", "packed.arz"],
    "decompress-stdin": ["-d"],
    "decompress-o": ["-d", "packed.arz", "-o", "made"],
    "cat": ["cat", "packed.arz"],
    "test": ["test", "packed.arz"],
    "list": ["list", "packed.arz"],
    "list-json": ["list", "--json", "packed.arz"],
    "eval": ["eval", "-m", "swift", "text"],
    "eval-json": ["eval", "--json", "-m", "swift", "-"],
    "score": ["score", "-m", "swift", "text"],
    "score-lines": ["score", "--lines", "-m", "swift", "-"],
    "inspect": ["inspect", "-m", "swift", "short", "-o", "made"],
    "inspect-stdout": ["inspect", "-m", "swift", "-"],
    "sample": ["sample", "-m", "swift", "--bytes", "40"],
    "models": ["models"],
    "recover": ["recover", "damaged.arz", "-o", "made"],
    "recover-stdout": ["recover", "damaged.arz", "-o", "-"],
    "help": ["--help"],
}
INPUTS = {  # of those that read standard input
    "compress-stdin": TEXT,
    "decompress-stdin": PACKED,
    "eval-json": TEXT,
    "score-lines": TEXT,
    "inspect-stdout": TEXT[:300],
}
EXPECTED_STATUS = {"recover": 2, "recover-stdout": 2}
SILENT = {"test", "compress-o", "decompress-o", "inspect", "recover"}  # on standard output
SPEAKING = {"recover", "recover-stdout"}  # on standard error
BENIGN = ("SHORT", "EAGAIN", "EINTR")
STREAMS = ("/stdin", "/stdout", "/stderr")


class Fault(NamedTuple):
    """What goes wrong: a kind of system call on files whose names end so, or a closed stream."""

    how: str = ""
    call: str = ""
    name: str = ""

    def __str__(self) -> str:
        return "-".join(self).replace("/", "")

    @property
    def is_benign(self) -> bool:
        return self.how in BENIGN

    def concerns(self, command: str) -> bool:
        """Whether the command does what fails, or a stream is closed, which concerns all."""
        return {
            "/stdout": command not in SILENT,
            "/stdin": command in INPUTS,
            "/stderr": command in SPEAKING,
            ".arz-tmp": "made" in COMMANDS[command],
        }.get(self.name, True)


NOTHING = Fault()
CLOSED = "closed"
FAULTS = [
    *(Fault(how, "write", "/stdout") for how in (*BENIGN, "ENOSPC", "EFBIG")),
    *(Fault(how, "write", ".arz-tmp") for how in (*BENIGN, "ENOSPC", "EFBIG")),
    *(Fault(how, "read", "/stdin") for how in (*BENIGN, "EIO")),
    *(Fault(how, "write", "/stderr") for how in BENIGN),
    *(Fault(CLOSED, "", name) for name in STREAMS),
]
CASES = [(command, fault) for command in COMMANDS for fault in FAULTS if fault.concerns(command)]


@dataclass(frozen=True)
class Done:
    """What a run left."""

    status: int
    output: bytes
    messages: str
    made: bytes | None
    others: frozenset[str]


@pytest.fixture(
    scope="module",
    params=["unbuffered", pytest.param("buffered", marks=pytest.mark.slow)],
)
def runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, failing: str
) -> dict[tuple[str, Fault], Done]:
    """Every command under every fault, with and without PYTHONUNBUFFERED."""
    root = tmp_path_factory.mktemp("runs")
    cases, folders = [], {}
    for command, fault in [*((command, NOTHING) for command in COMMANDS), *CASES]:
        folders[command, fault] = root / f"{len(cases)}"
        cases.append(prepare(folders[command, fault], command, fault))
    (root / "cases").write_text(json.dumps(cases))
    environment = {**os.environ, "LD_PRELOAD": failing, "PYTHONUNBUFFERED": ""}
    environment.pop("ARZIP_OPT", None)
    if request.param == "unbuffered":
        environment["PYTHONUNBUFFERED"] = "1"
    environment["PYTHONPATH"] = str(Path(arzip.__file__).parent.parent)
    driver = [sys.executable, Path(__file__).with_name("injected.py")]
    subprocess.run([*driver, root / "cases", root / "results"], env=environment, check=True)
    statuses = json.loads((root / "results").read_text())
    return {
        key: outcome(folder, status)
        for (key, folder), status in zip(folders.items(), statuses, strict=True)
    }


def prepare(folder: Path, command: str, fault: Fault) -> dict[str, Any]:
    folder.mkdir()
    (folder / "text").write_bytes(TEXT)
    (folder / "short").write_bytes(TEXT[:300])
    (folder / "packed.arz").write_bytes(PACKED)
    (folder / "damaged.arz").write_bytes(DAMAGED)
    (folder / "stdin").write_bytes(INPUTS.get(command, b""))
    return {
        "arguments": COMMANDS[command],
        "folder": str(folder),
        "environment": {"FAIL_HOW": fault.how, "FAIL_CALL": fault.call, "FAIL_NAME": fault.name},
        "streams": [
            None if (CLOSED, name) == (fault.how, fault.name) else f"{folder}{name}"
            for name in STREAMS
        ],
    }


def outcome(folder: Path, status: int) -> Done:
    def content(name: str) -> bytes:
        path = folder / name
        return path.read_bytes() if path.exists() else b""

    known = {"text", "short", "packed.arz", "damaged.arz", "made", "stdin", "stdout", "stderr"}
    return Done(
        status,
        content("stdout"),
        content("stderr").decode(),
        content("made") if (folder / "made").exists() else None,
        frozenset(os.listdir(folder)) - known,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_fault(runs: dict[tuple[str, Fault], Done], command: str) -> None:
    done = runs[command, NOTHING]
    assert done.status == EXPECTED_STATUS.get(command, 0), done.messages
    assert (done.made is not None) == ("made" in COMMANDS[command])
    assert done.output or done.made or command == "test"
    if command.startswith("compress"):
        assert arzip.decompress(done.made or done.output) == TEXT
    elif command.startswith(("decompress", "cat")):
        assert (done.made or done.output) == TEXT


@pytest.mark.parametrize(("command", "fault"), CASES, ids=str)
def test_success_means_that_all_was_written(
    runs: dict[tuple[str, Fault], Done], command: str, fault: Fault
) -> None:
    usual, done = runs[command, NOTHING], runs[command, fault]
    assert "Traceback" not in done.messages and "internal error" not in done.messages
    assert not done.others
    if fault.is_benign:
        assert done == usual
    elif done.status == usual.status:
        assert fault.how == CLOSED
        assert (done.output, done.made) == (usual.output, usual.made)
    else:
        assert done.status == 1
        assert done.made is None
        if fault.name != "/stderr":
            *before, last = done.messages.splitlines()
            assert last.startswith("arzip: ")
            assert "".join(f"{line}\n" for line in before) in usual.messages


def test_a_closed_stream_fails_only_who_needs_it(runs: dict[tuple[str, Fault], Done]) -> None:
    needed = {"/stdin": set(INPUTS), "/stdout": set(COMMANDS) - SILENT, "/stderr": set()}
    for name, commands in needed.items():
        met = {command: runs.get((command, Fault(CLOSED, "", name))) for command in COMMANDS}
        assert {command for command, done in met.items() if done and done.status == 1} == commands
