"""Lists of the settings: whom they add and take away, and what they do to nobody's digest."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from workspaces import FRAMES, SETTINGS, shop

from runner.model.account import NamedList

__all__ = ["shop"]

A, B, C, D = 13800138000, 13800138001, 13800138002, 13900139000


@pytest.fixture
def office(shop):
    """A workspace that names lists, of which this machine has those that a test writes."""
    shop.lists = shop.root.parent / "lists"
    shop.lists.mkdir()
    settings(shop)
    shop.write("lists/own.csv", f"mobile\n{A}\n{B}\n")
    return shop


def settings(shop, more=""):
    names = "".join(f"  {name}: {{file: ../lists/{name}.csv}}\n" for name in NAMES)
    shop.write("runner.yaml", f"{SETTINGS}lists:\n{names}{more}")


NAMES = ("members", "staff", "optout")


def put(shop, name, *rows, heading="mobile"):
    (shop.lists / f"{name}.csv").write_text("\n".join([heading, *map(str, rows)]) + "\n")


def audience(shop, *lines):
    recipients = "recipients:\n" + "".join(f"  {line}\n" for line in lines)
    return shop.sound_campaign(recipients=recipients).audience


def faults(shop, *lines):
    return shop.faults(recipients="recipients:\n" + "".join(f"  {line}\n" for line in lines))


def names(audience):
    return [source.name for source in audience.sources]


# whom they add and take away


def test_people_of_a_list_follow_those_of_numbers_and_files(office):
    put(office, "members", C, B)
    found = audience(office, "lists: [members]", f"numbers: [{D}]", "files: [lists/own.csv]")
    assert list(found.mobiles) == [D, A, B, C]
    assert (found.given, found.duplicates) == (5, 1)
    assert names(found) == ["lists/own.csv", "members"]


def test_a_list_may_be_excluded_by_its_name_beside_files(office):
    put(office, "members", A, B, C, D)
    put(office, "staff", C)
    office.write("lists/few.csv", f"{D}\n")
    found = audience(office, "lists: [members]", "exclude: [staff, lists/few.csv]")
    assert (list(found.mobiles), found.excluded) == ([A, B], 2)
    assert (found.lists, found.excluded_lists) == (("members",), ("staff",))


def test_whoever_is_always_excluded_is_in_no_audience(office):
    settings(office, "always_exclude: [optout]\n")
    put(office, "optout", B, D)
    found = audience(office, "files: [lists/own.csv]")
    assert (list(found.mobiles), found.excluded, names(found)) == (
        [A],
        1,
        ["lists/own.csv", "optout"],
    )


def test_a_list_that_is_excluded_always_and_by_name_is_one_source(office):
    settings(office, "always_exclude: [optout, staff, optout]\n")
    put(office, "optout", B)
    put(office, "staff", D)
    found = audience(office, "files: [lists/own.csv]", "exclude: [optout]")
    assert names(found) == ["lists/own.csv", "optout", "staff"]


def test_the_campaign_s_column_is_that_of_its_lists_but_not_of_those_always_excluded(office):
    settings(office, "always_exclude: [optout]\n")
    put(office, "members", f"{A},{D}", f"{B},{C}", heading="mobile,联系电话")
    put(office, "optout", f"{D},{C}", heading="mobile,联系电话")
    found = audience(office, "lists: [members]", "column: 联系电话")
    assert list(found.mobiles) == [C]


def test_a_list_may_lie_in_the_workspace(office):
    office.write("runner.yaml", f"{SETTINGS}lists: {{own: {{file: lists/own.csv}}}}\n")
    assert list(audience(office, "lists: [own]").mobiles) == [A, B]


def test_the_name_of_a_list_goes_before_a_file_of_that_name(office):
    office.write("staff", f"{A}\n")
    put(office, "staff", B)
    assert list(audience(office, "files: [lists/own.csv]", "exclude: [staff]").mobiles) == [A]


def test_a_source_says_what_the_settings_ask_of_it_and_how_old_it_is(office):
    ask = "lists: {members: {file: ../lists/members.csv, max_age: 3d, min_rows: 2}}\n"
    office.write("runner.yaml", SETTINGS + ask)
    put(office, "members", A)
    os.utime(office.lists / "members.csv", (0, 1_700_000_000))
    [source] = audience(office, "lists: [members]").sources
    assert source.named == NamedList(
        name="members",
        file=f"{office.root}/../lists/members.csv",
        max_age=timedelta(days=3),
        min_rows=2,
    )
    assert source.modified == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert source.rows == 1


# what stays the campaign's own


def test_without_lists_of_the_settings_nothing_is_told_apart(office):
    found = audience(office, "files: [lists/own.csv]")
    assert (found.own, found.lists, found.excluded_lists, found.missing) == (None, (), (), ())


@pytest.mark.parametrize(
    ("lines", "always"),
    [
        (["lists: [members]"], ""),
        (["exclude: [lists/few.csv, staff]"], ""),
        ([], "always_exclude: [optout]\n"),
        ([], "always_exclude: [staff]\n"),
    ],
)
def test_what_the_workspace_s_own_files_give_is_kept_where_lists_change_it(office, lines, always):
    """The campaign's digest is made of it, and is then the same on every machine."""
    settings(office, always)
    put(office, "members", C)
    put(office, "staff", A)
    office.write("lists/few.csv", f"{D}\n")
    lines = [f"numbers: [{D}, {B}]", "files: [lists/own.csv]", *lines]
    here = audience(office, *lines)
    put(office, "members", C + 1)
    put(office, "staff", B)
    put(office, "optout", A, D)
    there = audience(office, *lines)
    own = [B, A] if any("few" in line for line in lines) else [D, B, A]
    assert list(here.own) == list(there.own) == own
    assert list(here.mobiles) != list(there.mobiles)


