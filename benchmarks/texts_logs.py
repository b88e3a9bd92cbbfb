"""Logs to train a network on, made up: `python benchmarks/texts_logs.py TEXTS FOLDER`.

Real logs are private, so few come with a free licence. What programs say is not: the messages are
taken from the source code among TEXTS (benchmarks/texts.py), with %s, %d and {} where values go.
Each file is one machine's: a few dozen messages, some of them often, in one of the usual formats of
lines, with values that come again, count up, or are new.
"""

import json
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

FILES = 1500
QUOTED = re.compile(
    r"(?:log|warn|err|info|debug|printk|syslog|fatal|notice|pr_|dev_)[\w.:()]*\s*\(?[^\"\n]{0,40}"
    r'"((?:[^"\\\n]|\\[nt"]){12,120})"',
    re.IGNORECASE,
)
PLACE = re.compile(r"%[-+0-9.*]*(?:ll|l|z|h)?[a-zA-Z]|\{\w*\}|%\(\w+\)s|\$\{?\w+\}?")
HEX = "0123456789abcdef"
LEVELS = (["INFO"] * 12, ["DEBUG"] * 6, ["WARN"] * 2, ["ERROR"])
METHODS = ("GET", "GET", "GET", "POST")
STATUS = (200, 200, 200, 200, 304, 404, 301, 500)
LINES = (
    "{now:%b} {now.day:2} {now:%H:%M:%S} {host} {program}[{process}]: {text}",
    "{now:%Y-%m-%d %H:%M:%S},{ms} {level} [{program}] {text}",
    "{now:%y/%m/%d %H:%M:%S} {level} {program}.{title}: {text}",
    "{now:%m-%d %H:%M:%S}.{ms} {process:5} {process:5} {first} {program}: {text}",
    "[{day} {now:%b %d %H:%M:%S.%f %Y}] [{program}:{low}] [pid {process}] {text}",
    "{first}{now:%m%d %H:%M:%S.%f} {process:7} {program}.go:{place}] {text}",
    '{{"time":"{now:%Y-%m-%dT%H:%M:%S}.{ms}Z","level":"{low}","pid":{process},"msg":{quoted}}}',
    "[{uptime:12.6f}] {program}: {text}",
    "{now:%Y-%m-%dT%H:%M:%S.%f}+00:00 {host} {program}[{process}] <{level}> {text}",
    "{now:%Y-%m-%d %H:%M:%S} {text}",
    '{client} - - [{now:%d/%b/%Y:%H:%M:%S} +0000] "{request}" {status} {size} "-" "{agent}"',
)
"""Formats: of syslog, log4j, Spark, Android, Apache, Kubernetes, in JSON, of the kernel, others."""

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

Random = random.Random
Value = Callable[[Random], str]


def messages(texts: Path) -> list[str]:
    """What programs say, without escapes."""
    found = set()
    for path in sorted(texts.glob("*/*")):
        if path.suffix in (".c", ".h", ".cpp", ".go", ".java", ".rs", ".py", ".php", ".js", ".pl"):
            for match in QUOTED.finditer(path.read_text("utf-8", "replace")):
                message = re.sub(r"\\[nt]", "", match[1]).replace('\\"', '"').strip()
                if " " in message:
                    found.add(message)
    return sorted(found)


def address(rng: Random) -> str:
    return ".".join(str(rng.choice((10, 192, rng.randrange(1, 224)))) for _ in range(4))


def identifier(rng: Random) -> str:
    return "".join(rng.choices(HEX, k=rng.choice((6, 8, 12, 16, 32))))


def path(rng: Random, words: list[str]) -> str:
    parts = rng.choices(words, k=rng.randrange(1, 5))
    return "/" + "/".join(parts) + rng.choice(("", "", ".log", ".conf", ".html", ".js", ".php"))


