"""`report` into a workbook or a file: what stands in it, and where it may be written."""

from __future__ import annotations

import io
import os
import pty
import stat
import zipfile
from typing import TYPE_CHECKING

import pytest
import python_calamine
from cli_workspace import numbers, opening_office, opening_sandbox, opening_sandboxes
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from runner.cli.speech import clean
from runner.cli.workbook import write_workbook

if TYPE_CHECKING:
    from pathlib import Path

    from cli_workspace import Office

    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)
sandbox = pytest.fixture(opening_sandbox)

COLUMNS = ["mobile", "state", "batch", "task_id", "received_at", "error_code"]


def read_sheets(content: bytes) -> list[list[list[object]]]:
    """Give the rows of each sheet as another reader finds them."""
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    return [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]


@pytest.fixture
def sent(office: Office, sandbox: Sandbox) -> Office:
    office.campaign()
    office.run("run", "news")
    return office


def test_a_workbook_has_a_row_for_each_recipient_and_every_cell_is_a_text(
    sent: Office, tmp_path: Path
) -> None:
    path = tmp_path / "news.xlsx"
    ran = sent.run("report", "news", "--format", "xlsx", "--output", str(path))
    assert (ran.status, ran.out, ran.err) == (0, "", "")

    [[head, *rows]] = read_sheets(path.read_bytes())
    [plain, *_] = sent.run("report", "news", "--format", "json").json
    assert head == COLUMNS
    assert [row[0] for row in rows] == numbers(3)
    assert rows[0] == [str(plain[name]) for name in COLUMNS]


def test_a_workbook_goes_through_a_pipe(sent: Office) -> None:
    with sent.start("report", "news", "--format", "xlsx", encoding=None) as process:
        content, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (0, b"")
    assert len(read_sheets(content)[0]) == 4


def test_a_terminal_is_shown_no_workbook(sent: Office) -> None:
    ours, theirs = pty.openpty()
    with sent.start("report", "news", "--format", "xlsx", stdout=theirs) as process:
        _, error = process.communicate(timeout=60)
    os.close(theirs)
    os.close(ours)
    assert process.returncode == 2
    assert "a workbook cannot be shown on a terminal\n  name a file with `--output FILE`" in error


@pytest.mark.parametrize("form", ["csv", "json"])
def test_other_forms_are_written_to_a_file_as_they_are_to_stdout(
    sent: Office, tmp_path: Path, form: str
) -> None:
    path = tmp_path / "out"
    assert sent.run("report", "news", "--format", form, "--output", str(path)).out == ""
    assert path.read_text("utf-8") == sent.run("report", "news", "--format", form).out


def test_a_file_is_for_its_owner_alone_and_replaces_what_was_there(
    sent: Office, tmp_path: Path
) -> None:
    path = tmp_path / "news.csv"
    path.write_text("old")
    path.chmod(0o644)
    (tmp_path / "link.csv").symlink_to(path)
    assert sent.run("report", "news", "--output", str(tmp_path / "link.csv")).status == 0
    assert path.read_text("utf-8").startswith("mobile,")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.glob(".news.csv*")] == []


@pytest.mark.parametrize("name", ["no/such/folder.xlsx", "."])
def test_a_file_that_cannot_be_written_is_told(sent: Office, tmp_path: Path, name: str) -> None:
    ran = sent.run("report", "news", "--format", "xlsx", "--output", str(tmp_path / name))
    assert ran.status == 2
    assert "cannot be written: " in ran.err


def test_what_is_there_stays_where_the_disk_fails(sent: Office) -> None:
    with sent.start("report", "news", "--format", "xlsx", "--output", "/dev/full") as process:
        _, error = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "/dev/full cannot be written: No space left on device" in error


@settings(deadline=None)
@given(
    st.lists(
        st.none()
        | st.sampled_from(["=1+1", "@SUM(A1)", "27349872349823000000", "_x0041_", "a\x00b\ud800"])
        | st.text(max_size=8),
        min_size=1,
        max_size=6,
    )
)
def test_every_cell_is_read_back_as_a_text(cells: list[str | None]) -> None:
    names = [f"c{number}" for number in range(len(cells))]
    target = io.BytesIO()
    write_workbook(target, names, [dict(zip(names, cells, strict=True))])
    [[head, *rows]] = read_sheets(target.getvalue())
    found = rows[0] if rows else []
    wanted = [clean(cell or "") for cell in cells]
    assert head == names
    assert [*found, *[""] * (len(names) - len(found))] == wanted
    with zipfile.ZipFile(target) as package:
        sheet = etree.fromstring(package.read("xl/worksheets/sheet1.xml"))
    assert {cell.get("t") for cell in sheet.iter("{*}c")} == {"inlineStr"}
    assert not list(sheet.iter("{*}f"))


def test_rows_beyond_those_of_one_sheet_go_on_in_another() -> None:
    target = io.BytesIO()
    write_workbook(target, ["n"], ({"n": number} for number in range(5)), most_rows=3)
    sheets = read_sheets(target.getvalue())
    assert sheets == [[["n"], ["0"], ["1"]], [["n"], ["2"], ["3"]], [["n"], ["4"]]]


@pytest.mark.parametrize("count", [0, 2, 4])
def test_no_sheet_is_without_rows_but_one_that_is_alone(count: int) -> None:
    target = io.BytesIO()
    write_workbook(target, ["n"], ({"n": number} for number in range(count)), most_rows=3)
    assert len(read_sheets(target.getvalue())) == max(1, count // 2)
