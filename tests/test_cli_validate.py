"""`mms-runner validate`: every fault at its place, in the form that the reader wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cli_workspace import ACCOUNT, opening_office

if TYPE_CHECKING:
    from cli_workspace import Office

office = pytest.fixture(opening_office)

FAULTY = """\
title: 中秋
frames:
  - {duration: 3, text: 【某店】拒收请回复R}
recipients: {numbers: ["13800138000"]}
"""


def misspell(office: Office) -> None:
    office.write("news.yaml", FAULTY.replace("frames:", "frames: # 好").replace("text", "txt"))


def test_a_sound_workspace_exits_0_and_says_how_much_was_checked(office: Office) -> None:
    office.campaign()

    assert office.run("validate") == (0, "", "1 campaign, no faults\n")


def test_full_shows_the_source_line_with_a_caret_under_the_fault(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    misspell(office)
    monkeypatch.chdir(office.root)

    ran = office.run("validate")

    assert ran.status == 1
    assert ran.out == (
        "error[unknown-field]: unknown field `txt`, did you mean `text`?\n"
        "  --> news.yaml:3:19\n"
        "   |\n"
        " 3 |   - {duration: 3, txt: 【某店】拒收请回复R}\n"
        "   |                   ^^^\n"
    )
    assert ran.err == ("1 error in 1 file\n`mms-runner rules unknown-field` explains this rule\n")


def test_full_says_how_to_learn_more_of_several_rules(office: Office) -> None:
    misspell(office)
    office.write("other.yaml", FAULTY.replace("duration: 3", "duration: 300"))

    assert "`mms-runner rules ID` explains each rule\n" in office.run("validate").err
    assert "explains" not in office.run("validate", "--format", "concise").err


def test_full_shows_the_other_place_that_a_fault_is_about(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.write("news.yaml", f"{FAULTY}{'# ' * 5}\n\n\n\n\ntitle: 冬至\n")
    monkeypatch.chdir(office.root)

    assert office.run("validate").out == (
        "error[duplicate-key]: `title` stands in line 1 already\n"
        "   --> news.yaml:10:1\n"
        "    |\n"
        " 10 | title: 冬至\n"
        "    | ^^^^^\n"
        "   ::: news.yaml:1:1\n"
        "    |\n"
        "  1 | title: 中秋\n"
        "    | ----- the first one\n"
        "    = delete one of the two\n"
    )


def test_the_caret_stands_right_under_a_fault_behind_chinese_text(office: Office) -> None:
    office.write(
        "news.yaml", FAULTY.replace("duration: 3, text: 【某店】", "text: 好好, durtion: 3")
    )

    lines = office.run("validate").out.splitlines()

    [source] = [line for line in lines if "durtion" in line and "|" in line]
    caret = lines[lines.index(source) + 1]
    # Each of the two characters takes two columns of a terminal.
    assert caret.index("^") == source.index("durtion") + len("好好")
    assert caret.count("^") == len("durtion")


def test_a_file_is_named_relative_to_the_current_folder(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    misspell(office)
    monkeypatch.chdir(office.folder)

    ran = office.run("validate", "--format", "concise")

    assert ran.out.startswith("campaigns/news.yaml:3:19: error[unknown-field] unknown field `txt`")


def test_concise_says_each_fault_in_one_line(office: Office) -> None:
    misspell(office)
    office.campaign("other", more="start: 2035-13-01 09:00\n")

    ran = office.run("validate", "--format", "concise")

    assert ran.status == 1
    assert len(ran.out.splitlines()) == 2


def test_json_is_a_list_of_faults_with_the_keys_of_the_contract(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    misspell(office)
    monkeypatch.chdir(office.root)

    ran = office.run("validate", "--format", "json")

    assert ran.status == 1
    assert ran.json == [
        {
            "file": "news.yaml",
            "line": 3,
            "column": 19,
            "end_line": 3,
            "end_column": 22,
            "severity": "error",
            "rule": "unknown-field",
            "message": "unknown field `txt`, did you mean `text`?",
            "hint": None,
        }
    ]


def test_json_of_a_sound_workspace_is_an_empty_list(office: Office) -> None:
    office.campaign()

    assert office.run("validate", "--format", "json").json == []


def test_github_writes_workflow_commands(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    misspell(office)
    monkeypatch.chdir(office.root)

    ran = office.run("validate", "--format", "github")

    assert ran.out == (
        "::error file=news.yaml,line=3,endLine=3,col=19,endColumn=22,title=unknown-field"
        "::unknown field `txt`, did you mean `text`?\n"
    )


def test_github_escapes_what_would_end_a_command(office: Office) -> None:
    office.write("50%,a.yaml", "title: [\n")

    ran = office.run("validate", "--format", "github")

    assert "50%25%2Ca.yaml" in ran.out


def test_every_fault_of_every_file_is_told_in_one_run(office: Office) -> None:
    office.settings(account="bach_size: 3")
    misspell(office)
    office.write("lists/members.csv", "mobile\n12345\n")
    office.write(
        "more.yaml", FAULTY.replace('numbers: ["13800138000"]', "files: [lists/members.csv]")
    )

    found = {fault["rule"] for fault in office.run("validate", "--format", "json").json}

    assert "unknown-field" in found
    assert len(found) == 2


def test_faults_in_the_settings_exit_1(office: Office) -> None:
    office.settings(account="batch_size: 3000")
    office.campaign()

    assert office.run("validate").status == 1


def test_a_password_in_the_settings_is_refused_and_not_shown(office: Office) -> None:
    office.write(
        "runner.yaml",
        f"accounts:\n  main:\n{ACCOUNT}".replace("PATIENCE", "1s").replace(
            "{env: MMS_PASSWORD}", "hush-hush-1"
        ),
    )

    for form in ("full", "concise", "json", "github"):
        ran = office.run("validate", "--format", form)
        assert ran.status == 1
        assert "hush-hush-1" not in ran.out + ran.err


def test_numbers_are_masked_in_the_source_line(office: Office) -> None:
    office.write("news.yaml", FAULTY.replace('numbers: ["', 'nubmers: ["'))

    ran = office.run("validate")

    assert "nubmers" in ran.out
    assert "13800138000" not in ran.out + ran.err


def test_only_the_named_files_are_checked(office: Office) -> None:
    misspell(office)
    sound = office.campaign("sound")

    assert office.run("validate", str(sound)).status == 0


def test_a_folder_names_the_campaigns_in_it(office: Office) -> None:
    office.campaign("sound")
    office.write("2026/spring/news.yaml", "title: [")

    assert office.run("validate", str(office.root / "2026")).status == 1


def test_neither_network_nor_state_is_touched(office: Office) -> None:
    office.campaign()

    office.run("validate")

    assert not (office.folder / "state").exists()


def test_no_secret_has_to_be_set(office: Office) -> None:
    office.campaign()

    assert office.run("validate", MMS_PASSWORD=None, MMS_URL=None).status == 0


def test_json_names_a_list_outside_of_the_workspace_from_here_too(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.settings(head="name: shop\nlists:\n  members: {file: ../members.csv}\n")
    (office.folder / "members.csv").write_text("mobile\n1380013800x\n")
    office.write(
        "news.yaml",
        "title: 中秋\nframes:\n  - {duration: 3, text: 你好}\nrecipients: {lists: [members]}\n",
    )
    monkeypatch.chdir(office.root)

    [fault] = office.run("validate", "--format", "json").json

    assert (fault["file"], fault["line"]) == ("../members.csv", 2)


def test_a_warning_fails_only_where_it_is_to(office: Office) -> None:
    office.write("news.yaml", f"{FAULTY}# runner: ignore[no-such-rule]\n")

    status, out, err = office.run("validate", "--format", "concise")

    assert (status, "warning[unknown-rule]" in out, err) == (0, True, "1 warning in 1 file\n")
    assert office.run("validate", "--strict").status == 1


def test_a_shared_file_that_is_named_checks_what_may_use_it(office: Office) -> None:
    office.write("spring/_defaults.yaml", "hours: 08:00-21:00\n")
    for name in ("news", "spring/news"):
        office.write(f"{name}.yaml", FAULTY)

    ran = office.run("validate", str(office.root / "spring/_defaults.yaml"))

    assert ran == (0, "", "1 campaign, no faults\n")


OVER = "start: 2024-09-18 09:00\n"


def test_a_start_that_has_passed_is_told_of_a_file_that_is_named(office: Office) -> None:
    path = office.campaign(more=OVER)

    ran = office.run("validate", "--format", "concise", str(path))

    assert "news.yaml:2:8: warning[start-in-the-past]" in ran.out
    assert (ran.status, ran.err) == (0, "1 warning in 1 file\n")


def test_a_check_of_all_files_does_not_fail_over_what_was_sent_long_ago(office: Office) -> None:
    for name in ("a", "b", "c", "d"):
        office.campaign(name, more=OVER)
    office.campaign("later", more="start: 2035-09-18 09:00\n")

    assert office.run("validate", "--strict") == (
        0,
        "",
        "5 campaigns, no faults\nthe start has passed of d, c, b and 1 more\n",
    )