class Machine:
    """One that writes a log: its clock, its programs and the values that it speaks of."""

    def __init__(self, rng: Random, messages: list[str], words: list[str]) -> None:
        self.rng = rng
        self.time = datetime(2015, 1, 1, tzinfo=UTC) + timedelta(minutes=rng.randrange(6_000_000))
        self.pause = 10 ** rng.uniform(-2, 2)  # seconds
        self.messages = rng.sample(messages, min(len(messages), rng.randrange(4, 50)))
        self.weights = [1 / (k + 1) ** rng.uniform(0.5, 1.5) for k in range(len(self.messages))]
        self.host = rng.choice(words) + rng.choice(("", "-01", "2", ".local"))
        self.programs = rng.choices(words, k=rng.randrange(1, 8))
        self.processes = [rng.randrange(100, 70000) for _ in self.programs]
        makers: list[Value] = [
            address,
            identifier,
            lambda rng: path(rng, words),
            lambda rng: rng.choice(words),
            lambda rng: "0x" + "".join(rng.choices(HEX, k=8)),
            lambda rng: f"{rng.choice(words)}@{rng.choice(words)}.org",
        ]
        self.kinds = [(rng.choice(makers), rng.choice((0.05, 0.3, 0.9))) for _ in range(12)]
        self.known = [[make(rng) for _ in range(rng.randrange(1, 30))] for make, _ in self.kinds]
        self.count = rng.randrange(1, 1_000_000)

    def value(self, kind: str, place: int) -> str:
        rng = self.rng
        if kind[-1] in "duixXf":
            draw = rng.random()
            if draw < 0.3:
                self.count += 1
                number = self.count
            else:
                number = rng.randrange(10 ** rng.choice((1, 1, 2, 3, 5)))
            return f"{number:x}" if kind[-1] in "xX" else str(number)
        k = place % len(self.kinds)
        make, new = self.kinds[k]
        if rng.random() < new:
            self.known[k][rng.randrange(len(self.known[k]))] = make(rng)
        return rng.choice(self.known[k])

    def line(self, style: int) -> str:
        rng = self.rng
        self.time += timedelta(seconds=rng.expovariate(1 / self.pause))
        k = rng.choices(range(len(self.messages)), self.weights)[0]
        places = iter(range(k, k + 99))
        text = PLACE.sub(lambda match: self.value(match[0], next(places)), self.messages[k])
        which = k % len(self.programs)
        program, process = self.programs[which], self.processes[which]
        level = rng.choice(LEVELS[k % 7 % 4])
        return LINES[style % len(LINES)].format(
            now=self.time,
            ms=f"{self.time.microsecond // 1000:03}",
            day=DAYS[self.time.weekday()],
            host=self.host,
            program=program,
            title=program.title(),
            process=process,
            level=level,
            low=level.lower(),
            first=level[0],
            place=k + 40,
            uptime=self.time.timestamp() % 1_000_000,
            text=text,
            quoted=json.dumps(text),
            client=self.known[0][k % len(self.known[0])],
            request=f"{rng.choice(METHODS)} {self.value('s', 2)} HTTP/1.1",
            status=rng.choice(STATUS),
            size=rng.randrange(200, 90000),
            agent=self.messages[k % 3],
        )


@click.command()
@click.argument("texts", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def main(texts: Path, folder: Path) -> None:
    """Write FILES logs to FOLDER, the same in every run."""
    folder.mkdir(parents=True, exist_ok=True)
    said = messages(texts)
    words = sorted({w.lower() for m in said for w in re.findall(r"[A-Za-z_]{3,14}", m)})
    click.echo(f"{len(said):,} messages of {len(words):,} words")
    for number in range(FILES):
        rng = random.Random(number)  # nosec B311
        machine, style = Machine(rng, said, words), number
        size = int(2 ** rng.uniform(4, 9))
        lines = "\n".join(machine.line(style) for _ in range(size))
        (folder / f"{number:04}.log").write_text(lines + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
