"""Lists in .xlsx workbooks: what is read, and what is told of a cell, a sheet or a file."""

import io
import re
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime

import pytest
import python_calamine
from hypothesis import given, settings
from hypothesis import strategies as st
from workbooks import (
    ENCRYPTED,
    MAIN,
    announce,
    pack,
    parts_by_hand,
    rows_by_hand,
    workbook_by_hand,
    write_workbook,
)
from workspaces import SETTINGS, shop

from runner.cli.diagnostics import Format, render_diagnostics
from runner.model.account import NamedList
from runner.model.diagnostic import Span
from runner.model.recipient import parse_mobile
from runner.workspace.kept_lists import KeptLists
from runner.workspace.lists import ListFault, NumberList, read_list
from runner.workspace.optouts import OptOuts
from runner.workspace.xlsx_numbers import index_of, letters_of

__all__ = ["shop"]

A, B, C = 13800138000, 13900139000, 15000150000


@pytest.fixture
def read(tmp_path):
    """Write a workbook and read it: as a user's file, under the name list.xlsx."""

    def write_and_read(content, **asked) -> NumberList | ListFault:
        path = tmp_path / "list.xlsx"
        path.write_bytes(content)
        return read_list(path, name="list.xlsx", **asked)

    return write_and_read


@pytest.fixture
def numbers(read):
    """Read a workbook without a fault, and return its numbers."""

    def read_numbers(content, **asked):
        result = read(content, **asked)
        assert isinstance(result, NumberList), result
        assert result.diagnostics == ()
        return list(result.mobiles)

    return read_numbers


@pytest.fixture
def told(read):
    """Read a sheet of one column, `mobile`, and return why its one other cell is no number."""

    def read_cell(cell):
        content = cell if isinstance(cell, bytes) else write_workbook({"S": [["mobile"], [cell]]})
        (fault,) = read(content).diagnostics
        assert fault.cell in {"S!A2", "会员!A2"}
        return fault.message.removeprefix("this is no mobile number: ")

    return read_cell


@pytest.mark.parametrize("inline", [False, True])
def test_numbers_and_texts_of_any_form_are_read_in_their_order(numbers, inline):
    rows = [["姓名", "手机号"], ["张三", A], ["李四", str(B)], ["", f"+86 {C}"], ["&<", A]]
    assert numbers(write_workbook({"会员": rows}, inline=inline)) == [A, B, C, A]


def test_a_sheet_without_headings_has_its_numbers_in_the_first_column(numbers):
    assert numbers(write_workbook({"S": [[A, "张三"], [str(B), "李四"]]})) == [A, B]


def test_the_column_and_the_sheet_are_found_by_their_names(numbers):
    content = write_workbook({"说明": [["x"]], "会员": [["mobile", " 电话 "], [A, B]]})
    assert numbers(content, sheet=" 会员", column="电话") == [B]


def test_without_a_name_it_is_the_first_sheet_that_is_shown(numbers):
    content = write_workbook({"S1": [[A]], "S2": [[B]], "S3": [[C]]}, hidden=["S1"])
    assert numbers(content) == [B]


def test_headings_may_stand_below_a_title_over_several_columns(numbers):
    def merge(book, sheet, row, column):
        sheet.merge_range(row, column, row, column + 2, "会员名单 2035")

    rows = [[merge], [], ["姓名", "手机号", "城市"], ["张三", A, "上海"]]
    assert numbers(write_workbook({"S": rows})) == [A]


def test_nobody_is_passed_over_in_search_of_the_headings(read):
    fault = read(write_workbook({"S": [["名单"], ["张三", A], ["姓名", "手机号"], ["李四", B]]}))
    assert fault.rule == "no-column"
    assert "has no headings" in fault.message
    assert str(A) not in fault.message


def test_rows_that_hold_nothing_are_no_rows(read):
    def color(book, sheet, row, column):
        sheet.write_blank(row, column, None, book.add_format({"bg_color": "red"}))

    rows = [["mobile", "name"], [A], [color, color], [], ["", " "], [B]]
    result = read(write_workbook({"S": rows}))
    assert (list(result.mobiles), result.invalid, result.source.rows) == ([A, B], 0, 2)


