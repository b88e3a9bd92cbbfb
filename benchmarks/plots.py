"""The charts, from the CSV files alone, each as SVG and PNG.

The charts suit light and dark pages: nothing is filled, and text is a grey between both. A
compressor has the same colour in all charts. The metadata of each file has a digest of its data
(run.fingerprint), so that a chart older than the CSV is found without drawing it again.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from results import PREFIXES, Account, Row, Summary, summaries
from tables import LARGE, MAIN, MIB, compressors_of, corpora_of, of_corpora

INK = "#808891"
COLOURS = {
    "arzip-max": "#b3202a",
    "arzip-base": "#e5484d",
    "arzip-swift": "#e07b1a",
    "arzip-fast": "#d1a417",
    "gzip": "#808891",
    "bzip2": "#9a7b4f",
    "xz": "#2f86d6",
    "zstd": "#189e8f",
    "brotli": "#8a63d2",
    "bzip3": "#c254a3",
    "ppmd": "#5f9c2f",
    "lrzip": "#b06a5a",
    "zpaq": "#3f4f7f",
}
STYLE: dict[str, Any] = {
    "axes.edgecolor": INK,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "grid.alpha": 0.25,
    "grid.color": INK,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "savefig.transparent": True,
    "svg.hashsalt": "arzip",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}

BY_SIZE = (
    "arzip-max",
    "arzip-base",
    "arzip-swift",
    "arzip-fast",
    "xz",
    "zstd",
    "brotli",
    "bzip3",
    "zpaq",
)
"""The compressors in charts of lines: few enough to tell apart."""


def colour(name: str) -> str:
    return COLOURS.get(name, INK)


def plain(axis: Any, unit: str = "") -> None:
    """Put plain numbers at the ticks of a logarithmic axis."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}{unit}"))
    axis.set_minor_formatter(NullFormatter())


def logarithmic(axes: Axes, *, both: bool = False) -> None:
    """Make the axis across, or both axes, logarithmic, if there is data."""
    if axes.has_data():
        axes.set_xscale("log")
        if both:
            axes.set_yscale("log")


def log_sizes(axis: Any) -> None:
    """Put sizes in B, KB and MB at the ticks of a logarithmic axis."""

    def label(value: float, _: int) -> str:
        for unit, size in (("MB", 1e6), ("KB", 1e3)):
            if value >= size:
                return f"{value / size:g} {unit}"
        return f"{value:g} B"

    axis.set_major_formatter(FuncFormatter(label))
    axis.set_minor_formatter(NullFormatter())


def legend(figure: Figure, axes: Axes, *, reverse: bool = False) -> None:
    """Put the legend beside the panels, where it hides nothing."""
    handles, labels = axes.get_legend_handles_labels()
    if reverse:
        handles, labels = handles[::-1], labels[::-1]
    if handles:
        figure.legend(handles, labels, loc="outside right upper", fontsize=9)


def point(found: Sequence[Summary], seconds: Callable[[Summary], float]) -> tuple[float, float]:
    """Return KB/s over the large files, or over all if none is large, and bits/byte over all."""
    large = [summary for summary in found if summary.first.bytes >= LARGE] or found
    rate = sum(summary.first.bytes for summary in large) / 1000 / sum(map(seconds, large))
    size = sum(summary.first.bytes for summary in found)
    return rate, 8 * sum(summary.first.compressed for summary in found) / size


