"""Tables of numbers about files."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["new_table", "print_table"]

WIDEST = 1 << 16  # columns


def new_table(*headings: str) -> "Table":
    """Return a table of numbers whose last column is the file's name."""
    from rich.table import Table

    table = Table(box=None)
    for heading in headings:
        table.add_column(heading, justify="right")
    table.add_column("File", overflow="fold")
    return table


def print_table(table: "Table") -> None:
    """Print the table in its full width: a terminal may wrap lines, but no number is cut short."""
    from rich.console import Console

    width = Console(width=WIDEST).measure(table).maximum
    Console(width=width).print(table, markup=False)