def test_a_saved_value_of_a_formula_counts(numbers):
    def number(book, sheet, row, column):
        sheet.write_formula(row, column, "=A1", None, A)

    def text(book, sheet, row, column):
        sheet.write_formula(row, column, '="13900139000"', None, str(B))

    assert numbers(write_workbook({"S": [["mobile"], [number], [text]]})) == [A, B]


def test_a_formula_without_a_saved_value_is_told(told):
    content = workbook_by_hand(
        '<row r="1"><c r="A1" t="str"><v>mobile</v></c></row>'
        '<row r="2"><c r="A2"><f>B2</f></c></row>'
    )
    assert "its formula has no saved value" in told(content)


@pytest.mark.parametrize(
    "written", ["13800138000.0", "1.3800138E10", "1.3800138E+10", "8613800138000"]
)
def test_a_number_is_read_however_it_is_written(numbers, written):
    rows = (
        f'<row r="1"><c r="A1"><v>{B}</v></c></row><row r="2"><c r="A2"><v>{written}</v></c></row>'
    )
    assert numbers(workbook_by_hand(rows)) == [B, A]


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("", "it is empty"),
        ("1.38E+10", "a spreadsheet turned it into something like 1.38E+10"),
        (13_800_000_000, "it ends like one that was rounded to 1.38E+10"),
        (8_613_800_000_000, "it ends like one that was rounded"),
        (12345678901234567890, "more than the 15 digits that a spreadsheet keeps"),
        (13800138000.5, "it has decimals"),
        (1380013800, "it has 10 digits"),
        (-A, "it begins or ends with a dash"),
        (True, "it is true or false"),
        ("无", "it holds letters"),
    ],
)
def test_a_cell_that_is_no_number_says_why(read, cell, why):
    rows = [["name", "mobile"], ["张三", cell]]
    (fault,) = read(write_workbook({"S": rows})).diagnostics
    assert why in fault.message
    assert (fault.cell, fault.excerpt) == ("S!B2", None)
    assert not re.search(r"[0-9]{7}", f"{fault.message} {fault.hint}")


def test_digits_that_were_rounded_count_as_they_are_in_a_text(numbers):
    assert numbers(write_workbook({"S": [["mobile"], ["13800000000"]]})) == [13_800_000_000]


def test_a_date_is_told_as_one_and_so_is_an_error(told):
    def a_date(book, sheet, row, column):
        sheet.write_datetime(row, column, date(2035, 9, 16), book.add_format({"num_format": 14}))

    def written_out(book, sheet, row, column):
        form = book.add_format({"num_format": '[Red]yyyy"年"m"月"'})
        sheet.write_datetime(row, column, date(2035, 9, 16), form)

    def an_error(book, sheet, row, column):
        sheet.write_formula(row, column, "=NA()", None, "#N/A")

    assert told(a_date) == "it is a date"
    assert told(written_out) == "it is a date"
    assert told(an_error) == "it is the error of a formula"


def test_a_number_in_any_colour_and_with_any_currency_is_no_date(told):
    def money(book, sheet, row, column):
        sheet.write_number(row, column, 12345, book.add_format({"num_format": "[Red]#,##0 [$USD]"}))

    assert "5 digits" in told(money)


def test_a_place_has_row_and_column_and_names_the_cell(read):
    rows = [["x"] * 27 + ["mobile"], ["x"] * 27 + [A], ["x"]]
    (fault,) = read(write_workbook({"会员": rows})).diagnostics
    assert fault.cell == "会员!AB3"
    assert fault.span == Span(line=3, column=28, end_line=3, end_column=29)


def test_a_sheet_named_by_a_number_does_not_show_it(read):
    (fault,) = read(write_workbook({str(A): [["mobile"], ["x"]]})).diagnostics
    assert fault.cell == "138****8000!A2"


@given(st.integers(0, 16_383))
def test_the_letters_of_a_column_are_its_number(index):
    assert index_of(letters_of(index)) == index
    assert letters_of(index) == python_letters(index)


def python_letters(index):
    from xlsxwriter.utility import xl_col_to_name

    return xl_col_to_name(index)