def pareto_front(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points that no other beats in both speed and size, the fastest first."""
    front: list[tuple[float, float]] = []
    for rate, bits in sorted(points, key=lambda point: (-point[0], point[1])):
        if not front or bits < front[-1][1]:
            front.append((rate, bits))
    return front


def draw_speed(
    axes: Axes, found: Sequence[Summary], seconds: Callable[[Summary], float], title: str
) -> None:
    points = {}
    for name in compressors_of(found):
        own = [summary for summary in found if summary.first.compressor == name]
        if all(summary.is_ok for summary in own) and sum(map(seconds, own)):
            points[name] = point(own, seconds)
    if not points:
        return
    front = pareto_front(points.values())
    axes.plot(*zip(*front, strict=True), color=INK, linewidth=1, linestyle=":", zorder=1)
    for name, (rate, bits) in points.items():
        axes.plot(rate, bits, "o", color=colour(name), markersize=8 if name == MAIN else 6)
    axes.set_xscale("log")
    axes.margins(x=0.12, y=0.1)
    plain(axes.xaxis)
    axes.set_title(title)
    label_points(axes, points)


def label_points(axes: Axes, points: dict[str, tuple[float, float]]) -> None:
    """Put names beside the points, off the front's line, moved up where they would overlap."""
    axes.figure.draw_without_rendering()
    spots = [axes.transData.transform(at) for at in points.values()]
    taken = [(x - 6, x + 6, y) for x, y in spots]
    for name, at in sorted(points.items(), key=lambda entry: entry[1][1]):
        x, y = axes.transData.transform(at)
        is_left = axes.transAxes.inverted().transform((x, y))[0] > 0.72
        width = 7.0 * len(name) * axes.figure.dpi / 100
        start = x - width - 8 if is_left else x + 8
        shift = 6.0 if is_left else -8.0
        while any(
            abs(y + shift - other) < 13 and start < end and start + width > begin
            for begin, end, other in taken
        ):
            shift += 3
        taken.append((start, start + width, y + shift))
        axes.annotate(
            name,
            at,
            xytext=(-8 if is_left else 8, (shift - 4) * 72 / axes.figure.dpi),
            textcoords="offset points",
            ha="right" if is_left else "left",
            color=colour(name),
            fontsize=9,
            fontweight="bold" if name == MAIN else "normal",
        )


WAYS: dict[str, Callable[[Summary], float]] = {
    "compress": lambda summary: summary.compress_seconds,
    "decompress": lambda summary: summary.decompress_seconds,
}


def speed(rows: Sequence[Row]) -> Figure:
    """Return the chart of the README: all corpora together, both directions."""
    found = of_corpora(rows)
    figure, panels = plt.subplots(1, 2, figsize=(10, 4.4), sharey=True)
    for axes, (way, seconds) in zip(panels, WAYS.items(), strict=True):
        draw_speed(axes, found, seconds, f"{way}ing")
        axes.set_xlabel("KB/s, each on one core")
    panels[0].set_ylabel("bits per byte (less is smaller)")
    return figure


def speed_by_corpus(rows: Sequence[Row]) -> Figure:
    """Return a row of panels for each corpus: compressing left, decompressing right."""
    found = of_corpora(rows)
    corpora = corpora_of(found)
    lines = max(1, len(corpora))
    figure, panels = plt.subplots(lines, 2, figsize=(10, 3.6 * lines), sharey="row", squeeze=False)
    for line, corpus in zip(panels, corpora, strict=False):
        own = [summary for summary in found if summary.first.corpus == corpus]
        for axes, (way, seconds) in zip(line, WAYS.items(), strict=True):
            draw_speed(axes, own, seconds, f"{corpus}, {way}ing")
        line[0].set_ylabel("bits per byte")
    for axes in panels[-1]:
        axes.set_xlabel("KB/s, each on one core")
    return figure


def by_file(rows: Sequence[Row]) -> Figure:
    """Return a line for each file, of `small` the largest ten, with a dot for each compressor."""
    found = [summary for summary in of_corpora(rows) if summary.is_ok and summary.first.bytes]
    keys = dict.fromkeys((s.first.corpus, s.first.file, s.first.bytes) for s in found)
    small = sorted((key for key in keys if key[0] == "small"), key=lambda key: -key[2])[:10]
    shown = [key for key in keys if key[0] != "small"] + small
    places = {key[:2]: place for place, key in enumerate(reversed(shown))}
    figure, axes = plt.subplots(figsize=(9, 1.4 + 0.23 * len(shown)))
    for name in reversed(compressors_of(found)):
        own = [
            s
            for s in found
            if s.first.compressor == name and (s.first.corpus, s.first.file) in places
        ]
        axes.plot(
            [summary.first.bits_per_byte for summary in own],
            [places[summary.first.corpus, summary.first.file] for summary in own],
            "o",
            color=colour(name),
            label=name,
            markersize=7 if name == MAIN else 4.5,
        )
    axes.set_yticks(list(places.values()), [f"{corpus}/{file}" for corpus, file in places])
    axes.set_xlabel("bits per byte")
    axes.margins(y=0.02)
    legend(figure, axes, reverse=True)
    return figure


def beginnings(rows: Sequence[Row]) -> dict[str, list[Summary]]:
    """Return, for each file of PREFIXES, its beginnings and, if it was measured, the whole."""
    found = [summary for summary in summaries(rows) if summary.is_ok]
    files: dict[str, list[Summary]] = {}
    for summary in found:
        if summary.first.corpus == PREFIXES:
            files.setdefault(summary.first.file.rpartition("-")[0], []).append(summary)
    for summary in found:
        if summary.first.file in files and summary.first.corpus != PREFIXES:
            files[summary.first.file].append(summary)
    for own in files.values():
        own.sort(key=lambda summary: summary.first.bytes)
    return files


def by_size(rows: Sequence[Row]) -> Figure:
    """Return bits/byte of files' beginnings, which show where a trained network pays."""
    files = beginnings(rows)
    figure, panels = plt.subplots(
        1, max(1, len(files)), figsize=(5 * max(1, len(files)), 4.2), squeeze=False
    )
    for axes, (file, own) in zip(panels[0], files.items(), strict=False):
        for name in BY_SIZE:
            line = [summary for summary in own if summary.first.compressor == name]
            if not line:
                continue
            axes.plot(
                [summary.first.bytes for summary in line],
                [summary.first.bits_per_byte for summary in line],
                "o-",
                color=colour(name),
                label=name,
                markersize=4,
                linewidth=2.2 if name == MAIN else 1.2,
            )
        logarithmic(axes)
        log_sizes(axes.xaxis)
        axes.set_ylim(0, 8.5)  # above 8 the file grows
        axes.set_title(f"the beginning of {file}")
        axes.set_xlabel("bytes coded")
    panels[0][0].set_ylabel("bits per byte")
    legend(figure, panels[0][0])
    return figure


def cost(rows: Sequence[Row]) -> Figure:
    """Return time, both ways together, and memory against the size of the file."""
    found = [summary for summary in summaries(rows) if summary.is_ok and summary.first.bytes]
    figure, (times, memory) = plt.subplots(1, 2, figsize=(10, 4.2))
    for name in BY_SIZE:
        own = sorted(
            (summary for summary in found if summary.first.compressor == name),
            key=lambda summary: summary.first.bytes,
        )
        if not own:
            continue
        sizes = [summary.first.bytes for summary in own]
        spent = [summary.compress_seconds + summary.decompress_seconds for summary in own]
        peaks = [max(s.first.compress_peak, s.first.decompress_peak) / MIB for s in own]
        style = {"color": colour(name), "label": name, "markersize": 3.5}
        times.plot(sizes, spent, "o", **style)
        if any(peaks):
            memory.plot(sizes, peaks, "o", **style)
    for axes, title, unit in ((times, "seconds, both ways", ""), (memory, "peak memory", " MiB")):
        logarithmic(axes, both=True)
        log_sizes(axes.xaxis)
        plain(axes.yaxis, unit)
        axes.set_title(title)
        axes.set_xlabel("size of the file")
    legend(figure, times)
    return figure


def entropy(accounts: Sequence[Account]) -> Figure:
    """Return achieved bits/byte against cross-entropy, and the gap between both in bits."""
    whole = [a for a in accounts if not a.chunk and a.model_bits and a.bytes]
    figure, (both, gap) = plt.subplots(1, 2, figsize=(10, 4.2))
    for name in dict.fromkeys(account.compressor for account in whole):
        own = [account for account in whole if account.compressor == name]
        asked = [account.model_bits / account.bytes for account in own]
        style = {"color": colour(name), "label": name, "markersize": 4}
        both.plot(asked, [8 * account.compressed / account.bytes for account in own], "o", **style)
        gap.plot(
            [account.bytes for account in own],
            [account.payload_bits - account.model_bits for account in own],
            "o",
            **style,
        )
    both.axline((0, 0), slope=1, color=INK, linewidth=1, linestyle=":")
    both.set_xlim(left=0)
    both.set_ylim(bottom=0)
    both.set_xlabel("cross-entropy under the model, bits per byte")
    both.set_ylabel("achieved by the .arz file, bits per byte")
    legend(figure, both)
    sizes = [10 ** (power / 4) for power in range(12, 26)]
    gap.plot(sizes, [64 + 2e-4 * size for size in sizes], color=INK, linewidth=1, linestyle=":")
    gap.annotate("64 + 0.0002 bits per byte", (sizes[0], 70), color=INK, fontsize=9, va="bottom")
    logarithmic(gap, both=True)
    log_sizes(gap.xaxis)
    plain(gap.yaxis)
    gap.set_xlabel("size of the file")
    gap.set_ylabel("payload less code length, bits")
    return figure


def draw(rows: Sequence[Row], accounts: Sequence[Account], folder: Path, source: str) -> None:
    """Draw all charts into the folder, each with `source` in its metadata."""
    folder.mkdir(parents=True, exist_ok=True)
    with plt.rc_context(STYLE):
        charts = {
            "speed": speed(rows),
            "speed-by-corpus": speed_by_corpus(rows),
            "by-file": by_file(rows),
            "by-size": by_size(rows),
            "cost": cost(rows),
            "entropy": entropy(accounts),
        }
        for name, figure in charts.items():
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Source": source})
            figure.savefig(folder / f"{name}.png", dpi=120, metadata={"Source": source})
            plt.close(figure)
