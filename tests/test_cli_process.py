"""The shell commands as processes: signals, pipes, terminals, descriptors, and tar."""

import contextlib
import fcntl
import os
import pty
import random
import resource
import select
import shutil
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import arzip
from arzip.system import transport

ARZIP = [sys.executable, "-m", "arzip"]
TEXT = b"".join(b"%d bottles of beer on the wall\n" % n for n in range(99, 0, -1))
PATIENCE = 60.0  # seconds; for slow machines, never slept through


def program(name: str) -> list[str]:
    """How to run `unarz` or `arzcat`, installed or not."""
    return [sys.executable, "-c", f"from arzip.cli.program import {name}; {name}()"]


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """Has the model compiled for this machine, so that no test meets the message about it."""
    arzip.decompress(arzip.compress(TEXT))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory, which is the current one."""
    # The programs run there, and still have to find this arzip.
    found = Path(arzip.__file__).parent.parent
    monkeypatch.setenv("PYTHONPATH", str(found), prepend=os.pathsep)
    monkeypatch.delenv("ARZIP_OPT", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: list[str], *, input: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, input=input, capture_output=True, timeout=PATIENCE, check=False)


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def in_terminal(command: list[str], **streams: int | None) -> tuple[int, bytes]:
    """Run the command in a new terminal; returns its exit status and what the terminal showed."""
    controller, terminal = pty.openpty()
    streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal, **streams}
    process = subprocess.Popen(command, **streams)  # type: ignore[call-overload]
    shown = b""
    while process.poll() is None or select.select([controller], [], [], 0)[0]:
        if select.select([controller], [], [], 0.05)[0]:
            shown += os.read(controller, 4096)
    os.close(terminal)
    os.close(controller)
    return process.returncode, shown


def rest_of(controller: int) -> bytes:
    """What a terminal showed that nobody writes to any more."""
    shown = b""
    with contextlib.suppress(OSError):  # as Linux says that it has ended
        while more := os.read(controller, 4096):
            shown += more
    return shown


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["--foo", "text"], ""),
        (["-T", "-1", "text"], ""),
        (["text", "text", "-o", "x"], ""),
        (["text"], "--nosuch"),
        (["list"], ""),
        (["eval", "--jso=1", "text"], ""),
        (["train", "nosuch", "-o", "x"], ""),
        (["sample", "--temperature", "-1"], ""),
    ],
    ids=str,
)
def test_wrong_usage_is_one_line_and_status_1(
    here: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], environment: str
) -> None:
    """Status 2 is that a file was skipped, which scripts may tolerate."""
    monkeypatch.setenv("ARZIP_OPT", environment)
    Path("text").write_bytes(TEXT)
    done = run([*ARZIP, *arguments])
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"arzip: ")
    assert done.stderr.count(b"\n") == 1


def test_pipeline(here: Path) -> None:
    packed = run(ARZIP, input=TEXT)
    assert (packed.returncode, packed.stderr) == (0, b"")
    for command in ([*ARZIP, "-d"], program("unarz"), program("arzcat")):
        assert run(command, input=packed.stdout).stdout == TEXT


def test_unarz_and_arzcat(here: Path) -> None:
    Path("text.arz").write_bytes(arzip.compress(TEXT))
    assert run([*program("arzcat"), "text.arz"]).stdout == TEXT
    assert run([*program("unarz"), "text.arz"]).returncode == 0
    assert Path("text").read_bytes() == TEXT
    failed = run([*program("unarz"), "nosuch.arz"])
    assert failed.returncode == 1
    assert failed.stderr == b"arzip: nosuch.arz: No such file or directory\n"


@pytest.mark.skipif(shutil.which("tar") is None, reason="needs tar")
def test_tar(here: Path) -> None:
    Path("folder").mkdir()
    Path("folder/text").write_bytes(TEXT)
    through = ["-I", " ".join(ARZIP)]
    assert run(["tar", *through, "-cf", "x.tar.arz", "folder"]).returncode == 0
    Path("folder/text").unlink()
    assert run(["tar", *through, "-xf", "x.tar.arz"]).returncode == 0
    assert Path("folder/text").read_bytes() == TEXT


def test_names_that_are_not_utf8(here: Path) -> None:
    name = b"caf\xe9 \x1b[2J\n"
    Path(os.fsdecode(name)).write_bytes(TEXT)
    packed = subprocess.run([*ARZIP, "-v", "--rm", name], capture_output=True, check=False)
    assert packed.returncode == 0
    assert os.listdir(os.fsencode(here)) == [name + b".arz"]
    assert packed.stderr.count(b"\n") == 1
    assert b"\x1b" not in packed.stderr
    for command in (["list"], ["list", "--json"], ["-t"], ["-d"]):
        done = subprocess.run([*ARZIP, *command, name + b".arz"], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), command
    assert Path(os.fsdecode(name)).read_bytes() == TEXT


def test_same_output_under_another_locale(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    assert run([*ARZIP, "-c"], input=TEXT).stdout == arzip.compress(TEXT)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_pipes_that_do_not_block(
    here: Path, monkeypatch: pytest.MonkeyPatch, unbuffered: str
) -> None:
    """A writer that is slow is not the end, and a reader that is slow loses nothing."""
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    noise = random.Random(1).randbytes(400_000)  # more than a pipe holds
    packed = arzip.compress(noise)
    for command, given, expected in (["-1"], noise, packed), (["-d"], packed, noise):
        reading, source = os.pipe()
        sink, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        process = subprocess.Popen([*ARZIP, *command], stdin=reading, stdout=writing)
        os.close(reading)
        os.close(writing)
        feeder = threading.Thread(target=feed, args=(source, given))
        feeder.start()
        shown = rest_of(sink)
        feeder.join()
        os.close(sink)
        assert (process.wait(PATIENCE), shown == expected) == (0, True)


def feed(descriptor: int, data: bytes) -> None:
    """Write slowly: the reader finds nothing at first, and then again."""
    with open(descriptor, "wb", buffering=0) as pipe:
        for first in range(0, len(data), 100_000):
            time.sleep(0.3)
            transport.write_all(pipe, data[first : first + 100_000])


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "arguments", [["-1c", "noise"], ["-dc", "noise.arz"], ["cat", "noise.arz"]], ids=str
)
def test_an_output_that_is_cut_short(
    here: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], unbuffered: str
) -> None:
    """By a limit on the size of files, as by a full disk."""
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    noise = random.Random(1).randbytes(100_000)
    Path("noise").write_bytes(noise)
    Path("noise.arz").write_bytes(arzip.compress(noise))
    limit = (1 << 16, 1 << 16)
    with open("out", "wb") as out:
        done = subprocess.run(
            [*ARZIP, *arguments],
            stdout=out,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == f"arzip: {arguments[-1]}: File too large\n".encode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_leave_nothing(here: Path, number: signal.Signals) -> None:
    os.mkfifo("endless")
    command = [*ARZIP, "-f", "-o", "out.arz", "endless"]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        # A job in the background of a script is started with SIGINT ignored.
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    )
    with open("endless", "wb") as endless:
        endless.write(TEXT)
        endless.flush()
        wait_until(lambda: any(name.endswith(".arz-tmp") for name in os.listdir()))
        temporary = next(name for name in os.listdir() if name.endswith(".arz-tmp"))
        assert os.stat(temporary).st_mode & 0o777 == 0o600
        process.send_signal(number)
        _, messages = process.communicate(timeout=PATIENCE)
    assert process.returncode == -number
    assert messages == b""
    assert os.listdir() == ["endless"]


SLOW_TO_TIDY = """
import os, time
from arzip.cli import program
unlink = os.unlink
def slowly(path):
    print("tidying", flush=True)
    time.sleep(0.3)
    unlink(path)