def test_prefixes_of_tags_make_no_difference(numbers):
    rows = (
        '<x:row r="1"><x:c r="A1" t="inlineStr"><x:is><x:t>mobile</x:t></x:is></x:c></x:row>'
        f'<x:row r="2"><x:c r="A2"><x:v>{A}</x:v></x:c></x:row>'
        f'<x:row r="3"><x:c t="n" r="A3"><x:v>{B}</x:v></x:c></x:row>'
    )
    sheet = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'
    assert numbers(pack(parts_by_hand(sheet))) == [A, B]


def test_strict_workbooks_are_read(numbers):
    strict = "http://purl.oclc.org/ooxml/spreadsheetml/main"
    sheet = rows_by_hand(f'<row r="1"><c r="A1"><v>{A}</v></c></row>', namespace=strict)
    assert numbers(pack(parts_by_hand(sheet, namespace=strict))) == [A]


def test_cells_and_rows_without_a_place_stand_behind_the_ones_before(read):
    rows = (
        '<row><c t="str"><v>name</v></c><c t="str"><v>mobile</v></c></row>'
        f'<row r="4"><c/><c><v>{A}</v></c></row><row><c/><c t="str"><v>x</v></c></row>'
    )
    result = read(workbook_by_hand(rows))
    assert list(result.mobiles) == [A]
    assert result.diagnostics[0].cell == "会员!B5"


def test_a_text_may_be_of_several_pieces_and_says_how_it_is_pronounced(numbers):
    strings = (
        f'<sst xmlns="{MAIN}"><si><r><t>手机</t></r><r><t xml:space="preserve">号 </t></r>'
        "<rPh><t>shouji</t></rPh></si><si><t>13800138000_x000D_</t></si>"
        f'<si><t>&#49;3900139000</t></si><si><t xml:space="preserve"> {C}</t></si></sst>'
    )
    rows = "".join(
        f'<row r="{n + 1}"><c r="A{n + 1}" t="s"><v>{n}</v></c></row>' for n in (0, 2, 3)
    )
    assert numbers(workbook_by_hand(rows, strings=strings)) == [B, C]


def test_a_comment_above_the_rows_is_passed_over(numbers):
    rows = f'<row r="1"><c r="A1"><v>{A}</v></c></row>'
    comment = f"<!-- <sheetData>{rows}</sheetData> -->"
    sheet = rows_by_hand(rows.replace(str(A), str(B))).replace("<sheetData", f"{comment}<sheetData")
    assert numbers(pack(parts_by_hand(sheet))) == [B]


@pytest.mark.parametrize(
    "rows",
    [
        f'<!-- <row r="1"><c r="A1"><v>{A}</v></c></row> -->',
        f'<row r="1"><c r="A1" t="str"><v><![CDATA[{A}]]></v></c></row>',
        f'<row r="1"><c r="A1" t="q"><v>{A}</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>7</v></c></row>',
        '<row r="1"><c r="A1"><v>many</v></c></row>',
        '<row r="1"><c r="XFE1"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></row>',
        '<row r="1"><c r="A1"><v>&bomb;</v></c></row>',
    ],
)
def test_rows_that_no_spreadsheet_program_writes_are_refused(read, rows):
    fault = read(workbook_by_hand(rows))
    assert (fault.rule, "list.xlsx" in fault.message) == ("damaged-file", True)
    assert "save it as .xlsx" in fault.hint


def other_part(name):
    return pack({"[Content_Types].xml": "", name: "x"})


def flagged(content):
    """Say in the directory and at the part itself that the sheet is encrypted."""
    changed = bytearray(content)
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = -1
        while (at := changed.find(mark, at + 1)) >= 0:
            changed[at + offset] |= 1
    return bytes(changed)


SOUND = workbook_by_hand(f'<row r="1"><c r="A1"><v>{A}</v></c></row>')


