"""What the bar says: of one file and of many, of work within a segment, of both directions."""

import io
import sys
import time

import pytest

from arzip.cli import progress
from arzip.cli.files import transfer
from arzip.cli.progress import Meter, Step
from arzip.streams.compressor import ArzipCompressor
from arzip.streams.decompressor import FramesDecompressor


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_steps_add_up() -> None:
    meter = Meter(1000, wanted=False, files=3)
    with meter.work("first", lambda: Step(100, 100, 25)):
        name, step, said = meter.state()
    assert (name, step) == ("first (file 1 of 3)", Step(100, 100, 25))
    assert said.startswith("0 / 0 KiB = 0.250  ")
    with (
        meter.work("second", lambda: Step(200, 200, 55)),
        meter.work("third", lambda: Step(0)),
        meter.work("second (verify)", lambda: Step(50), is_file=False),
    ):
        name, step, said = meter.state()
    assert (name, step) == ("second (file 3 of 3)", Step(350, 300, 80))
    assert meter.state()[1] == Step(350, 300, 80)


def test_names_are_shortened_and_harmless() -> None:
    meter = Meter(None, wanted=False)
    with meter.work("a\x1b[2J" + "b" * 100, lambda: Step(0)):
        name = meter.state()[0]
    assert len(name) == progress.LONGEST_NAME
    assert "\x1b" not in name


@pytest.mark.parametrize("wanted", [True, False])
def test_it_moves_within_a_segment(monkeypatch: pytest.MonkeyPatch, wanted: bool) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    start = time.monotonic()
    with (
        Meter(1000, wanted=wanted) as meter,
        meter.work("data", lambda: Step(min(1000, 1000 * (time.monotonic() - start)), 500, 100)),
    ):
        time.sleep(0.7)
    shown = terminal.getvalue()
    assert ("\x1b[?25h" in shown) == wanted
    if wanted:
        figures = {line.split(" %")[0].split()[-1] for line in shown.split("\r") if " %" in line}
        assert len(figures) > 2
        assert "0 / 0 KiB = 0.200" in shown


@pytest.mark.parametrize("threads", [1, 2])
def test_both_directions_are_looked_at(threads: int) -> None:
    data = b"".join(b"%d bottles of beer\n" % number for number in range(4000))
    compressor = ArzipCompressor("swift", threads=threads, segment_size=40_000)
    frame = compressor.compress(data) + compressor.flush()
    done, size, coded = transfer.coded_so_far(compressor)
    assert done == size == len(data)
    assert coded is not None and len(frame) - 120 < coded < len(frame), "but for headers and index"
    decompressor = FramesDecompressor(threads=threads)
    assert b"".join(transfer.decompressed(io.BytesIO(frame), decompressor)) == data
    done, size, coded = transfer.decoded_so_far(decompressor)
    assert (done, size) == (coded, len(data))
    assert coded is not None and len(frame) - 120 < coded < len(frame), "but for headers and index"
