"""The shell commands as click sees them: names, options, refusals, exit statuses; in one process.

What only a process shows (signals, pipes, terminals) is in test_cli_process.py.
"""

import json
import os
import random
import re
import stat
import threading
from pathlib import Path
from typing import Any

import golden
import pytest
from click.testing import CliRunner, Result

import arzip
from arzip.cli.files import transfer
from arzip.cli.group import cli
from arzip.cli.gzip_form import gzip_form
from arzip.cli.settings import Settings
from arzip.format.layout import MAX_SEGMENT
from arzip.models import registry
from arzip.streams.compressor import DEFAULT_SEGMENT

TEXT = b"".join(b"%d bottles of beer on the wall\n" % n for n in range(99, 0, -1))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory, which is the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ARZIP_OPT", raising=False)
    return tmp_path


@pytest.fixture
def text(here: Path) -> Path:
    """A file named `text`."""
    path = here / "text"
    path.write_bytes(TEXT)
    return path


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    """What is compiled before the first test says nothing during one."""
    for name in registry.names():
        for direction in ("encode", "decode"):
            registry.load(name).prove(direction)


@pytest.fixture(scope="session")
def compressed() -> bytes:
    """What TEXT is compressed to."""
    return arzip.compress(TEXT)


@pytest.fixture
def packed(here: Path, compressed: bytes) -> Path:
    """A file named `text.arz`, without `text`."""
    path = here / "text.arz"
    path.write_bytes(compressed)
    return path