@pytest.mark.parametrize(
    ("content", "rule", "words"),
    [
        (b"", "empty-list", "is an empty file"),
        (f"mobile\n{A}\n".encode(), "not-a-spreadsheet", "is no .xlsx workbook"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 1000, "not-a-spreadsheet", "is an old .xls workbook"),
        (ENCRYPTED, "protected-file", "is protected by a password"),
        (flagged(SOUND), "protected-file", "is protected by a password"),
        (other_part("mimetype"), "not-a-spreadsheet", "is an OpenDocument file"),
        (other_part("xl/workbook.bin"), "not-a-spreadsheet", "is an .xlsb workbook"),
        (other_part("Index/Document.iwa"), "not-a-spreadsheet", "is a Numbers file"),
        (other_part("word/document.xml"), "not-a-spreadsheet", "is a Word document"),
        (other_part("notes.txt"), "not-a-spreadsheet", "is a zip archive"),
        (SOUND[:-30], "damaged-file", "is damaged"),
        (b"PK\x03\x04" + b"\0" * 100, "damaged-file", "is damaged"),
        (workbook_by_hand(""), "empty-list", "has nothing in its sheet"),
        (write_workbook({"S": [["姓名", "电话"], ["a", A]]}), "no-column", "`姓名`, `电话`"),
        (write_workbook({"S": [["手机", "手机号"]]}), "ambiguous-column", "`手机`, `手机号`"),
    ],
)
def test_a_file_that_is_no_list_is_one_fault(read, content, rule, words):
    fault = read(content)
    assert isinstance(fault, ListFault)
    assert fault.rule == rule
    assert words in fault.message
    assert "`list.xlsx`" in fault.message
    assert fault.hint


def test_a_sheet_that_is_not_there_names_the_nearest_or_all(read):
    content = write_workbook({"会员名单": [[A]], "员工": [[B]]})
    near, unlike = read(content, sheet="会员清单"), read(content, sheet="x")
    assert (near.rule, near.hint) == ("unknown-sheet", "did you mean `会员名单`?")
    assert unlike.hint == "its sheets are: 会员名单, 员工"


def test_a_csv_file_has_no_sheets_and_a_workbook_by_another_name_is_told(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(SOUND)
    assert read_list(path, name="list.csv", sheet="会员").rule == "no-sheets"
    fault = read_list(path, name="list.csv")
    assert (fault.rule, fault.hint[:14]) == ("binary-file", "name it .xlsx ")


def test_a_part_that_was_changed_is_noticed_by_its_checksum(read):
    stored = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(SOUND)) as source, zipfile.ZipFile(stored, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    changed = stored.getvalue().replace(str(A).encode(), str(B).encode())
    assert read(changed).rule == "damaged-file"


@pytest.mark.parametrize(
    ("part", "most"), [("xl/worksheets/sheet1.xml", 2**30), ("xl/sharedStrings.xml", 2**28)]
)
def test_a_part_that_is_longer_than_it_may_be_is_refused_unread(read, part, most):
    fault = read(announce(SOUND, part, most + 1))
    assert (fault.rule, f"more than {most >> 20} MiB" in fault.message) == ("list-too-large", True)


def test_no_more_of_a_part_is_read_than_the_zip_says(read):
    assert read(announce(SOUND, "xl/worksheets/sheet1.xml", 150)).rule == "damaged-file"


def test_a_zip_of_very_many_parts_is_refused(read):
    parts = {**parts_by_hand(rows_by_hand("")), **{f"{n:0200}": "" for n in range(5000)}}
    assert read(pack(parts)).rule == "damaged-file"


def test_a_row_without_end_is_refused_in_bounded_memory(read):
    content = workbook_by_hand('<row r="1">' + '<c r="A1"/>' * 900_000)
    assert read(content).rule == "damaged-file"


def test_cells_far_apart_take_no_memory_between_them(tmp_path):
    path = tmp_path / "far.xlsx"
    path.write_bytes(
        workbook_by_hand(
            f'<row r="1"><c r="A1"><v>{A}</v></c></row>'
            '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        )
    )
    script = (
        "import pathlib, resource, sys\nfrom runner.workspace.lists import read_list\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))\n"
        "read = read_list(pathlib.Path(sys.argv[1]), name='far.xlsx')\n"
        "print(len(read.mobiles), read.diagnostics[0].cell)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, check=True
    )
    assert done.stdout == "1 会员!A1048576\n"


_cells = st.one_of(
    st.sampled_from([A, B, str(A), f"+86{B}", f" {C} ", "张三", "a&<b>", "", None, 12, 1.5, True]),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=9),
)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.lists(_cells, min_size=1, max_size=4), max_size=8),
    st.booleans(),
    st.integers(0, 3),
)
def test_a_workbook_is_read_as_by_another_reader(tmp_path_factory, rows, inline, index):
    """What calamine finds in the column, and whether a row holds anything, is what we find."""
    headings = [f"x{column}" for column in range(4)]
    headings[index] = "mobile"
    content = write_workbook({"S": [headings, *rows]}, inline=inline)
    path = tmp_path_factory.getbasetemp() / "any.xlsx"
    path.write_bytes(content)
    read = read_list(path, name="any.xlsx")

    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    other = book.get_sheet_by_index(0).to_python(skip_empty_area=False)[1:]
    filled = [
        (number, row)
        for number, row in enumerate(other, 2)
        if any(str(cell).strip() for cell in row)
    ]
    found = [(number, parse_mobile(_text(row[index]))) for number, row in filled]
    assert list(read.mobiles) == [mobile for _, mobile in found if mobile]
    assert [fault.span.line for fault in read.diagnostics] == [
        n for n, mobile in found if not mobile
    ]