# a list that this machine lacks


def test_a_list_that_this_machine_lacks_is_named_and_no_fault(office):
    settings(office, "always_exclude: [optout, staff]\n")
    put(office, "staff", B)
    found = audience(office, "files: [lists/own.csv]", "lists: [members]", "exclude: [optout]")
    assert (list(found.mobiles), found.missing) == ([A], ("members", "optout"))
    assert (found.lists, found.excluded_lists) == (("members",), ("optout",))


def test_a_campaign_for_lists_that_this_machine_lacks_is_sound(office):
    """Nobody can know here whether somebody is on them."""
    found = audience(office, "lists: [members, staff]")
    assert (list(found.mobiles), list(found.own), found.missing) == ([], [], ("members", "staff"))


def test_an_exclusion_that_this_machine_lacks_makes_nobody_somebody(office):
    [fault] = faults(office, "numbers: []", "exclude: [staff]")
    assert fault.rule == "no-recipients"


def test_lists_that_leave_nobody_today_are_no_fault_of_the_file(office):
    """A fault would keep every other campaign from going out; a guard holds this one."""
    put(office, "members", A)
    put(office, "staff", A)
    found = audience(office, "lists: [members]", "exclude: [staff]")
    assert list(found.mobiles) == []


def test_files_of_the_workspace_that_leave_nobody_are_told(office):
    office.write("lists/staff.csv", f"mobile\n{A}\n{B}\n")
    [fault] = faults(office, "files: [lists/own.csv]", "exclude: [lists/staff.csv]")
    assert (fault.rule, office.marked(fault)) == ("no-recipients", "recipients")


# what is wrong


def test_an_unknown_list_is_told_at_its_place_with_the_nearest_one(office):
    [fault] = faults(office, "lists: [membres]")
    assert (fault.rule, office.marked(fault)) == ("unknown-list", "membres")
    assert fault.hint == "did you mean `members`?"


def test_a_list_unlike_all_others_is_told_with_their_names(office):
    [fault] = faults(office, "lists: [13800138000x]")
    assert fault.hint == "the lists are: members, staff, optout"
    assert "13800138000" not in f"{fault.message} {fault.excerpt}"


