"""The identity H(p, q) = H(p) + D_KL(p || q), for sources p whose entropy is known exactly.

    python benchmarks/identity.py --docs docs

Draws bytes from Markov sources of order 0, 1 and 2, compresses files of growing size, and compares
bits per byte:

    H(p)            the source's entropy rate, from its transition probabilities alone
    H(p, q)         -log2 q(file) / n: the model's cross-entropy, the file's code length
    D_KL(p || q)    averaged over places in the file, from all 256 conditionals there:
                    sum_b p_b log2(p_b / q_b)
    achieved        8 * (size of the .arz file on disk) / n

The file is one draw of the source. Its code length under p itself, -log2 p(file) / n, differs from
H(p) by the luck of the draw. Comparisons of H(p, q) with H(p) subtract this luck. Needs matplotlib
(pip install 'arzip[bench]').
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

import arzip
import tables
from arzip.density import entropy, kl_divergence, surprisals
from arzip.models.hybrid import HybridModel
from arzip.readings import spans

SIZES = [1 << k for k in range(8, 19, 2)]
PLACES = 1024  # the most places, evenly spaced, where D_KL is measured
COLORS = ["#3266ad", "#c4502f", "#3d8f5f"]


class Source:
    """A Markov source: each byte depends on the `order` bytes before it, the first on zeros."""

    def __init__(self, order: int, symbols: int, seed: int) -> None:
        """Draw the transition probabilities from the seed, in whole 2**-16."""
        rng = np.random.Generator(np.random.PCG64(seed))
        self.order, self.symbols = order, symbols
        weights = rng.gamma(0.25, size=(symbols**order, symbols)) + 1e-3
        units = 1 + np.floor(weights / weights.sum(axis=1, keepdims=True) * ((1 << 16) - symbols))
        units[:, 0] += (1 << 16) - units.sum(axis=1)
        self.rows: NDArray[np.float64] = units / (1 << 16)  # (contexts, symbols), exact

    @property
    def name(self) -> str:
        return f"order {self.order}, {self.symbols} symbols"

    def entropy_rate(self) -> float:
        """Return sum_c pi_c H(row c) in bits per byte, with pi the stationary distribution."""
        contexts = len(self.rows)
        step = np.zeros((contexts, contexts))
        for context, row in enumerate(self.rows):
            for symbol, p in enumerate(row):
                step[context, self.after(context, symbol)] += p
        # pi step = pi and sum pi = 1
        system = np.vstack([step.T - np.eye(contexts), np.ones(contexts)])
        stationary = np.linalg.lstsq(system, np.append(np.zeros(contexts), 1.0), rcond=None)[0]
        return float(stationary @ np.array([entropy(row) for row in self.rows]))

    def after(self, context: int, symbol: int) -> int:
        """Return the context after `symbol`."""
        return (context * self.symbols + symbol) % self.symbols**self.order

    def draw(self, n: int, seed: int) -> tuple[bytes, list[int]]:
        """Return n bytes, and the context of each."""
        cumulative = np.cumsum(self.rows, axis=1)
        data, contexts, context = bytearray(), [], 0
        for uniform in np.random.Generator(np.random.PCG64(seed)).random(n):
            contexts.append(context)
            data.append(int(np.searchsorted(cumulative[context], uniform, side="right")))
            context = self.after(context, data[-1])
        return bytes(data), contexts


@dataclass(frozen=True)
class Row:
    """The results for one file; all but n in bits per byte."""

    source: str
    n: int
    rate: float  # H(p)
    own: float  # -log2 p(file) / n
    cross_entropy: float  # H(p, q)
    divergence: float  # D_KL(p || q)
    achieved: float


def measure(source: Source, n: int, model: HybridModel, folder: Path) -> Row:
    """Return the results for n bytes. Raises click.ClickException if the numbers disagree."""
    data, contexts = source.draw(n, seed=n)
    packed = folder / "packed.arz"
    compressor = arzip.ArzipCompressor(model)
    packed.write_bytes(compressor.compress(data) + compressor.flush())
    if arzip.decompress(packed.read_bytes()) != data:
        raise click.ClickException(f"{source.name}, {n} bytes: the round trip failed")
    report = compressor.account.report(model.name)
    # The chain rule: the code length is the sum of the bytes' surprisals.
    total = sum(float(bits.sum()) for bits in surprisals(model, data))
    if abs(total / n - report.cross_entropy) > 1e-3:
        raise click.ClickException(f"{source.name}: {total / n} is not {report.cross_entropy}")
    own = -np.log2([source.rows[c, b] for c, b in zip(contexts, data, strict=True)])
    return Row(
        source.name,
        n,
        source.entropy_rate(),
        float(own.mean()),
        report.cross_entropy,
        divergence(source, data, contexts, model),
        8 * packed.stat().st_size / n,
    )


def divergence(source: Source, data: bytes, contexts: list[int], model: HybridModel) -> float:
    """Return D_KL(p || q) in bits per byte, the mean over PLACES in the file."""
    reading = spans.prevailing(np.frombuffer(data, dtype=np.uint8))
    session = model.session(reading=reading, size=len(data))
    step = max(1, len(data) // PLACES)
    found = []
    for start in range(0, len(data), step):
        p = np.zeros(256)
        p[: source.symbols] = source.rows[contexts[start]]
        found.append(kl_divergence(p, session.conditionals()))
        session.explain(data[start : start + step], 0)
    return float(np.mean(found))


def as_table(rows: list[Row]) -> str:
    """Return the results as a table in Markdown."""
    head = ["source", "n", "H(p)", "H(p, q)", "H(p, q) - H(p)", "D_KL(p \\|\\| q)", "achieved"]
    lines = [head]
    for row in rows:
        excess = row.cross_entropy - row.own
        figures = (row.rate, row.cross_entropy, excess, row.divergence, row.achieved)
        lines.append([row.source, f"{row.n:,}", *(f"{figure:.4f}" for figure in figures)])
    return tables.markdown(lines)


def plot(rows: list[Row], folder: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({"svg.hashsalt": "arzip", "font.size": 10, "svg.fonttype": "none"})
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    for color, name in zip(COLORS, dict.fromkeys(row.source for row in rows), strict=True):
        some = [row for row in rows if row.source == name]
        n = [row.n for row in some]
        left.axhline(some[0].rate, color=color, linestyle=":", linewidth=1)
        left.plot(n, [row.achieved for row in some], color=color, marker="x", linestyle="")
        left.plot(n, [row.cross_entropy for row in some], color=color, label=name)
        right.plot(n, [row.divergence for row in some], color=color, label=name)
        excess = [row.cross_entropy - row.own for row in some]
        right.plot(n, excess, color=color, marker="o", linestyle="", fillstyle="none")
    left.set(
        xscale="log", xlabel="bytes", ylabel="bits per byte",
        title="H(p, q): lines, .arz files: crosses, H(p): dotted",
    )  # fmt: skip
    right.set(
        xscale="log", yscale="log", xlabel="bytes", ylabel="bits per byte",
        title="D_KL(p || q): lines, H(p, q) - H(p): circles",
    )  # fmt: skip
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
        axes.legend(frameon=False)
    figure.savefig(folder / "identity.svg", metadata={"Date": None})
    figure.savefig(folder / "identity.png", dpi=140, metadata={"Software": None})


def sources() -> list[Source]:
    return [Source(0, 256, seed=1), Source(1, 64, seed=2), Source(2, 16, seed=3)]


@click.command()
@click.option("-m", "--model", "name", default="base", show_default=True)
@click.option(
    "--most", type=int, default=SIZES[-1], show_default=True, help="The largest file, in bytes."
)
@click.option("--docs", type=click.Path(path_type=Path), help="Write the plot and the table there.")
def main(name: str, most: int, docs: Path | None) -> None:
    """Show that H(p, q) = H(p) + D_KL(p || q), and that D_KL shrinks as a file grows."""
    model = arzip.load_model(name)
    if not isinstance(model, HybridModel):
        raise click.ClickException(f"{name} is not a model with sessions of any size")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for source in sources():
            for n in (n for n in SIZES if n <= most):
                rows.append(measure(source, n, model, Path(folder)))
                click.echo(as_table(rows[-1:]).splitlines()[-1], err=True)
    click.echo(as_table(rows))
    if docs:
        plot(rows, docs)
        tables.fill(docs / "identity.md", {"table": as_table(rows)})


if __name__ == "__main__":
    main()
