"""A decoder of the model `fast`, written after docs/fast.md in plain Python: slow, and no more.

It shares with the package the tables of log-odds, the coder's words, the list of spans, and the
fitted values; nothing of arzip/models/fast/.
"""

from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import NDArray

from arzip.models.bits.odds import SQUASH, STRETCH
from arzip.readings.spans import Span

MASK = (1 << 64) - 1
GOLD, STAR = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
WIDTH = (1 << 24) - 2
TEXTS = ("text", "fields", "typeset", "sequences")

CAPS = (40, 24, 11, 7, 6, 5)

History = tuple[int, int, int]


def following(history: History, bit: int) -> History:
    counts = list(history[:2])
    other = counts[1 - bit]
    for least, becomes in ((32, 8), (20, 7), (12, 6), (6, 4), (4, 3), (3, 2)):
        if other >= least:
            counts[1 - bit] = becomes
            break
    counts[bit] += 1
    while min(counts) > 5 or max(counts) > CAPS[min(counts)]:
        own = min(counts) <= 5 and counts[bit] >= counts[1 - bit]
        counts[bit if own else 1 - bit] -= 1
    return counts[0], counts[1], bit


def numbered() -> dict[History, int]:
    reached, new = {(0, 0, 0)}, {(0, 0, 0)}
    while new:
        new = {following(history, bit) for history in new for bit in (0, 1)} - reached
        reached |= new
    in_order = sorted(reached, key=lambda history: (history[0] + history[1], *history))
    return {history: number for number, history in enumerate(in_order)}


NUMBERS = numbered()
EMPTY = (0, 0, 0)


def mix(a: int, b: int) -> int:
    x = (a + 0x632BE59BD9B4E019) * GOLD & MASK
    x ^= (b + 0x7F4A7C15) * STAR & MASK
    return (x ^ x >> 29) * 0xBF58476D1CE4E5B9 & MASK


def stretch(p: int) -> int:
    return int(STRETCH[p >> 4])


def squash(o: int) -> int:
    return int(SQUASH[o + 3071])


def towards(p: int, goal: int, rate: int) -> int:
    return p + ((goal - p) >> rate)


def power(n: int, least: int, most: int) -> int:
    size = least
    while size < n and size < most:
        size *= 2
    return size


class Line:
    def __init__(self, tag: int = 0) -> None:
        self.tag = tag
        self.histories = [EMPTY] * 16

    @property
    def seen(self) -> int:
        return NUMBERS[self.histories[1]]


