"""One measurement and plans of them, with small programs in the place of compressors."""

import os
import shlex
import sys
import time
from pathlib import Path

import click
import pytest

import compressors
import measuring
from compressors import Compressor
from measuring import Item, Plan, Terms, measure, turns
from results import MISSING, OK, Row

PYTHON = shlex.quote(sys.executable)
COPY = "cp {in} {out}"


def command(name: str, compress: str = COPY, decompress: str = COPY) -> Compressor:
    return compressors.from_command(f"{name}={compress} :: {decompress}")


@pytest.fixture
def item(tmp_path: Path) -> Item:
    path = tmp_path / "some text"
    path.write_bytes(b"to be or not to be " * 50)
    return Item("corpus", "text", path, path.stat().st_size)


def test_a_round_trip(item: Item) -> None:
    row = measure(command("copy"), item, repeat=2)
    assert (row.corpus, row.file, row.compressor, row.repeat) == ("corpus", "text", "copy", 2)
    assert row.status == OK
    assert row.compressed == row.bytes == item.size
    assert row.bits_per_byte == 8.0
    assert row.compress_seconds > 0 and row.decompress_seconds > 0


def test_gzip_writes_standard_output(item: Item) -> None:
    row = measure(compressors.named("gzip"), item)
    assert row.status == OK
    assert row.compressed < row.bytes / 5
    assert row.version and row.package_bytes > 10_000 and row.model_bytes == 0


@pytest.mark.parametrize(
    ("compressor", "status"),
    [
        (command("wrong", decompress="head -c 9 {in}"), "wrong: other bytes came back"),
        (command("failing", compress="sh -c 'echo no >&2; exit 3' {in}"), "failed: no"),
        (command("silent", compress="false {in}"), "failed: it ended with status 1"),
        (command("killed", compress="sh -c 'kill -9 $$' {in}"), "failed: it ended with status -9"),
        (command("missing", compress="/no/such/program {in}"), MISSING),
    ],
    ids=lambda value: value.name if isinstance(value, Compressor) else "",
)
def test_what_goes_wrong_is_a_row_that_says_so(
    item: Item, compressor: Compressor, status: str
) -> None:
    row = measure(compressor, item)
    assert row.status == status
    assert row.compressed == 0


def test_what_takes_too_long_is_ended(item: Item) -> None:
    start = time.monotonic()
    row = measure(command("sleeping", compress="sh -c 'sleep 60' {in}"), item, timeout=0.3)
    assert row.status == "failed: it took too long"
    assert time.monotonic() - start < 30


def test_peak_memory_is_the_command_s_own(item: Item) -> None:
    """Of the process alone, however large the one that measures it is."""
    ballast = bytearray(200 << 20)
    ballast[::4096] = b"x" * len(ballast[::4096])
    script = "import sys; b = b'x' * (100 << 20); print(open(sys.argv[1]).read(), end='')"
    large = f"{PYTHON} -S -c {shlex.quote(script)} {{in}}"
    row = measure(command("large", compress=large), item)
    assert row.status == OK
    assert 100 << 20 <= row.compress_peak < 180 << 20
    small = measure(command("small"), item)
    assert 0 < small.compress_peak < 50 << 20
    assert len(ballast) == 200 << 20


def test_it_runs_on_the_core_that_it_was_given(item: Item) -> None:
    core = max(os.sched_getaffinity(0))
    script = "import os, sys; print('?'); sys.exit(len(os.sched_getaffinity(0)) - 1)"
    lone = command("lone", compress=f"{PYTHON} -S -c {shlex.quote(script)} {{in}}")
    assert measure(lone, item, core=str(core)).status == "wrong: other bytes came back"
    if len(os.sched_getaffinity(0)) > 1:
        assert measure(lone, item).status.startswith("failed")


@pytest.mark.parametrize(
    "text", ["", "a", "a=b {in}", "a=b {in} :: c", "a=b :: c {in}", "=b {in} :: c {in}"]
)
def test_a_command_without_its_parts_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="NAME=COMPRESS"):
        compressors.from_command(text)


@pytest.mark.parametrize("text", ["xz=a {in} :: b {in}", "arzip-x=a {in} :: b {in}"])
def test_a_command_cannot_take_another_s_name(text: str) -> None:
    with pytest.raises(click.BadParameter, match="another compressor"):
        compressors.from_command(text)


def test_names_of_compressors() -> None:
    wide = compressors.named("arzip-swift-T2")
    assert (wide.model, wide.threads) == ("swift", 2)
    assert wide.least > 1 << 24
    swift, base, top = (
        compressors.named(f"arzip-{name}").model_bytes for name in ("swift", "base", "max")
    )
    assert 100_000 < swift < base < top  # each holds what the one before does
    for name in ("nothing", "arzip-nothing", "arzip-swift-Tx"):
        with pytest.raises(click.BadParameter, match=name):
            compressors.named(name)


def test_compressors_take_turns_on_each_file(item: Item) -> None:
    small = item._replace(name="small", size=1)
    order = list(turns([small, item], [command("a"), command("b")], 2))
    assert [(turn.item.name, turn.compressor.name, turn.repeat) for turn in order] == [
        (name, compressor, repeat)
        for name in ("text", "small")
        for repeat in (1, 2)
        for compressor in ("a", "b")
    ]


def measured(plan: Plan) -> list[Row]:
    rows: list[Row] = []
    plan.measure(lambda turn, row: rows.append(row) if row else None)
    return rows


def test_short_measurements_are_repeated_and_long_ones_not(item: Item) -> None:
    slow = command("slow", compress="sh -c 'sleep 0.4; cp $0 $1' {in} {out}")
    plan = Plan([item], [command("quick"), slow], [], Terms(repeats=3, repeat_within=0.3))
    counts = [row.compressor for row in measured(plan)]
    assert counts.count("slow") == 1
    assert 1 <= counts.count("quick") <= 3  # a busy machine may make it slow as well


def test_what_is_done_is_not_done_again(item: Item) -> None:
    copy = command("copy")
    done = measured(Plan([item], [copy], [], Terms(repeats=1)))
    assert Plan([item], [copy], done, Terms(repeats=1)).turns == []
    failed = [Row("corpus", "text", "copy", "", 1, "failed: no", item.size)]
    assert len(Plan([item], [copy], failed, Terms(repeats=1)).turns) == 1
    older = [Row("corpus", "text", "copy", "0.9", 1, OK, item.size, item.size)]
    assert len(Plan([item], [copy], older, Terms(repeats=1)).turns) == 1


def test_several_threads_are_measured_alone_on_large_files_only(item: Item) -> None:
    wide = compressors.named("arzip-swift-T2")
    large = item._replace(size=wide.least)
    assert [turn.item for turn in turns([item, large], [wide], 1)] == [large]
    assert measuring.ANY_CORE == "-"
