"""Decides which column of a list holds the numbers, by its headings or by its first number."""

from __future__ import annotations

from runner.language import N_, join_clauses
from runner.model.recipient import looks_like_a_number
from runner.workspace.list_text import SAVE_AS_CSV, UnreadableList
from runner.workspace.suggest import nearest

_OTHER_SEPARATORS = frozenset(";\t|，；")

HEADINGS = ("mobile", "phone", "手机", "手机号", "手机号码")


def find_numbers(
    first: list[str] | None, name: str, column: str | None
) -> tuple[int, list[list[str]]]:
    """Tell the index of the column with the numbers, and the first row where it is no heading.

    first: the first row, None where there is none; name, column: as for `read_list`.
    Raises UnreadableList where there is no such column, or more than one.
    """
    if first is None:
        hint = N_("a list without anybody still has its headings")
        raise UnreadableList("empty-list", N_("`{name}` is empty").format(name=name), hint)
    if looks_like_a_number(first[0]):
        return 0, [first]
    if column is None and len(first) == 1 and _OTHER_SEPARATORS.intersection(first[0]):
        message = N_("`{name}` separates its columns by something other than a comma").format(
            name=name
        )
        raise UnreadableList("no-column", message, SAVE_AS_CSV)
    return find_column(first, name, column), []


def find_column(cells: list[str], name: str, column: str | None) -> int:
    """Tell the index of the column with the numbers by its heading; raises UnreadableList."""
    found = [index for index, cell in enumerate(cells) if is_heading(cell, column)]
    headings = list(map(_clean, cells))
    if not found:
        raise _without_numbers(headings, name, column)
    if len(found) > 1:
        listed = _quote([headings[index] for index in found])
        message = N_("`{name}` has more than one column for the numbers: {listed}").format(
            name=name, listed=listed
        )
        raise UnreadableList(
            "ambiguous-column", message, N_("say with `column` which is the right one")
        )
    return found[0]


def is_heading(cell: str, column: str | None) -> bool:
    """Whether a cell is the heading of the numbers; column: as for `read_list`."""
    wanted = HEADINGS if column is None else (_clean(column).casefold(),)
    return _clean(cell).casefold() in wanted


def _clean(cell: str) -> str:
    return "".join(filter(str.isprintable, cell)).strip()


def _without_numbers(headings: list[str], name: str, column: str | None) -> UnreadableList:
    if any(map(looks_like_a_number, headings)):  # then this is a person, whom no message shows
        message = N_("`{name}` has no headings, and its first column holds no numbers").format(
            name=name
        )
        hint = N_("put a line with the columns' names first, `mobile` above the numbers")
        return UnreadableList("no-column", message, hint)
    missing = (
        N_("`{name}` has no column whose name says that it holds numbers, only {names}")
        if column is None
        else N_("`{name}` has no column named `{column}`, only {names}")
    )
    message = missing.format(name=name, column=column, names=_quote(headings))
    if near := nearest(column or "mobile", headings):
        message = join_clauses(message, near)
    hint = N_("name it `mobile` in the list, or say with `column` which it is")
    return UnreadableList("no-column", message, hint)


def _quote(headings: list[str]) -> str:
    shown = [f"`{heading[:30]}`" for heading in headings[:10]]
    return ", ".join(shown if len(shown) == len(headings) else [*shown, "…"])
