"""Rows for other programs: CSV or JSON on stdout, one at a time, however many there are."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING

import click

from runner.cli.speech import clean, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Rows = Iterable[Mapping[str, object]]

# What a spreadsheet would calculate; the wide ones where it speaks Chinese or Japanese.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def choosing_a_format(command: Callable[..., object]) -> Callable[..., object]:
    """Give a command the option `--format`, as its parameter `form`."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["csv", "json"]),
        default="csv",
        show_default=True,
        help="How the rows are written to stdout.",
    )(command)


def write_rows(columns: Sequence[str], rows: Rows, form: str) -> None:
    """Write rows in the form of `--format`."""
    if form == "csv":
        _write_csv(columns, rows)
    else:
        _write_json_list(rows)
        click.echo()


def write_json_object(members: Mapping[str, Rows | dict[str, object]]) -> None:
    """Write an object whose members are lists of rows, or objects."""
    before = "{"
    for name, value in members.items():
        click.echo(f"{before}{to_json(name)}: ", nl=False)
        if isinstance(value, dict):
            click.echo(to_json(value), nl=False)
        else:
            _write_json_list(value)
        before = ",\n"
    click.echo("}")


def _write_json_list(rows: Rows) -> None:
    """Write a list, a row at a time: millions of them never stand in memory."""
    separator = "[\n"
    for row in rows:
        click.echo(separator + to_json(row), nl=False)
        separator = ",\n"
    click.echo("[]" if separator == "[\n" else "\n]", nl=False)


def _write_csv(columns: Sequence[str], rows: Rows) -> None:
    writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_defuse, rows))


def _defuse(row: Mapping[str, object]) -> dict[str, object]:
    """Quote every cell that a spreadsheet would take for a formula: the gateway wrote some."""
    return {
        name: _make_harmless(cell) if isinstance(cell, str) else cell for name, cell in row.items()
    }


def _make_harmless(cell: str) -> str:
    return clean(f"'{cell}" if cell.startswith(_FORMULA) else cell)
