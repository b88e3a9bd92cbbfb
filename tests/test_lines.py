"""The odd lines of a file: foreign lines come first, wherever they are."""

import random

import pytest

import arzip
from arzip.analysis import lines

MODEL = arzip.load_model("swift")


def server_log(n: int, rng: random.Random) -> list[bytes]:
    """A web server's accesses."""
    paths = [b"/", b"/index.html", b"/images/logo.png", b"/api/items", b"/about", b"/style.css"]
    agents = [b"Mozilla/5.0 (X11; Linux x86_64)", b"curl/7.88.1", b"Mozilla/5.0 (Windows NT 10.0)"]
    return [
        b'192.168.%d.%d - - [03/Mar/2026:%02d:%02d:%02d] "GET %s HTTP/1.1" %d %d "%s"'
        % (
            rng.randrange(4),
            rng.randrange(256),
            i * 24 // n,
            rng.randrange(60),
            rng.randrange(60),
            rng.choice(paths),
            rng.choice([200, 200, 200, 304, 404]),
            rng.randrange(100, 90000),
            rng.choice(agents),
        )
        for i in range(n)
    ]


def kernel_log(n: int, rng: random.Random) -> list[bytes]:
    """An operating system's messages."""
    parts = [
        b"usb %d-%d: new high-speed USB device number %d using xhci_hcd",
        b"EXT4-fs (sda%d): mounted filesystem with ordered data mode, %d orphans, quota %d",
        b"audit: type=14%02d apparmor=ALLOWED pid=%d uid=%d",
        b"oom-killer: task %d invoked, order=%d, oom_score_adj=%d",
    ]
    return [
        b"[%8d.%06d] " % (rng.randrange(10**6), rng.randrange(10**6))
        + rng.choice(parts) % tuple(rng.randrange(1, 90) for _ in range(3))
        for _ in range(n)
    ]


def spliced(log: list[bytes], foreign: list[bytes], rng: random.Random) -> tuple[bytes, set[int]]:
    """A log with foreign lines in random places, and these lines' numbers."""
    places = set(rng.sample(range(1, len(log) + len(foreign) + 1), len(foreign)))
    own, other = iter(log), iter(foreign)
    numbers = range(1, len(log) + len(foreign) + 1)
    data = b"".join(next(other if k in places else own) + b"\n" for k in numbers)
    return data, places


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(("log", "other"), [(server_log, kernel_log), (kernel_log, server_log)])
def test_lines_of_another_log_are_in_the_top_percent(log: object, other: object, seed: int) -> None:
    rng = random.Random(seed)
    data, places = spliced(log(700, rng), other(5, rng), rng)  # type: ignore[operator]
    scored = lines.score_lines(MODEL, data)
    assert places <= {line.number for line in scored[: len(scored) // 100]}


def test_the_first_lines_are_not_odd_for_being_first() -> None:
    rng = random.Random(4)
    data, places = spliced(server_log(300, rng), kernel_log(1, rng), rng)
    scored = lines.score_lines(MODEL, data)
    assert scored[0].number in places
    assert not {1, 301} & {line.number for line in scored[:3]}


def test_what_a_line_is() -> None:
    scored = lines.score_lines(MODEL, b"one\r\n\ntwo, the last one\nthree")
    assert sorted((line.number, line.text, line.size) for line in scored) == [
        (1, b"one\r", 5),
        (2, b"", 1),
        (3, b"two, the last one", 18),
        (4, b"three", 6),
    ]
    for line in scored:
        assert line.bits_per_byte == line.bits / line.size > 0
    odd = [line.bits_per_byte for line in scored]
    assert odd == sorted(odd, reverse=True)


def test_the_last_line_may_or_may_not_be_ended() -> None:
    assert lines.score_lines(MODEL, b"a\nb") == lines.score_lines(MODEL, b"a\nb\n")
    assert len(lines.score_lines(MODEL, b"\n")) == 1
    assert lines.score_lines(MODEL, b"") == []
