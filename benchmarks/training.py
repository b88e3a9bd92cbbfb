"""The curves of training, from their CSV: `python benchmarks/training.py`, as docs/training.svg.

The CSV has, after so many bytes read, the bits/byte of what was held out: of English, and the mean
of the model card's twelve sources, by each network alone in floating point. From each line on the
network of its colour was trained anew, on other data or, the last time, wider.
"""

import csv
from pathlib import Path

import matplotlib.pyplot as plt

from plots import COLOURS, STYLE

HERE = Path(__file__).parent
AGAIN = {"base": (3.351, 7.821), "max": (4.470, 10.511)}  # thousand million bytes


def main() -> None:
    """Draw them."""
    with (HERE / "training.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(6.5, 3.6))
        for model in ("base", "max"):
            own = [row for row in rows if row["model"] == model]
            read = [float(row["bytes"]) / 1e9 for row in own]
            for at in AGAIN[model]:
                axes.axvline(at, color=COLOURS[f"arzip-{model}"], linewidth=0.5)
            for name, line in (("mean", "o-"), ("english", "o:")):
                values = [float(row[name]) for row in own]
                colour = COLOURS[f"arzip-{model}"]
                is_above = max(float(own[-1][other]) for other in ("mean", "english")) == values[-1]
                axes.plot(read, values, line, color=colour, markersize=4)
                label = "English" if name == "english" else "mean of twelve sources"
                axes.annotate(
                    f"{model}, {label}",
                    (read[-1], values[-1]),
                    (8, 1 if is_above else -8),
                    textcoords="offset points",
                    color=colour,
                )
        axes.set_xlabel("bytes read, thousand million")
        axes.set_title("held-out bits per byte, the networks alone")
        axes.set_xlim(left=0, right=30)
        figure.savefig(HERE.parent / "docs" / "training.svg", metadata={"Date": None})
        plt.close(figure)


if __name__ == "__main__":
    main()
