"""Every page of the guide, in both languages, followed from its top: it shows what its reader sees.

`make test` follows those in English and one in Chinese; the others type the same and write the same
files, and only what they show is in other words.
"""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING

from guide_page import PAGES, find_twin, follow

from torture.proof import Row, run_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torture.proof import Orders

_NAME = "guide"


def prove(orders: Orders) -> Iterator[Row]:
    """Prove that whoever follows a page sees what it shows."""
    pages = {page.stem: page for first in PAGES for page in (first, find_twin(first))}
    chosen = [pages[orders.only]] if orders.only else list(pages.values())
    yield from run_all(_NAME, chosen, lambda page: _follow(page, orders.folder), orders.jobs)


def _follow(page: Path, folder: Path) -> Row:
    changes = "\n  ".join(_find_changes(page, folder / _NAME / page.stem / "home"))
    again = f"again: make torture PROOFS={_NAME} ONLY={page.stem}; mended by: make docs"
    broken = [f"{page.name}: {again}\n  {changes}"] if changes else []
    return Row(proof=_NAME, name=page.stem, runs=1, broken=broken)


def _find_changes(page: Path, home: Path) -> list[str]:
    home.mkdir(parents=True)
    told = page.read_text("utf-8")
    try:
        shown = follow(page, home)
    except FileNotFoundError as error:  # what a command should have written is not there
        return [str(error), *error.__notes__]
    return list(unified_diff(told.splitlines(), shown.splitlines(), lineterm="", n=1))[2:]