def run(*arguments: str, input: bytes = b"", env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(cli, arguments, input=input, env=env, prog_name="arzip")


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_compresses_beside_the_file_and_keeps_it(text: Path, compressed: bytes) -> None:
    result = run("text")
    assert (result.exit_code, result.output) == (0, "")
    assert text.read_bytes() == TEXT
    assert Path("text.arz").read_bytes() == compressed


@pytest.mark.parametrize("arguments", [["-d"], ["decompress"], ["-dk"], ["--decompress", "--keep"]])
def test_decompresses_beside_the_file_and_keeps_it(packed: Path, arguments: list[str]) -> None:
    result = run(*arguments, "text.arz")
    assert (result.exit_code, result.output) == (0, "")
    assert names(packed.parent) == ["text", "text.arz"]
    assert Path("text").read_bytes() == TEXT


@pytest.mark.parametrize("arguments", [[], ["-"], ["-c"], ["compress"], ["compress", "-"]])
def test_standard_input_goes_to_standard_output(
    here: Path, compressed: bytes, arguments: list[str]
) -> None:
    result = run(*arguments, input=TEXT)
    assert (result.exit_code, result.stdout_bytes) == (0, compressed)
    assert names(here) == []


@pytest.mark.parametrize("arguments", [["-d"], ["-dc", "-"], ["decompress"], ["cat"]])
def test_compressed_standard_input(compressed: bytes, here: Path, arguments: list[str]) -> None:
    result = run(*arguments, input=compressed)
    assert (result.exit_code, result.stdout_bytes) == (0, TEXT)


def test_stdout_gets_one_file_after_the_other(text: Path, compressed: bytes) -> None:
    Path("more").write_bytes(b"more")
    result = run("-c", "text", "more")
    assert names(text.parent) == ["more", "text"]
    assert arzip.decompress(result.stdout_bytes) == TEXT + b"more"
    assert run("-d", input=result.stdout_bytes).stdout_bytes == TEXT + b"more"


@pytest.mark.parametrize("data", [b"", b"x", bytes(100_000), os.urandom(10_000)])
def test_round_trip_of_odd_data(here: Path, data: bytes) -> None:
    Path("odd").write_bytes(data)
    assert run("--rm", "odd").exit_code == 0
    assert names(here) == ["odd.arz"]
    assert run("-d", "--rm", "odd.arz").exit_code == 0
    assert names(here) == ["odd"]
    assert Path("odd").read_bytes() == data


def test_output_option(text: Path) -> None:
    assert run("-o", "elsewhere", "text").exit_code == 0
    assert run("-d", "-o", "again", "elsewhere").exit_code == 0
    assert Path("again").read_bytes() == TEXT
    assert run("-d", "-o", "-", "elsewhere").stdout_bytes == TEXT
    assert run("-o", "piped", input=TEXT).exit_code == 0
    assert names(text.parent) == ["again", "elsewhere", "piped", "text"]


def test_output_option_takes_one_input(text: Path) -> None:
    for arguments in (["-o", "x", "text", "text"], ["-r", "-o", "x", "."]):
        result = run(*arguments)
        assert result.exit_code == 2
        assert "-o takes one input" in result.stderr


def test_output_that_is_the_input_is_refused(text: Path) -> None:
    result = run("-f", "-o", "text", "text")
    assert result.exit_code == 1
    assert "would replace the input" in result.stderr
    assert text.read_bytes() == TEXT
    assert names(text.parent) == ["text"]


def test_output_to_a_device_leaves_the_device(text: Path) -> None:
    assert run("-f", "-o", "/dev/null", "--rm", "text").exit_code == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert text.exists(), "nothing was kept, so the source must be"


def test_existing_output_is_refused_without_force(text: Path) -> None:
    Path("text.arz").write_bytes(b"precious")
    result = run("text")
    assert result.exit_code == 1
    assert result.stderr == "arzip: text: text.arz exists; use -f to overwrite it\n"
    assert Path("text.arz").read_bytes() == b"precious"
    assert run("-f", "text").exit_code == 0
    assert run("-t", "text.arz").exit_code == 0


def test_output_that_is_a_directory_is_refused(text: Path) -> None:
    Path("text.arz").mkdir()
    assert run("-f", "text").exit_code == 1
    assert names(text.parent) == ["text", "text.arz"]


def test_file_that_is_already_compressed_is_skipped(packed: Path) -> None:
    result = run("text.arz")
    assert result.exit_code == 2
    assert "already ends in .arz" in result.stderr
    assert names(packed.parent) == ["text.arz"]
    assert run("-c", "text.arz").exit_code == 0


@pytest.mark.parametrize(
    ("name", "what"),
    [("text.gz", "does not end in"), ("text", "does not end in"), (".arz", "has no name but")],
)
def test_unknown_suffix_is_skipped(here: Path, compressed: bytes, name: str, what: str) -> None:
    Path(name).write_bytes(compressed)
    result = run("-d", name)
    assert result.exit_code == 2
    assert f"{what} .arz" in result.stderr
    assert run("-dc", name).stdout_bytes == TEXT


def test_links_are_removed_only_by_force(text: Path) -> None:
    Path("soft").symlink_to("text")
    Path("hard").hardlink_to("text")
    result = run("-1", "--rm", "soft", "hard")
    assert result.exit_code == 2
    assert "soft: is a symbolic link, and --rm would remove it; use -f" in result.stderr
    assert "hard: has 1 more hard link(s), so --rm frees nothing; use -f" in result.stderr
    assert names(text.parent) == ["hard", "soft", "text"]
    assert run("-1", "--rm", "-f", "soft", "hard").exit_code == 0
    assert names(text.parent) == ["hard.arz", "soft.arz", "text"]


def test_links_are_read_where_nothing_is_removed(text: Path) -> None:
    Path("soft").symlink_to("text")
    Path("hard").hardlink_to("text")
    assert run("-1", "soft", "hard").exit_code == 0
    assert names(text.parent) == ["hard", "hard.arz", "soft", "soft.arz", "text"]
    assert not Path("soft.arz").is_symlink()


def test_force_replaces_a_link_in_the_way_and_not_what_it_leads_to(text: Path) -> None:
    Path("precious").write_bytes(b"precious")
    Path("text.arz").symlink_to("precious")
    assert run("text").exit_code == 1
    assert run("-f", "text").exit_code == 0
    assert Path("precious").read_bytes() == b"precious"
    assert not Path("text.arz").is_symlink()


def test_fifo_is_skipped_where_its_name_would_be_the_outputs(here: Path) -> None:
    os.mkfifo("fifo")
    for arguments in (["fifo"], ["--rm", "-o", "out", "fifo"]):
        result = run(*arguments)
        assert result.exit_code == 2
        assert "not a regular file; use -c or -o" in result.stderr
        assert names(here) == ["fifo"]


@pytest.mark.parametrize("arguments", [["-c"], ["-o", "out"]])
def test_fifo_is_read_where_the_output_has_a_name(here: Path, arguments: list[str]) -> None:
    os.mkfifo("fifo")
    writer = threading.Thread(target=Path("fifo").write_bytes, args=(TEXT,))
    writer.start()
    result = run("-1", *arguments, "fifo")
    writer.join()
    assert result.exit_code == 0
    written = result.stdout_bytes if arguments == ["-c"] else Path("out").read_bytes()
    assert arzip.decompress(written) == TEXT


def test_directories(text: Path) -> None:
    folder = Path("folder", "deeper")
    folder.mkdir(parents=True)
    folder.joinpath("a").write_bytes(TEXT)
    folder.joinpath("link").symlink_to("a")
    folder.joinpath("b.arz").write_bytes(b"left alone")
    result = run("folder", "text")
    assert result.exit_code == 2
    assert "is a directory; use -r" in result.stderr
    assert Path("text.arz").exists(), "the next file still has its turn"
    assert run("-r", "folder").exit_code == 0
    assert names(folder) == ["a", "a.arz", "b.arz", "link"]
    folder.joinpath("b.arz").unlink()
    assert run("-rt", "folder").exit_code == 0
    assert run("-rd", "-f", "folder").exit_code == 0


def test_goes_on_after_an_error(text: Path) -> None:
    result = run("missing", "text")
    assert result.exit_code == 1
    assert result.stderr == "arzip: missing: No such file or directory\n"
    assert names(text.parent) == ["text", "text.arz"]


def test_an_error_outweighs_a_warning(text: Path) -> None:
    Path("folder").mkdir()
    assert run("folder", "missing").exit_code == 1
    assert run("missing", "folder").exit_code == 1


def test_quiet(here: Path) -> None:
    Path("folder").mkdir()
    result = run("-q", "folder", "missing")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    result = run("-qq", "folder", "missing")
    assert (result.exit_code, result.output) == (1, "")


def test_mode_and_times_are_carried_over(text: Path) -> None:
    os.chmod("text", 0o640)
    os.utime("text", ns=(1_000_000_000, 2_000_000_001))
    assert run("--rm", "text").exit_code == 0
    assert run("-d", "text.arz").exit_code == 0
    for path in ("text", "text.arz"):
        status = os.stat(path)
        assert stat.S_IMODE(status.st_mode) == 0o640
        assert status.st_mtime_ns == 2_000_000_001


def test_set_user_id_is_not_carried_over(text: Path) -> None:
    os.chmod("text", 0o4755)
    assert run("text").exit_code == 0
    assert stat.S_IMODE(os.stat("text.arz").st_mode) == 0o755


def test_output_of_standard_input_has_the_usual_mode(here: Path) -> None:
    mask = os.umask(0o027)
    try:
        assert run("-o", "new", input=TEXT).exit_code == 0
    finally:
        os.umask(mask)
    assert stat.S_IMODE(os.stat("new").st_mode) == 0o640


def test_rm_keeps_the_source_when_the_output_is_standard_output(text: Path) -> None:
    assert run("--rm", "-c", "text").exit_code == 0
    assert text.exists()


def test_keep_after_rm_wins(text: Path) -> None:
    assert run("--rm", "-k", "text").exit_code == 0
    assert text.exists()


def test_verify(text: Path) -> None:
    assert run("--verify", "text").exit_code == 0
    assert run("-d", "-f", "--verify", "text.arz").exit_code == 0
    assert run("--verify", "-c", "text").exit_code == 0
    assert run("--verify", input=TEXT).exit_code == 0


@pytest.mark.parametrize("option", ["--rm", "--verify"])
def test_output_that_does_not_decode_to_the_input_is_not_kept(
    text: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    wrong = arzip.compress(b"something else")
    monkeypatch.setattr("arzip.streams.compressor.ArzipCompressor.flush", lambda self: wrong)
    result = run(option, "text")
    assert result.exit_code == 1
    assert "does not decode to the input" in result.stderr
    assert names(text.parent) == ["text"]


def test_rm_keeps_a_source_that_changed_meanwhile(
    text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush = arzip.ArzipCompressor.flush

    def append_and_flush(self: arzip.ArzipCompressor) -> bytes:
        with text.open("ab") as file:
            file.write(b"a late line\n")
        return flush(self)

    monkeypatch.setattr("arzip.streams.compressor.ArzipCompressor.flush", append_and_flush)
    result = run("--rm", "text")
    assert result.exit_code == 1
    assert "changed while it was read" in result.stderr
    assert text.exists()


def test_output_that_appears_meanwhile_is_not_overwritten(
    text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush = arzip.ArzipCompressor.flush

    def interfere_and_flush(self: arzip.ArzipCompressor) -> bytes:
        Path("text.arz").write_bytes(b"precious")
        return flush(self)

    monkeypatch.setattr("arzip.streams.compressor.ArzipCompressor.flush", interfere_and_flush)
    assert run("text").exit_code == 1
    assert Path("text.arz").read_bytes() == b"precious"
    assert names(text.parent) == ["text", "text.arz"]


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(28, "No space left on device"),
        RuntimeError("a\nb"),
        ZeroDivisionError(),
    ],
)
def test_unexpected_errors_are_one_line_and_leave_nothing(
    text: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(self: arzip.ArzipCompressor) -> bytes:
        raise error

    monkeypatch.setattr("arzip.streams.compressor.ArzipCompressor.flush", fail)
    result = run("text")
    assert result.exit_code == 1
    assert result.stderr.startswith("arzip: text: ")
    assert result.stderr.count("\n") == 1
    assert names(text.parent) == ["text"]


def test_limits(packed: Path) -> None:
    result = run("-d", "--max-size", "1K", "text.arz")
    assert result.exit_code == 1
    assert "limit" in result.stderr
    assert names(packed.parent) == ["text.arz"]
    assert run("-t", "--max-size", "1MiB", "text.arz").exit_code == 0
    assert run("-t", "--max-memory", "10", "text.arz").exit_code == 1
    assert run("-t", "--max-size", "many", "text.arz").exit_code == 2


@pytest.mark.parametrize("level", ["-1", "-6", "-9", "--fast", "--best"])
def test_levels(text: Path, level: str) -> None:
    assert run(level, "text").exit_code == 0
    assert run("-t", "text.arz").exit_code == 0


@pytest.mark.parametrize(
    ("environment", "arguments", "model"),
    [
        ("", ["-m", "swift", "-9"], "max"),
        ("", ["-9", "-m", "swift"], "swift"),
        ("", ["-9", "-1"], "fast"),
        ("", ["-1", "--best"], "max"),
        ("-m swift", ["-7"], "base"),
        ("-9", ["-m", "swift"], "swift"),
        ("-1", [], "fast"),
        ("-m swift", [], "swift"),
        ("", [], "base"),
    ],
)
def test_the_last_of_a_model_and_a_level_counts(
    text: Path, environment: str, arguments: list[str], model: str
) -> None:
    for command in ([], ["compress"]):
        done = run(*command, *arguments, "-f", "text", env={"ARZIP_OPT": environment})
        assert done.exit_code == 0, done.stderr
        assert f" {model} " in run("list", "text.arz").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["-c", "-o", "out"],
        ["-c", "--output-dir-flat", "out"],
        ["-o", "out", "--output-dir-mirror", "out"],
        ["--output-dir-flat", "out", "--output-dir-mirror", "out"],
    ],
)
def test_one_place_for_the_output(text: Path, arguments: list[str]) -> None:
    for mode in ("-z", "-d"):
        result = run(mode, *arguments, "text")
        assert result.exit_code == 2
        assert "choose one output" in result.stderr
    assert names(text.parent) == ["text"]


def test_compress_is_a_mode_as_well(text: Path, packed: Path) -> None:
    assert run("-d", "-z", "-1", "-f", "text").exit_code == 0
    assert run("--compress", "-t", "text.arz").exit_code == 0
    assert run("-z", "-1", "-f", "text", env={"ARZIP_OPT": "-d"}).exit_code == 0


def test_a_suffix_of_ones_own(text: Path) -> None:
    assert run("-1", "-S", ".z", "text").exit_code == 0
    text.unlink()
    assert run("-d", "text.z").exit_code == 2
    assert run("-d", "--suffix", ".z", "text.z").exit_code == 0
    assert text.read_bytes() == TEXT
    for suffix in ("", "a/b"):
        assert run("-S", suffix, "text").exit_code == 2


@pytest.mark.parametrize(("option", "end"), [("--files", b"\n"), ("--files0", b"\0")])
def test_names_in_a_file(text: Path, option: str, end: bytes) -> None:
    odd = "new\nline" if end == b"\0" else "a space"
    for name in ("one", odd):
        Path(name).write_bytes(TEXT)
    listed = b"one" + end + os.fsencode(odd) + end
    Path("list of names").write_bytes(listed)
    every = ["one.arz", f"{odd}.arz", "text.arz"]
    for arguments, given in ([f"{option}=list of names"], b""), ([option], listed):
        assert run("-1", *arguments, "--", "text", input=given).exit_code == 0
        for name in every:
            assert arzip.decompress(Path(name).read_bytes()) == TEXT
            Path(name).unlink()
    assert run("-1", option, input=b"").output == "", "no names are no files, not standard input"
    assert run("-1", f"{option}=nosuch").exit_code == 2


def test_a_word_behind_names_in_a_file_is_a_file(text: Path) -> None:
    Path("one").write_bytes(TEXT)
    assert run("-1", "--files", "text", input=b"one\n").exit_code == 0, "names come from the input"
    assert names(Path()) == ["one", "one.arz", "text", "text.arz"]


@pytest.mark.parametrize("threads", ["1", "3"])
def test_no_output_takes_the_place_of_another_of_the_same_run(here: Path, threads: str) -> None:
    contents = {}
    for name in ("one", "two"):
        Path(name).mkdir()
        Path(name, "f").write_bytes(content := name.encode() + TEXT)
        contents[name] = content
    to = ["--output-dir-flat", "out"]
    result = run("-1", "-f", "--rm", f"-T{threads}", *to, "one/f", "two/f")
    assert result.exit_code == 1
    assert "out/f.arz was made by this run already" in result.stderr
    (left,) = (name for name in contents if Path(name, "f").exists())
    made = arzip.decompress(Path("out/f.arz").read_bytes())
    assert {made, Path(left, "f").read_bytes()} == set(contents.values())
    assert run("-1", "-f", *to, f"{left}/f").exit_code == 0, "another run may replace it"


def test_a_model_has_a_name(text: Path) -> None:
    for arguments in (["-m", ""], ["-d", "-m", ""], ["score", "-m", ""]):
        result = run(*arguments, "text")
        assert result.exit_code == 2
        assert "name a model" in result.stderr


def test_a_stream_is_no_file_with_a_name(text: Path) -> None:
    result = run("-1", "/dev/stdin", input=TEXT)
    assert result.exit_code == 2
    assert "use -c or -o" in result.stderr


@pytest.mark.parametrize("command", ["eval", "score", "inspect", "bench"])
def test_no_advice_that_cannot_be_followed(text: Path, command: str) -> None:
    result = run(command, ".")
    assert "is a directory" in result.stderr
    assert "-r" not in result.stderr


def test_output_directories(here: Path) -> None:
    Path("in/deeper").mkdir(parents=True)
    Path("in/one").write_bytes(TEXT)
    Path("in/deeper/two").write_bytes(TEXT)
    assert run("-1", "-r", "--output-dir-flat", "flat", "in").exit_code == 0
    assert names(Path("flat")) == ["one.arz", "two.arz"]
    assert run("-1", "-r", "--output-dir-mirror", "mirror", "in").exit_code == 0
    assert Path("mirror/in/deeper/two.arz").exists()
    assert run("-d", "-r", "--output-dir-mirror", "back", "mirror").exit_code == 0
    assert Path("back/mirror/in/deeper/two").read_bytes() == TEXT
    absolute = str(Path("in/one").absolute())
    assert run("-1", "--output-dir-mirror", "mirror", absolute).exit_code == 0
    assert Path(f"mirror{absolute}.arz").exists()
    result = run("-1", "--output-dir-mirror", "../mirror", "../outside")
    assert result.exit_code != 0


def test_a_place_outside_cannot_be_mirrored(here: Path) -> None:
    Path("inner").mkdir()
    Path("text").write_bytes(TEXT)
    os.chdir("inner")
    result = run("-1", "--output-dir-mirror", "mirror", "../text")
    assert result.exit_code == 2
    assert "cannot be mirrored" in result.stderr
    assert names(here) == ["inner", "text"]


ZEROS = bytes(1 << 15)


@pytest.mark.parametrize(
    "data",
    [ZEROS, b"a" + ZEROS, ZEROS + b"a", TEXT + ZEROS + TEXT + ZEROS[:5000], bytes(100), b""],
    ids=len,
)
def test_zeros_take_no_room(here: Path, data: bytes) -> None:
    packed = arzip.compress(data, model="swift")
    Path("data.arz").write_bytes(packed)
    for options in ([], ["-o", "data"], ["--verify"]):
        assert run("-df", *options, "data.arz").exit_code == 0
        assert Path("data").read_bytes() == data
        assert 512 * Path("data").stat().st_blocks <= len(data.replace(ZEROS[:4096], b"")) + 16384
    assert run("-df", "--no-sparse", "data.arz").exit_code == 0
    assert Path("data").read_bytes() == data
    assert 512 * Path("data").stat().st_blocks >= len(data) // 2


def test_plain_data_passes_through(text: Path, packed: Path, compressed: bytes) -> None:
    assert run("-dcf", "text", "text.arz").stdout_bytes == TEXT + TEXT
    Path("short").write_bytes(b"ar")
    assert run("-dcf", "short").stdout_bytes == b"ar"
    assert run("-dc", "text").exit_code == 1
    assert run("-df", "-o", "out", "text").exit_code == 1
    packed.write_bytes(compressed[:-1] + b"!")
    assert run("-dcf", "text.arz").exit_code == 1


@pytest.mark.parametrize("threads", ["1", "3"])
def test_many_files_seem_to_be_done_one_after_the_other(here: Path, threads: str) -> None:
    sizes = [40_000, 100, 20_000, 3, 0, 9_000]
    for number, size in enumerate(sizes):
        Path(f"{number}").write_bytes((TEXT * 20)[:size])
    given = [str(number) for number in range(len(sizes))]
    given.insert(3, "nosuch")
    result = run("-1", "-v", "-T", threads, *given)
    assert result.exit_code == 1
    *lines, last = result.stderr.splitlines()
    assert [line.split(": ")[1] for line in lines] == given
    assert last.startswith(f"arzip: 6 files: {sum(sizes):,} -> ")
    packed = [f"{number}.arz" for number in range(len(sizes))]
    every = b"".join((TEXT * 20)[:size] for size in sizes)
    assert run("-dc", "-T", threads, *packed).stdout_bytes == every
    result = run("-t", "-v", "-T", threads, *packed)
    assert result.stderr.splitlines()[-1].startswith(f"arzip: 6 files: {sum(sizes):,} bytes")
    assert run("-1c", "-T", threads, *given[:3]).stdout_bytes == b"".join(
        Path(name).read_bytes() for name in packed[:3]
    )


def test_memory_is_limited_in_compressing_too(here: Path) -> None:
    data = random.Random(1).randbytes(8_000) * 8 + TEXT * 2
    Path("data").write_bytes(data)
    usual = run("-3", "-c", "data").stdout_bytes
    assert run("-3", "-c", "-M", "4G", "data").stdout_bytes == usual
    need = arzip.load_model("swift").memory_needed(len(data)) + 3 * len(data)
    for threads in ("1", "2", "0"):
        same = run("-3", "-c", "-T", threads, "-M", str(need), "data")
        assert same.stdout_bytes == usual, "fewer threads come before smaller segments"
    less = need * 4 // 5
    smaller = run("-3", "-c", "--memory", str(less), "data").stdout_bytes
    assert len(usual) < len(smaller)
    assert arzip.decompress(smaller, max_memory=less) == data
    result = run("-3", "-M", "1M", "data")
    assert result.exit_code == 1
    assert "more than the limit of 1,048,576" in result.stderr


@pytest.mark.parametrize("short", ["--decomp", "--unc", "--dec"])
def test_long_options_may_be_abbreviated(packed: Path, short: str) -> None:
    assert run(short, "--std", "text.arz").stdout_bytes == TEXT
    assert run("test", "--max-s=1", "text.arz").exit_code == 1
    for wrong, said in (
        ("--ver", "--verify or --verbose"),
        ("--nosuch", "No such option '--nosuch'"),
    ):
        result = run(wrong, "text.arz")
        assert result.exit_code == 2
        assert said in result.stderr
    assert run("-o", "--std", "--decompress", "text.arz").exit_code == 0
    assert Path("--std").read_bytes() == TEXT, "what an option takes is no option"


def test_a_file_that_is_called_as_a_command_is_told(text: Path, packed: Path) -> None:
    assert run("list", "text.arz").stderr == ""
    Path("list").write_bytes(TEXT)
    result = run("list", "text.arz")
    assert result.exit_code == 0
    assert "list is taken for the command: write ./list for the file" in result.stderr


def test_unknown_model(text: Path) -> None:
    result = run("-m", "nosuch", "text")
    assert result.exit_code == 1
    assert result.stderr.startswith("arzip: text: ")
    assert "nosuch" in result.stderr
    assert names(text.parent) == ["text"]


@pytest.mark.parametrize(
    ("size", "option", "segments"),
    [
        ((8 << 20) + 1, "-T1", 1),
        ((8 << 20) + 1, "-T2", 2),
        ((8 << 20) + 1, "-T3", 2),
        (8 << 20, "-T2", 1),
        ((64 << 20) + 1, "-T2", 3),
    ],
)
def test_several_threads_have_two_segments_at_least(
    here: Path, size: int, option: str, segments: int
) -> None:
    (here / "zeros").write_bytes(bytes(size))
    assert run("-1", option, "zeros").exit_code == 0
    assert json.loads(run("list", "--json", "zeros.arz").stdout)[0]["segments"] == segments
    assert run("-t", option, "zeros.arz").exit_code == 0


def test_a_compressed_file_by_itself_takes_all_threads(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However small it is: it may restore to many segments."""
    taken: list[int] = []
    decompress = transfer.decompress

    def noted(*arguments: Any, settings: Settings, **others: Any) -> int:
        taken.append(settings.threads)
        return decompress(*arguments, settings=settings, **others)

    monkeypatch.setattr(transfer, "decompress", noted)
    (here / "zeros").write_bytes(bytes(1 << 20))
    assert run("-1", "zeros").exit_code == 0
    assert run("-t", "-T2", "zeros.arz").exit_code == 0
    assert taken == [2]


def test_threads_do_not_change_the_output(text: Path, compressed: bytes) -> None:
    assert run("-c", "-T2", "text").stdout_bytes == compressed
    assert run("-c", "-T0", "text").stdout_bytes == compressed
    assert run("-T", "-1", "text").exit_code == 2


def test_segment_size(text: Path) -> None:
    assert run("--segment-size", "1K", "text").exit_code == 0
    (listed,) = json.loads(run("list", "--json", "text.arz").stdout)
    assert listed["segments"] == -(-text.stat().st_size // 1024)
    assert run("-f", "--segment-size", str(MAX_SEGMENT), "text").exit_code == 0
    assert f"[{DEFAULT_SEGMENT >> 20}MiB]" in run("--help").stdout
    for size in ("0", str(MAX_SEGMENT + 1)):
        result = run("--segment-size", size, "text")
        assert result.exit_code == 2
        assert "1 to 64MiB" in result.stderr


def test_verbose_says_where_the_bits_go(text: Path) -> None:
    result = run("-v", "text")
    assert result.stderr.startswith(f"arzip: text: {len(TEXT):,} -> ")
    for part in ("%", "bits/byte", "of the model +", "MB/s"):
        assert part in result.stderr
    assert result.stderr.count("\n") == 1
    assert "ok" in run("-tv", "text.arz").stderr
    assert run("-dfv", "text.arz").stderr.count("\n") == 1


def test_names_that_start_with_a_dash(here: Path) -> None:
    Path("-d").write_bytes(TEXT)
    assert run("--", "-d").exit_code == 0
    assert names(here) == ["-d", "-d.arz"]
    assert run("-t", "--", "-d.arz").exit_code == 0


def test_a_first_word_that_is_a_command_is_the_command(text: Path) -> None:
    Path("eval").write_bytes(TEXT)
    assert run("eval").exit_code == 2, "the command misses its FILE"
    assert run("./eval").exit_code == 0
    assert run("-v", "eval").exit_code == 1, "the file, whose output exists"
    assert names(text.parent) == ["eval", "eval.arz", "text"]


def test_list(packed: Path, compressed: bytes) -> None:
    Path("two.arz").write_bytes(compressed + arzip.compress(b"aaa"))
    result = run("list", "--json", "text.arz", "two.arz")
    assert result.exit_code == 0
    first, second = json.loads(result.stdout)
    assert first["file"] == "text.arz"
    assert (first["frames"], first["segments"]) == (1, 1)
    assert (first["file_bytes"], first["bytes"]) == (len(compressed), len(TEXT))
    assert first["models"] == ["base"]
    assert (second["frames"], second["bytes"]) == (2, len(TEXT) + 3)
    table = run("-l", "text.arz", "two.arz").stdout.splitlines()
    assert len(table) == 4
    assert table[-1].endswith("2 files")
    assert run("list", "text.arz").exit_code == 0
    assert run("-l", "missing").exit_code == 1
    assert run("-l", input=compressed).exit_code == 1


def test_list_tells_how_bytes_are_read(here: Path) -> None:
    picture = golden.inputs()["bitmap"]
    Path("text.arz").write_bytes(arzip.compress(TEXT, model="swift"))
    Path("both.arz").write_bytes(
        arzip.compress(TEXT, model="swift") + arzip.compress(picture, model="swift")
    )
    plain, both = json.loads(run("list", "-v", "--json", "text.arz", "both.arz").stdout)
    assert plain["readings"] == {"text": len(TEXT)}
    assert both["readings"] == {"text": len(TEXT), "bitmap": len(picture)}
    assert json.loads(run("list", "--json", "text.arz").stdout)[0]["readings"] is None
    shown = f"bitmap: {len(picture):,}, text: {len(TEXT):,}"
    assert shown in run("list", "-v", "both.arz").stdout
    assert shown in run("-lv", "both.arz").stdout
    assert "bitmap" not in run("list", "both.arz").stdout


def test_eval_tells_what_each_reading_takes(here: Path) -> None:
    picture = golden.inputs()["bitmap"]
    Path("picture").write_bytes(picture)
    report = json.loads(run("eval", "-1", "--json", "picture").stdout)
    assert report["readings"]["bitmap"]["bytes"] == len(picture)
    part = report["readings"]["bitmap"]["cross_entropy"]
    assert part == pytest.approx(report["cross_entropy"], rel=0.02)
    assert re.search(r"bitmap +19,200 +0\.\d{4} +picture", run("eval", "-1", "picture").stdout)


def test_eval(text: Path, compressed: bytes) -> None:
    result = run("eval", "text", "--json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert report["file"] == "text"
    assert report["bytes"] == len(TEXT)
    assert report["file_bytes"] == len(compressed)
    total = report["nll_nats"] / 0.6931471805599453 + sum(report["overhead_bits"].values())
    assert total == pytest.approx(8 * len(compressed))
    assert len(run("eval", "--json", "text", "-", input=b"x").stdout.splitlines()) == 2
    assert "text" in run("eval", "text").stdout
    assert run("eval", "missing").exit_code == 1


def test_models(here: Path) -> None:
    rows = json.loads(run("models", "--json").stdout)
    assert {row["name"]: row["levels"] for row in rows} == {
        "fast": [1, 2],
        "swift": [3, 4],
        "base": [5, 6, 7],
        "max": [8, 9],
    }
    assert "swift" in run("models").stdout


def test_models_in_files(here: Path) -> None:
    (built_in,) = Path(registry.__file__).parent.glob("weights/swift.safetensors")
    Path("mine.safetensors").write_bytes(built_in.read_bytes())
    result = run("models", "--json", "mine.safetensors")
    assert result.exit_code == 0
    *built_ins, mine = json.loads(result.stdout)
    assert [row["name"] for row in built_ins] == registry.names()
    assert (mine["file"], mine["levels"]) == ("mine.safetensors", [])
    same = built_ins[registry.names().index("swift")]
    assert mine == {**same, "file": "mine.safetensors", "levels": []}
    assert (
        "-m mine.safetensors\n    digest: " + same["digest"]
        in run("models", "mine.safetensors").stdout
    )
    Path("damaged.safetensors").write_bytes(built_in.read_bytes()[:-1])
    result = run("models", "damaged.safetensors", "nosuch")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 2
    assert "swift" in result.stdout


def test_list_names_the_checks(here: Path) -> None:
    compressor = arzip.ArzipCompressor("swift", segment_size=1000)
    long = compressor.compress(TEXT) + compressor.flush()
    Path("long.arz").write_bytes(long)
    Path("both.arz").write_bytes(long + arzip.compress(b""))
    listed = json.loads(run("list", "--json", "long.arz", "both.arz").stdout)
    assert [row["checks"] for row in listed] == [["XXH64"], ["XXH64", "XXH64/32"]]
    assert "XXH64,XXH64/32" in run("-l", "both.arz").stdout


def test_environment_holds_default_options(text: Path) -> None:
    assert run("text", env={"ARZIP_OPT": "-v"}).stderr.count("\n") == 1
    assert run("compress", "text", env={"ARZIP_OPT": "-fv"}).stderr.count("\n") == 1
    assert run("--keep", "-f", "text", env={"ARZIP_OPT": "--rm"}).exit_code == 0
    assert text.exists(), "the command line wins"
    result = run("text", env={"ARZIP_OPT": "--nosuch"})
    assert result.exit_code == 2
    assert "ARZIP_OPT: No such option" in result.stderr
    assert run("text", env={"ARZIP_OPT": "'"}).exit_code == 2


def test_unarz_and_arzcat_are_the_form(packed: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(gzip_form, ["-dc", "text.arz"]).stdout_bytes == TEXT
    assert runner.invoke(gzip_form, ["-d", "text.arz"], env={"ARZIP_OPT": "-v"}).stderr != ""
    assert Path("text").read_bytes() == TEXT


def test_help_shows_the_form_and_the_commands(here: Path) -> None:
    for arguments in (["--help"], ["-h"], ["-d", "-h"]):
        result = run(*arguments)
        assert result.exit_code == 0
        assert result.stdout.startswith("Usage: arzip [OPTIONS] [FILE]...\n")
        for word in ("--decompress", "--max-size", "eval", "models"):
            assert word in result.stdout
    assert run("list", "-h").stdout.startswith("Usage: arzip list [OPTIONS] FILE...\n")


def test_version() -> None:
    for option in ("-V", "--version"):
        assert run(option).stdout == f"arzip {arzip.__version__}\n"


def bad_inputs(good: bytes) -> dict[str, bytes]:
    """Files that are not, or no longer, what arzip wrote."""
    flipped = {
        f"bit flipped at {at}": good[:at] + bytes([good[at] ^ 16]) + good[at + 1 :]
        for at in (0, 3, 4, 5, 8, 9, 10, 11, 20, len(good) // 2, len(good) - 4, len(good) - 1)
    }
    cut = {
        f"cut at {at}": good[:at] for at in (0, 1, 3, 4, 7, 9, 12, len(good) // 2, len(good) - 1)
    }
    return {
        **flipped,
        **cut,
        "text": TEXT,
        "gzip": b"\x1f\x8b\x08" + bytes(20),
        "zeros": bytes(1000),
        "noise": bytes(range(256)) * 3,
        "trailing text": good + b"and more",
        "half a second frame": good + good[: len(good) // 2],
        "endless number": good[:8] + b"\xff" * 40,
        "sent as text": good.decode("latin-1").encode("utf-8"),
    }


@pytest.mark.parametrize("arguments", [["-d"], ["-t"], ["-l"], ["cat"]])
def test_bad_input_is_an_error_of_one_line_and_no_output(
    here: Path, compressed: bytes, arguments: list[str]
) -> None:
    for what, data in bad_inputs(compressed).items():
        Path("bad.arz").write_bytes(data)
        result = run(*arguments, "bad.arz")
        if arguments == ["-l"] and result.exit_code == 0:
            continue  # payloads and checksums are not read
        assert result.exit_code == 1, what
        assert result.stderr.startswith("arzip: bad.arz: "), what
        assert result.stderr.count("\n") == 1, what
        assert "internal" not in result.stderr, (what, result.stderr)
        assert names(here) == ["bad.arz"], what


@pytest.mark.parametrize(
    "arguments",
    [
        ["x" * 300],
        ["no/such/folder"],
        ["-o", "no/such/folder", "text"],
        ["text/below"],
        [""],
        ["\n"],
        ["\x1b[2J"],
        ["x" * 253],
    ],
)
def test_bad_names_are_errors_of_one_line(text: Path, arguments: list[str]) -> None:
    if len(arguments[0]) == 253:
        Path(arguments[0]).write_bytes(TEXT)
    result = run(*arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("arzip: ")
    assert result.stderr.count("\n") == 1
    assert "\x1b" not in result.stderr
    assert "internal" not in result.stderr
    assert not any(name.endswith("tmp") for name in names(text.parent))