def _text(cell):
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


@pytest.mark.parametrize("shift", range(0, 90, 9))
def test_where_one_block_ends_makes_no_difference(read, shift):
    """Each row has 90 bytes, and a block ends in another place of one."""
    cells = '<c r="A{0:06}"><v>13800138000</v></c><c r="B{0:06}" t="b"><v>1</v></c>'
    row = f'<row r="{{0:06}}">{cells}</row>'
    other = '<row r="{0:06}"><c r="A{0:06}" t="str"><v>nobody</v></c></row>'
    rows = "".join((other if n % 100 == 0 else row).format(n) for n in range(1, 4000))
    result = read(workbook_by_hand(f'<row r="0"><c r="A0"><v>{"1" * shift}{A}</v></c></row>{rows}'))
    assert (len(result.mobiles), result.invalid) == (3960 + (shift == 0), 39 + (shift > 0))
    assert [fault.span.line for fault in result.diagnostics][-2:] == [3800, 3900]


@settings(deadline=None)
@given(st.binary(max_size=60), st.integers(0, len(SOUND)))
def test_any_bytes_are_a_list_or_a_fault(tmp_path_factory, junk, at):
    path = tmp_path_factory.getbasetemp() / "junk.xlsx"
    path.write_bytes(SOUND[:at] + junk + SOUND[at + len(junk) :])
    result = read_list(path, name="junk.xlsx")
    assert isinstance(result, NumberList | ListFault)


@settings(deadline=None)
@given(st.text('<>/="! rcvtsisdAB12&;x:-[]', max_size=60), st.integers(0, 200))
def test_any_xml_is_a_list_or_a_fault(tmp_path_factory, junk, at):
    path = tmp_path_factory.getbasetemp() / "xml.xlsx"
    sheet = rows_by_hand(f'<row r="1"><c r="A1"><v>{A}</v></c></row>')
    path.write_bytes(pack(parts_by_hand(sheet[:at] + junk + sheet[at:])))
    assert isinstance(read_list(path, name="xml.xlsx"), NumberList | ListFault)


def test_a_mapping_says_sheet_and_column_of_a_file_and_of_what_is_excluded(shop):
    shop.write("lists/会员.xlsx", write_workbook({"说明": [["x"]], "2035": [["电话"], [A], [B]]}))
    shop.write("lists/staff.csv", f"工号,联系\n1,{B}\n")
    recipients = (
        "recipients:\n  files:\n    - {path: lists/../lists/会员.xlsx, sheet: 2035, column: 电话}\n"
        "  exclude:\n    - {path: lists/staff.csv, column: 联系}\n"
    )
    audience = shop.sound_campaign(recipients=recipients).audience
    assert (list(audience.mobiles), audience.excluded) == ([A], 1)
    members, staff = audience.sources
    assert (members.name, members.sheet, members.rows) == ("lists/会员.xlsx", "2035", 2)
    assert (staff.name, staff.sheet, staff.column) == ("lists/staff.csv", None, "联系")


def test_a_column_of_its_own_goes_before_the_one_of_all_lists(shop):
    shop.write("a.csv", f"one,two\n{A},{B}\n")
    recipients = "recipients:\n  column: one\n  files: [a.csv, {path: a.csv, column: two}]\n"
    assert list(shop.sound_campaign(recipients=recipients).audience.mobiles) == [A, B]