class Decoder:
    """The model before a segment of n bytes."""

    def __init__(self, banks: dict[str, dict[str, NDArray[Any]]], n: int) -> None:
        self.banks = {
            name: {k: v.tolist() for k, v in bank.items()} for name, bank in banks.items()
        }
        self.learned = dict.fromkeys(banks, 0)
        self.bank = ""
        self.data = bytearray()
        self.n_lines = power(4 * n, 1 << 8, 1 << 21)
        self.n_runs = power(n // 2, 1 << 8, 1 << 18)
        self.n_positions = power(n // 8, 1 << 8, 1 << 16)
        self.lines: dict[int, Line] = {}
        self.runs: dict[int, list[list[int]]] = {}  # of tag, byte, count
        self.positions: dict[tuple[int, int], int] = {}
        self.place = self.length = self.candidate = self.bucket = 0
        self.hits: dict[tuple[int, int], int] = {}
        self.after_last: dict[tuple[int, int], History] = {}
        knots = [min(squash(min(256 * k, 6142) - 3071) >> 6, 65535) for k in range(32)]
        self.maps: list[dict[int, list[int]]] = [{}, {}]
        self.knots = knots
        self.word = self.word_before = 0
        self.line_start = self.line_before = 0

    def last(self, n: int) -> int:
        """The last n bytes, w1 lowest."""
        return int.from_bytes(self.data[-n:], "big") if self.data else 0

    def back(self, n: int) -> int:
        return self.data[-n] if n <= len(self.data) else 0

    def read(self, span: Span) -> None:
        name, numbers = span.chosen.reading.name, span.chosen.numbers
        bank = "text" if name in TEXTS else "other"
        if bank != self.bank:
            self.bank, self.learned[bank] = bank, 0
        self.is_text, self.near, self.far = name in TEXTS, 1, 4
        if name in ("records", "bitmap"):
            self.far = numbers[0]
        elif name == "pixels":
            self.near, self.far = numbers[0], numbers[1]
        elif name == "samples":
            size, _, channels, row, words, _, _ = numbers
            self.near = max(size * words * channels, 2)
            self.far = size * words * row if row else 2 * self.near

    def contexts(self) -> list[int]:
        """Contexts 1 to 7, and those of the runs."""
        q = len(self.data)
        found = [mix(self.last(k), k - 1) for k in (2, 3, 4)]
        if self.is_text:
            column = q - self.line_start
            at = self.line_before + column
            above = self.data[at] if at < self.line_start else 0
            found.append(mix(self.last(5), 4))
            found.append(mix(self.word, self.last(1) | 5 << 8))
            found.append(mix(above | self.last(1) << 8 | min(column, 255) << 16, 6))
            found.append(mix(self.word, self.word_before))
            return [*found, mix(self.last(6), 8), mix(self.last(8), 9)]
        near, far = self.near, self.far
        left, above, twice = self.back(near), self.back(far), self.back(2 * far)
        if near == 1:
            here = q % far << 40
            found.append(mix(above | here, 4))
            found.append(mix(above | left << 8 | twice << 16, 5))
            found.append(mix(left | here, 6))
            found.append(mix(self.last(6), 7))
            found.append(mix(self.last(5), 8))
        else:
            here = q % near << 40
            found.append(mix(above | here, 4))
            found.append(mix(above | left << 8 | here, 5))
            found.append(mix(left | self.back(2 * near) << 8 | here, 6))
            found.append(mix((above + left - self.back(near + far)) & 255 | here, 7))
            found.append(mix(self.last(6), 8))
        return [*found, mix(above | left << 8 | twice << 16 | here, 9)]

    def find(self, hashed: int) -> tuple[Line | None, int, int]:
        """Return the line, if there is one, the number that it has or will have, and its tag."""
        tag, number = max(hashed >> 56, 1), (hashed >> 20) % self.n_lines
        numbers = [number, number ^ 1, number ^ 2]
        there = [self.lines.get(k, Line()) for k in numbers]
        for k, line in zip(numbers, there, strict=True):
            if line.tag == tag:
                return line, k, tag
        return None, numbers[min(range(3), key=lambda k: there[k].seen)], tag

    def find_run(self, hashed: int) -> tuple[list[list[int]], int, bool]:
        """Return the bucket, the place in it, and whether the run is there."""
        bucket = self.runs.setdefault((hashed >> 22) % self.n_runs, [[0, 0, 0] for _ in range(4)])
        for k, (tag, _, count) in enumerate(bucket):
            if count and tag == hashed >> 48:
                return bucket, k, True
        return bucket, min(range(4), key=lambda k: bucket[k][2]), False

    def follow(self) -> None:
        q, w1 = len(self.data), self.last(1)
        if self.length and self.data[self.place] == w1:
            self.place += 1
            self.length = min(self.length + 1, 65535)
        else:
            self.length = 0
        if q >= 6:
            if not self.length:
                self.place, same = self.candidate, 0
                while same < min(64, self.place) and (
                    self.data[self.place - 1 - same] == self.data[q - 1 - same]
                ):
                    same += 1
                self.length = same if same >= 6 else 0
            key = self.bucket, w1 * 0x9E3779B1 >> 12 & 15
            self.candidate = self.positions.get(key, 0) + 1
            self.positions[key] = q
        self.bucket = (self.last(5) * GOLD & MASK) >> 44
        self.bucket %= self.n_positions

    @property
    def length_class(self) -> int:
        return self.length if self.length < 16 else min(16 + (self.length - 16) // 16, 31)

    def decode(self, spans: Sequence[Span], n: int, unit: Callable[[], int], done: Any) -> bytes:
        """Return n bytes. The coder is at unit() of 2**24, and done(first, width) moves it."""
        for span in spans:
            self.read(span)
            end = n if span is spans[-1] else len(self.data) + span.size
            while len(self.data) < end:
                self.byte(unit, done)
        return bytes(self.data)

    def byte(self, unit: Callable[[], int], done: Any) -> None:
        bank = self.banks[self.bank]
        self.learned[self.bank] += 1
        self.follow()
        w1 = self.last(1)
        expected = self.data[self.place] if self.length else -1
        pair = expected, w1
        low, width = 1, WIDTH
        target = min(max(unit(), 1), WIDTH)
        sure = self.length >= 24 and self.hits.get(pair, 64800) > 65000
        byte = -1
        if sure:
            p = (bank["sure_map"][self.length_class] + self.hits.get(pair, 64800)) >> 1
            units = min(max(WIDTH * p >> 16, 1), WIDTH - 256)
            came = target < low + units
            at = self.length_class
            bank["sure_map"][at] = towards(bank["sure_map"][at], 65535 * came, 6)
            if came:
                byte, width = expected, units
            else:
                low, width = low + units, width - units
        if byte < 0:
            byte, low, width = self.bits(bank, target, low, width, expected, sure)
        done(low, width)
        if self.length >= 16:
            hit = self.hits.get(pair, 64800)
            self.hits[pair] = towards(hit, 65535 * (byte == expected), 5)
        self.take(byte)

    def take(self, byte: int) -> None:
        self.data.append(byte)
        if 97 <= byte <= 122 or byte >= 128:
            self.word = mix(self.word, byte)
        elif 65 <= byte <= 90:
            self.word = mix(self.word, byte + 32)
        elif self.word:
            self.word_before, self.word = self.word, 0
        if byte == 10:
            self.line_before, self.line_start = self.line_start, len(self.data)

    def bits(
        self, bank: Any, target: int, low: int, width: int, expected: int, sure: bool
    ) -> tuple[int, int, int]:
        w1, hashes = self.last(1), self.contexts()
        runs = [(hashed >> 48, *self.find_run(hashed)) for hashed in hashes[7:]]
        found: list[list[tuple[Line | None, int, int]]] = [[], []]
        steps = []
        partial = 1
        for bit in range(8):
            half = bit // 4
            if bit == 4:
                lower = [(hashed ^ partial) * STAR & MASK for hashed in hashes[:7]]
                hashes[:7] = [x ^ x >> 32 for x in lower]
            if bit % 4 == 0:
                found[half] = [self.find(hashed) for hashed in hashes[:7]]
            node = 1 << bit % 4 | partial & (1 << bit % 4) - 1
            seen = [self.after_last.get((w1, partial), EMPTY)]
            seen += [line.histories[node] if line else EMPTY for line, *_ in found[half]]
            inputs = [stretch(bank["history_map"][k][NUMBERS[s]]) for k, s in enumerate(seen)]
            for j, (_, bucket, k, there) in enumerate(runs):
                _, known, count = bucket[k]
                said = 0
                if there and (known | 256) >> (8 - bit) == partial:
                    said = stretch(bank["run_map"][j][min(count, 15)])
                    said = said if known >> (7 - bit) & 1 else -said
                inputs.append(said)
            told = -1
            if expected >= 0 and not sure and (expected | 256) >> (8 - bit) == partial:
                told = expected >> (7 - bit) & 1
                both = stretch(bank["match_map"][self.length_class]), 16 * min(self.length, 32)
                inputs += [x if told else -x for x in both]
                row = (self.length >= 16) + (self.length >= 32)
            else:
                inputs += [0, 0]
                row = 3 + sum(x != 0 for x in inputs[8:10])
            inputs += [256, 0, 0, 0]
            one, two = bank["by_bits"][256 * row + partial], bank["by_byte"][w1]
            total = sum((a + b) * x for a, b, x in zip(one, two, inputs, strict=True))
            odds = min(max(total >> 14, -3071), 3071)
            key = ((self.last(2) | partial << 16) * GOLD & MASK) >> 50
            rows = [
                self.maps[0].setdefault(w1 * 256 + partial, list(self.knots)),
                self.maps[1].setdefault(key, list(self.knots)),
            ]
            k, f = divmod(odds + 3071, 256)
            mapped = sum(knots[k] * (256 - f) + knots[k + 1] * f for knots in rows) >> 2
            p = min(max((2 * squash(odds) + 3 * mapped) >> 3, 64), (1 << 22) - 64)
            least = 128 >> bit
            ones = min(max(width * p >> 22, least), width - least)
            if bit == 7 and sure and expected >> 1 == partial & 127:
                ones = 0 if expected & 1 else width
            y = int(target >= low + width - ones)
            low, width = (low + width - ones, ones) if y else (low, width - ones)
            nearer = k + (f > 127)
            steps.append((y, partial, half, node, seen, inputs, told, one, two, odds, rows, nearer))
            partial = partial << 1 | y
        self.learn(bank, partial & 255, found, runs, steps)
        return partial & 255, low, width

    def learn(self, bank: Any, byte: int, found: Any, runs: Any, steps: Any) -> None:
        for half in range(2):
            for k, (line, number, line_tag) in enumerate(found[half]):
                if line is None:
                    self.lines[number] = Line(line_tag)
                found[half][k] = number
        for j, (tag, bucket, k, there) in enumerate(runs):
            _, known, count = bucket[k]
            if there:
                of = bank["run_map"][j]
                at = min(count, 15)
                of[at] = towards(of[at], 65535 * (known == byte), 6)
            times = min(count + 1, 255) if there and known == byte else 1
            bucket[k] = [tag, byte, times]
        rate = 4 + (1 << 16) // ((1 << 13) + self.learned[self.bank])
        for y, partial, half, node, seen, inputs, told, one, two, odds, rows, knot in steps:
            for knots in rows:
                knots[knot] = towards(knots[knot], 65535 * y, 5)
            if told >= 0:
                at = self.length_class
                bank["match_map"][at] = towards(bank["match_map"][at], 65535 * (told == y), 6)
            pull = min(max(((y << 22) - squash(odds)) * rate >> 12, -32767), 32767)
            for weights in (one, two):
                for k, x in enumerate(inputs):
                    moved = weights[k] + ((x * pull + (1 << 14)) >> 15)
                    weights[k] = min(max(moved, -32768), 32767)
            for k, history in enumerate(seen):
                of = bank["history_map"][k]
                of[NUMBERS[history]] = towards(of[NUMBERS[history]], 65535 * y, 7)
                after = following(history, y)
                if k == 0:
                    self.after_last[self.last(1), partial] = after
                else:
                    self.lines[found[half][k - 1]].histories[node] = after