def test_where_there_are_no_lists_it_is_said_where_they_belong(shop):
    [fault] = faults(shop, "lists: [members]")
    assert "under `lists`" in fault.hint


def test_an_exclusion_that_is_neither_a_file_nor_a_list_says_both(office):
    [fault] = faults(office, f"numbers: [{A}]", "exclude: [satff]")
    assert (fault.rule, office.marked(fault)) == ("missing-file", "satff")
    assert "no list of that name" in fault.message
    assert fault.hint == "did you mean `staff`?"


@pytest.mark.parametrize("key", ["lists", "exclude"])
def test_a_list_that_is_no_list_is_told_where_the_campaign_names_it(office, key):
    (office.lists / "staff.csv").mkdir()
    [fault] = faults(office, f"numbers: [{A}]", f"{key}: [staff]")
    assert (fault.rule, office.marked(fault)) == ("not-a-file", "staff")


def test_a_list_always_excluded_that_is_no_list_is_told_where_the_settings_name_it(office):
    settings(office, "always_exclude: [optout]\n")
    (office.lists / "optout.csv").write_text("name,city\n")
    office.campaign()
    workspace = office.load()
    [fault] = workspace.errors
    assert (fault.rule, fault.file, office.marked(fault)) == ("no-column", "runner.yaml", "optout")
    assert workspace.settings is not None  # they have no fault themselves


@pytest.mark.parametrize("line", ["lists: [staff]", "exclude: [staff]", "files: []"])
def test_a_row_without_a_number_is_told_in_the_list_itself(office, line):
    settings(office, "always_exclude: [staff]\n" if "files" in line else "")
    put(office, "staff", "12")
    [fault] = faults(office, f"numbers: [{A}]", line)
    assert (fault.rule, fault.span.line) == ("invalid-number", 2)
    assert (office.lists / "staff.csv").samefile(fault.file)


def test_rows_of_a_list_may_be_skipped_and_are_named_by_it(office):
    put(office, "members", A, "12")
    found = audience(office, "lists: [members]", "invalid: skip")
    assert (found.invalid, found.invalid_places) == (1, ("members:3",))


@pytest.mark.parametrize("always", ["", "always_exclude: [staff]\n"])
def test_skip_never_applies_to_lists_that_are_excluded(office, always):
    settings(office, always)
    put(office, "staff", "12")
    line = "exclude: []" if always else "exclude: [staff]"
    assert [fault.rule for fault in faults(office, f"numbers: [{A}]", line, "invalid: skip")] == [
        "invalid-number"
    ]


def test_settings_that_cannot_be_read_make_no_list_unknown(office):
    office.write("runner.yaml", SETTINGS.replace("accounts", "acounts"))
    found = faults(office, "lists: [members]", "exclude: [staff, lists/nobody.csv]")
    assert [(fault.file, fault.rule) for fault in found] == [
        ("news.yaml", "missing-file"),
        ("runner.yaml", "unknown-field"),
    ]
    assert office.marked(found[0]) == "lists/nobody.csv"


def test_a_list_whose_settings_have_a_fault_is_a_fault_there_alone(office):
    office.write("runner.yaml", f"{SETTINGS}lists:\n  members: {{file: x.csv, max_age: soon}}\n")
    [fault] = faults(office, "lists: [members]")
    assert (fault.file, fault.rule) == ("runner.yaml", "wrong-form")


def test_faults_of_a_list_that_several_campaigns_name_are_told_once(office):
    settings(office, "always_exclude: [members]\n")
    put(office, "members", A, "12")
    for name in ("a", "b"):
        text = f"title: 秋\n{FRAMES}recipients:\n  numbers: [{D}]\n  lists: [members]\n"
        office.write(f"{name}.yaml", text)
    assert [fault.rule for fault in office.load().diagnostics] == ["invalid-number"]
