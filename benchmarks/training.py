"""The curve of a training, from its CSV: `python benchmarks/training.py`, as docs/training.svg.

The CSV has, after so many bytes read, the bits/byte of what was held out: of English, and the mean
of the model card's twelve sources, by the network alone in floating point.
"""

import csv
from pathlib import Path

import matplotlib.pyplot as plt

from plots import COLOURS, STYLE

HERE = Path(__file__).parent


def main() -> None:
    """Draw it."""
    with (HERE / "training.csv").open(newline="") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    read = [row["bytes"] / 1e9 for row in rows]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(6.5, 3.6))
        for name, colour in (("mean", COLOURS["xz"]), ("english", COLOURS["arzip-base"])):
            values = [row[name] for row in rows]
            axes.plot(read, values, "o-", color=colour, markersize=4)
            label = "English" if name == "english" else "mean of twelve sources"
            axes.annotate(
                label, (read[0], values[0]), (8, 2), textcoords="offset points", color=colour
            )
        axes.set_xlabel("bytes read, thousand million")
        axes.set_title("held-out bits per byte, the network alone")
        axes.set_xlim(left=0)
        figure.savefig(HERE.parent / "docs" / "training.svg", metadata={"Date": None})
        plt.close(figure)


if __name__ == "__main__":
    main()