os.unlink = slowly
program.arzip()
"""


def test_a_second_signal_does_not_stop_the_tidying(here: Path) -> None:
    os.mkfifo("endless")
    command = [sys.executable, "-c", SLOW_TO_TIDY, "-f", "-o", "out.arz", "endless"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    with open("endless", "wb"):
        wait_until(lambda: any(name.endswith(".arz-tmp") for name in os.listdir()))
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == b"tidying\n"
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGINT
    assert os.listdir() == ["endless"]


def test_signal_within_compiled_code_is_obeyed_at_once(here: Path) -> None:
    Path("large").write_bytes(os.urandom(40_000).hex().encode() * 100)  # 8 MB, seconds of work
    process = subprocess.Popen([*ARZIP, "large"])
    wait_until(lambda: len(os.listdir()) > 1)
    time.sleep(0.5)  # so that most likely it is at work
    start = time.monotonic()
    process.terminate()
    assert process.wait(PATIENCE) == -signal.SIGTERM
    assert time.monotonic() - start < 2
    assert os.listdir() == ["large"]


def test_ignored_signals_stay_ignored(here: Path) -> None:
    """As nohup starts a program."""
    os.mkfifo("fifo")
    process = subprocess.Popen(
        [*ARZIP, "-f", "-o", "out.arz", "fifo"],
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    with open("fifo", "wb") as fifo:
        wait_until(lambda: any(name.endswith(".arz-tmp") for name in os.listdir()))
        process.send_signal(signal.SIGHUP)
        fifo.write(TEXT)
    assert process.wait(PATIENCE) == 0
    assert arzip.decompress(Path("out.arz").read_bytes()) == TEXT


def test_closed_pipe_ends_quietly(here: Path) -> None:
    Path("large.arz").write_bytes(arzip.compress(bytes(10_000_000)))
    process = subprocess.Popen(
        [*ARZIP, "-dc", "large.arz"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout and process.stderr
    process.stdout.read(10)
    process.stdout.close()
    assert process.wait(PATIENCE) == -signal.SIGPIPE
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [["-c"], ["--help"], ["models"]])
def test_full_disk_is_an_error_of_one_line(here: Path, arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*ARZIP, *arguments], input=TEXT, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert done.stderr.endswith(b"No space left on device\n")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize(("arguments", "status"), [("-1vf text", 0), ("-t nosuch", 1), ("-x", 1)])
def test_messages_that_nobody_gets_change_no_status(
    here: Path, arguments: str, status: int
) -> None:
    Path("text").write_bytes(TEXT)
    done = run(["sh", "-c", f"{' '.join(ARZIP)} {arguments} 2>/dev/full"])
    assert done.returncode == status


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="needs /dev/stdout")
@pytest.mark.parametrize("output", ["/dev/stdout", "/dev/fd/1", "/dev/fd/3"])
def test_what_a_descriptor_leads_to_is_written_to_not_replaced(here: Path, output: str) -> None:
    Path("text").write_bytes(TEXT)
    command = f"{' '.join(ARZIP)} -f text -o {output}"
    script = f"(printf before; {command} 3>&1; printf behind) >> out"
    done = run(["sh", "-c", f"printf first > out; {script}"])
    assert (done.returncode, done.stderr) == (0, b"")
    assert Path("out").read_bytes() == b"firstbefore" + arzip.compress(TEXT) + b"behind"


@pytest.mark.parametrize("content", [TEXT, arzip.compress(TEXT)], ids=["plain", "compressed"])
def test_a_file_may_come_byte_by_byte(here: Path, content: bytes) -> None:
    with subprocess.Popen(
        [*ARZIP, "-dcf"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        for byte in content[:4]:
            process.stdin.write(bytes([byte]))
            process.stdin.flush()
            time.sleep(0.2)
        process.stdin.write(content[4:])
        process.stdin.close()
        assert process.stdout.read() == TEXT


def test_a_file_is_compared_from_where_it_began(here: Path) -> None:
    Path("text.arz").write_bytes(b"a line\n" + arzip.compress(TEXT))
    done = run(["sh", "-c", f"(read line; {' '.join(ARZIP)} -d --verify -o text) < text.arz"])
    assert (done.returncode, done.stderr) == (0, b"")
    assert Path("text").read_bytes() == TEXT


@pytest.mark.parametrize("name", ["unarz", "arzcat"])
def test_programs_say_what_they_do(here: Path, name: str) -> None:
    assert b"\n  Decompress each FILE" in run([*program(name), "--help"]).stdout


@pytest.mark.parametrize(("redirections", "status"), [("<&-", 1), (">&-", 1), ("2>&-", 0)])
def test_closed_standard_streams(here: Path, redirections: str, status: int) -> None:
    Path("text").write_bytes(TEXT)
    command = " ".join(ARZIP)
    arguments = "-cv -" if redirections == "<&-" else "-cv text"
    done = run(["sh", "-c", f"{command} {arguments} {redirections}"])
    assert done.returncode == status
    assert b"Traceback" not in done.stderr
    if status == 0:
        assert done.stdout == arzip.compress(TEXT), "messages must not end up in the output"
    assert run(["sh", "-c", f"{command} nosuch 2>&-"]).returncode == 1


def test_compressed_data_stays_off_the_terminal(here: Path) -> None:
    Path("text").write_bytes(TEXT)
    for arguments in (["-c", "text"], [], ["compress"]):
        status, shown = in_terminal([*ARZIP, *arguments])
        assert status == 1
        assert b"not written to a terminal" in shown
        assert b"\xe1rz" not in shown
    status, shown = in_terminal([*ARZIP, "-cf", "text"])
    assert (status, shown[:3]) == (0, b"\xe1rz")


def test_compressed_data_is_not_read_from_a_terminal(here: Path) -> None:
    for arguments in (["-d"], ["-df"], ["-t"], ["cat"]):
        status, shown = in_terminal([*ARZIP, *arguments], stdout=subprocess.DEVNULL)
        assert status == 1
        assert b"not read from a terminal" in shown


def test_decompressed_data_may_go_to_the_terminal(here: Path) -> None:
    Path("text.arz").write_bytes(arzip.compress(b"hello\n"))
    assert in_terminal([*program("arzcat"), "text.arz"]) == (0, b"hello\r\n")


@pytest.mark.parametrize("options", [[], ["--no-progress"], ["-q"]])
def test_progress_of_long_work_on_a_terminal(here: Path, options: list[str]) -> None:
    os.mkfifo("fifo")
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, b"\x18\x00\x50\x00\0\0\0\0")
    command = [*ARZIP, *options, "-f", "-o", "out.arz", "fifo"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=terminal)
    os.close(terminal)
    with open("fifo", "wb") as fifo:
        fifo.write(TEXT)
        fifo.flush()
        shown = bool(select.select([controller], [], [], 2.5 if options else PATIENCE)[0])
    rest = rest_of(controller)  # a terminal that nobody reads is waited for
    assert process.wait(PATIENCE) == 0
    assert shown != bool(options)
    assert (b"\x1b[?25h" in rest) == shown, "the cursor is shown again"
    os.close(controller)


def test_no_progress_away_from_a_terminal(here: Path) -> None:
    os.mkfifo("fifo")
    command = [*ARZIP, "--progress", "-f", "-o", "out.arz", "fifo"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    with open("fifo", "wb") as fifo:
        fifo.write(TEXT)
        fifo.flush()
        assert process.stderr
        assert not select.select([process.stderr], [], [], 1.5)[0]
    assert process.communicate(timeout=PATIENCE) == (None, b"")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(here: Path) -> None:
    Path("text").write_bytes(TEXT)
    os.chmod("text", 0)
    assert run([*ARZIP, "text"]).stderr == b"arzip: text: Permission denied\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_owner_is_carried_over_by_root(here: Path) -> None:
    Path("text").write_bytes(TEXT)
    os.chown("text", 1234, 5678)
    assert run([*ARZIP, "text"]).returncode == 0
    status = os.stat("text.arz")
    assert (status.st_uid, status.st_gid) == (1234, 5678)


def test_debug_shows_the_traceback(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert b"Traceback" not in run([*ARZIP, "nosuch"]).stderr
    monkeypatch.setenv("ARZIP_DEBUG", "1")
    assert b"Traceback" in run([*ARZIP, "nosuch"]).stderr


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_starts_quickly_and_without_heavy_imports(here: Path, option: str) -> None:
    code = (
        "import sys; from arzip.cli.group import cli\n"
        f"cli.main([{option!r}], standalone_mode=False)\n"
        "print([name for name in ('numpy', 'numba', 'rich', 'torch') if name in sys.modules])"
    )
    assert run([sys.executable, "-c", code]).stdout.endswith(b"[]\n")
    assert min(_seconds([*ARZIP, option]) for _ in range(3)) < 0.4  # 0.1 on a machine at rest


def _seconds(command: list[str]) -> float:
    """Of CPU time: other work on the machine counts less in that."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
