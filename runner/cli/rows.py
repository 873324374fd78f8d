"""Rows for other programs: CSV, JSON or .xlsx, one at a time, however many there are."""

from __future__ import annotations

import csv
import sys
from contextlib import nullcontext
from io import TextIOWrapper
from typing import TYPE_CHECKING

import click

from runner.cli.speech import clean, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import TextIO

    Rows = Iterable[Mapping[str, object]]

# What a spreadsheet would calculate; the wide ones where it speaks Chinese or Japanese.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def choosing_a_format(command: Callable[..., object]) -> Callable[..., object]:
    """Give a command the options `--format` and `--output`, as its `form` and `output`."""
    form = click.option(
        "--format",
        "form",
        type=click.Choice(["csv", "json", "xlsx"]),
        default="csv",
        show_default=True,
        help="How the rows are written; in .xlsx every cell is a text.",
    )
    output = click.option(
        "--output",
        metavar="FILE",
        type=click.Path(allow_dash=True),
        default="-",
        help="Where to, in place of stdout; the file is for its owner alone.",
    )
    return form(output(command))


def write_rows(columns: Sequence[str], rows: Rows, form: str, output: str = "-") -> None:
    """Write rows in the form of `--format` to the file of `--output`, `-` for stdout.

    Raises WrongUsage where that cannot be written.
    """
    if form == "xlsx":
        from runner.cli.output import bytes_of_stdout, opening_file
        from runner.cli.workbook import write_workbook

        with nullcontext(bytes_of_stdout()) if output == "-" else opening_file(output) as target:
            write_workbook(target, columns, rows)
        return
    write = _write_csv if form == "csv" else _write_json
    if output == "-":
        write(sys.stdout, columns, rows)
        return
    from runner.cli.output import opening_file

    with opening_file(output) as target:
        out = TextIOWrapper(target, encoding="utf-8", newline="")
        write(out, columns, rows)
        out.detach()  # flushes it; whoever opened the file closes it


def write_json_object(members: Mapping[str, Rows | dict[str, object]]) -> None:
    """Write an object whose members are lists of rows, or objects."""
    before = "{"
    for name, value in members.items():
        click.echo(f"{before}{to_json(name)}: ", nl=False)
        if isinstance(value, dict):
            click.echo(to_json(value), nl=False)
        else:
            _write_json_list(sys.stdout, value)
        before = ",\n"
    click.echo("}")


def _write_json(out: TextIO, _: Sequence[str], rows: Rows) -> None:
    _write_json_list(out, rows)
    click.echo(file=out)


def _write_json_list(out: TextIO, rows: Rows) -> None:
    """Write a list, a row at a time: millions of them never stand in memory."""
    separator = "[\n"
    for row in rows:
        click.echo(separator + to_json(row), file=out, nl=False)
        separator = ",\n"
    click.echo("[]" if separator == "[\n" else "\n]", file=out, nl=False)


def _write_csv(out: TextIO, columns: Sequence[str], rows: Rows) -> None:
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_defuse, rows))


def _defuse(row: Mapping[str, object]) -> dict[str, object]:
    """Quote every cell that a spreadsheet would take for a formula: the gateway wrote some."""
    return {
        name: _make_harmless(cell) if isinstance(cell, str) else cell for name, cell in row.items()
    }


def _make_harmless(cell: str) -> str:
    return clean(f"'{cell}" if cell.startswith(_FORMULA) else cell)