def test_a_mapping_means_a_file_even_where_a_list_has_its_name(shop):
    shop.write("runner.yaml", f"{SETTINGS}lists:\n  vip: {{file: lists/none.csv}}\n")
    shop.write("vip", f"{A}\n")
    recipients = "recipients:\n  files: [{path: vip}]\n"
    assert list(shop.sound_campaign(recipients=recipients).audience.mobiles) == [A]


def test_a_list_of_the_settings_has_a_sheet_and_its_column_goes_first(shop):
    content = write_workbook({"a": [[C]], "会员": [["one", "two"], [A, B]]})
    shop.write("lists/vip.xlsx", content)
    lists = "lists:\n  vip: {file: lists/vip.xlsx, sheet: 会员, column: two, min_rows: 1}\n"
    shop.write("runner.yaml", f"{SETTINGS}{lists}always_exclude: [vip]\n")
    recipients = f"recipients:\n  numbers: [{A}, {B}]\n  column: one\n  lists: [vip]\n"
    audience = shop.sound_campaign(recipients=recipients).audience
    assert list(audience.mobiles) == [A]
    assert [(source.name, source.sheet) for source in audience.sources] == [("vip", "会员")]


def test_a_link_out_of_the_workspace_is_not_followed_to_a_workbook(shop, tmp_path):
    (tmp_path / "secret.xlsx").write_bytes(SOUND)
    (shop.root / "lists/list.xlsx").symlink_to(tmp_path / "secret.xlsx")
    fault = shop.fault(recipients="recipients:\n  files: [{path: lists/list.xlsx}]\n")
    assert (fault.rule, shop.marked(fault)) == ("outside-workspace", "lists/list.xlsx")


def test_rows_that_are_skipped_are_named_by_their_cells(shop):
    shop.write("a.xlsx", write_workbook({"会员": [["mobile"], [A], ["无"]]}))
    recipients = "recipients:\n  files: [a.xlsx]\n  invalid: skip\n"
    audience = shop.sound_campaign(recipients=recipients).audience
    assert (audience.invalid, audience.invalid_places) == (1, ("a.xlsx:会员!A3",))


def test_a_workbook_that_rests_is_not_read_again_and_another_sheet_is_another_list(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(write_workbook({"S": [[A]], "T": [[B]]}))
    later = path.stat().st_ctime_ns + 10**10
    kept = KeptLists(lambda: later)
    first = kept.read_list(path, name="a.xlsx")
    kept.end()
    other = kept.read_list(path, name="a.xlsx", sheet="T")
    assert (list(first.mobiles), list(other.mobiles)) == ([A], [B])
    assert kept.read_list(path, name="a.xlsx") is first


def test_people_of_a_workbook_have_opted_out_and_its_cells_are_named(tmp_path):
    path = tmp_path / "optout.xlsx"
    path.write_bytes(write_workbook({"退订": [["电话"], [A], ["x"]]}))
    named = NamedList(name="optout", file=str(path), sheet="退订", column="电话")
    look = OptOuts([named]).look(datetime(2035, 9, 16, tzinfo=UTC))
    assert look.mobiles.find_among([A, B]) == {A: "optout"}
    assert look.fault.endswith(f"correct {path} from 退订!A3 on")


@pytest.mark.parametrize(
    ("form", "place"),
    [
        (Format.FULL, "\n  --> a.xlsx:会员!B3\n"),
        (Format.CONCISE, "a.xlsx:会员!B3: error[invalid-number] "),
        (Format.GITHUB, "file=a.xlsx,line=3,endLine=3,col=2,endColumn=3,"),
        (Format.GITHUB, "::会员!B3: this is no mobile number"),
        (Format.JSON, '"line": 3,\n    "column": 2,'),
    ],
)
def test_every_form_names_the_cell(shop, form, place, monkeypatch):
    shop.write("a.xlsx", write_workbook({"会员": [["x", "mobile"], [1, A], [2, "无"]]}))
    fault = shop.fault(recipients="recipients:\n  files: [a.xlsx]\n")
    monkeypatch.chdir(shop.root)
    assert place in render_diagnostics([fault], shop.root, form)
