"""`mms-runner plan`: the dry run says what would be sent, and changes nothing."""

from __future__ import annotations

import os
import shutil
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cli_workspace import (
    NOBODY,
    Office,
    numbers,
    opening_office,
    opening_sandbox,
    opening_sandboxes,
)
from workbooks import write_workbook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)
sandbox = pytest.fixture(opening_sandbox)

DUE = "start: now\n"
FUTURE = "start: 2035-09-18 09:00\n"


def plan(office: Office, *words: str) -> Any:
    ran = office.run("plan", "--json", *words)
    assert ran.status in (0, 3), ran.err
    return ran.json


def only(office: Office) -> Any:
    [campaign] = plan(office)["campaigns"]
    return campaign


def action(office: Office) -> tuple[str, int]:
    ran = office.run("plan", "--json")
    [campaign] = ran.json["campaigns"]
    return campaign["action"], ran.status


def test_the_json_has_the_keys_of_the_contract_and_no_other(office: Office) -> None:
    office.settings(account="batch_size: 2")
    office.write("lists/members.csv", "mobile\n13800138000\n+8613800138000\n13800138001\n")
    office.write("lists/staff.csv", "mobile\n13800138001\n")
    office.write(
        "news.yaml",
        f"title: 中秋\n{FUTURE}frames:\n  - {{duration: 3, text: 【某店】回T退订}}\n"
        "recipients:\n  numbers: ['13800138009', '13800138008']\n"
        "  files: [lists/members.csv]\n  exclude: [lists/staff.csv]\n",
    )

    document = plan(office)

    assert set(document) == {"digest", "campaigns"}
    [campaign] = document["campaigns"]
    digest = campaign.pop("digest")
    assert digest.startswith("sha256:")
    for source in campaign["sources"]:
        assert source.pop("digest").startswith("sha256:")
    for batch in campaign["batches"]:
        assert batch.pop("digest").startswith("sha256:")
        assert batch.pop("request_bytes") > 100
    assert campaign["message"].pop("digest").startswith("sha256:")
    assert campaign == {
        "id": "news",
        "file": "news.yaml",
        "action": "schedule",
        "title": "中秋",
        "account": "main",
        "start": "2035-09-18T09:00:00+08:00",
        "recipients": {"given": 5, "duplicates": 1, "invalid": 0, "excluded": 1, "total": 3},
        "sources": [
            {"name": "lists/members.csv", "rows": 3},
            {"name": "lists/staff.csv", "rows": 1},
        ],
        "message": {
            "bytes": 21,
            "limit": 102_400,
            "frames": [{"duration": 3, "parts": [{"type": "txt", "bytes": 15}]}],
        },
        "batches": [{"seq": 1, "recipients": 2}, {"seq": 2, "recipients": 1}],
        "warnings": [],
        "not_checked": ["balance"],
    }


def test_a_digest_is_the_same_in_another_folder_with_another_account(
    office: Office, tmp_path: Path
) -> None:
    office.campaign(more=FUTURE)
    (tmp_path / "elsewhere").mkdir()
    other = Office(tmp_path / "elsewhere")
    shutil.copy(office.root / "news.yaml", other.root)
    other.settings(account="batch_size: 1\nmessage_limit: 50000")

    assert plan(office)["digest"] == plan(other)["digest"]
    assert only(office)["digest"] == only(other)["digest"]


def test_a_digest_follows_message_recipients_start_and_account(office: Office) -> None:
    digests = set()
    for change in (
        {},
        {"title": "another"},
        {"people": 4},
        {"more": FUTURE},
        {"more": "account: main\n"},
    ):
        office.campaign(**change)
        digests.add(only(office)["digest"])

    assert len(digests) == 5


def test_a_draft_has_no_start(office: Office) -> None:
    office.campaign()

    assert action(office) == ("draft", 0)
    assert only(office)["start"] is None


def test_a_campaign_with_a_start_would_be_scheduled(office: Office) -> None:
    office.campaign(more=FUTURE)

    assert action(office) == ("schedule", 0)


def test_a_guard_that_is_not_met_holds_the_campaign_and_exits_3(office: Office) -> None:
    office.campaign(more=f"{FUTURE}expect: {{recipients: 10-20}}\n")

    assert action(office) == ("held", 3)
    assert "expect" in only(office)["warnings"][0]


def test_the_limit_of_an_account_holds_a_campaign(office: Office) -> None:
    office.settings(account="limits: {recipients: 2}")
    office.campaign(more=FUTURE)

    assert action(office) == ("held", 3)


def test_a_start_past_latest_is_late_and_exits_3(office: Office) -> None:
    office.campaign(more="start: 2020-01-01 09:00\n")

    assert action(office) == ("late", 3)


def test_a_start_within_latest_is_not_late(office: Office) -> None:
    start = datetime.now().astimezone() - timedelta(minutes=5)
    office.campaign(more=f"start: {start.isoformat(sep=' ', timespec='minutes')}\n")

    assert action(office) == ("schedule", 0)


def test_a_sent_campaign_is_done(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more=DUE)
    office.run("run")

    assert action(office) == ("done", 0)


def test_a_campaign_that_was_changed_after_it_began_has_drifted(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(more=DUE)
    office.run("run")
    office.campaign(more=DUE, title="another")

    assert action(office) == ("drifted", 0)
    assert "new file name" in only(office)["warnings"][0]


def test_a_campaign_with_batches_left_is_frozen(office: Office) -> None:
    office.campaign(more=DUE)
    office.run("run")

    assert action(office) == ("frozen", 0)


def test_a_held_campaign_whose_guard_is_met_now_has_changed(office: Office) -> None:
    office.campaign(more=f"{DUE}expect: {{recipients: 10}}\n")
    assert office.run("run").status == 3
    office.campaign(people=10, more=f"{DUE}expect: {{recipients: 10}}\n")

    assert action(office) == ("change", 0)


def test_a_guard_that_was_corrected_leaves_the_campaign_unchanged(office: Office) -> None:
    office.campaign(more=f"{DUE}expect: {{recipients: 10}}\n")
    office.run("run")
    office.campaign(more=f"{DUE}expect: {{recipients: 3}}\n")

    assert action(office) == ("unchanged", 0)


def test_a_state_that_cannot_be_read_makes_every_action_unknown(office: Office) -> None:
    office.campaign(more=FUTURE)
    office.state.parent.mkdir(parents=True)
    office.state.write_bytes(b"not a database" * 1000)

    ran = office.run("plan", "--json")

    assert ran.json["campaigns"][0]["action"] == "unknown"
    assert str(office.state) in ran.err


def test_the_state_of_another_workspace_is_refused_with_the_way_to_adopt_it(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(more=DUE)
    office.run("run")
    office.root = office.root.rename(office.folder / "renamed")

    ran = office.run("plan")

    assert ran.status == 2
    assert "state adopt" in ran.err


def test_only_the_named_campaigns_are_planned(office: Office) -> None:
    office.campaign("one")
    office.campaign("two")

    assert [entry["id"] for entry in plan(office, "two")["campaigns"]] == ["two"]


def test_an_unknown_campaign_is_refused_with_the_one_that_was_meant(office: Office) -> None:
    office.campaign("mid-autumn")

    ran = office.run("plan", "mid-autum")

    assert ran.status == 2
    assert "did you mean `mid-autumn`?" in ran.err


def test_faulty_files_exit_1_and_nothing_is_planned(office: Office) -> None:
    office.campaign(more="start: tomorrow\n")

    ran = office.run("plan", "--json")

    assert (ran.status, ran.out) == (1, "")
    assert "wrong-time" in ran.err


def test_faulty_settings_exit_2(office: Office) -> None:
    office.settings(account="batch_size: 0")
    office.campaign()

    assert office.run("plan").status == 2


def test_nothing_is_changed_and_no_secret_is_needed(office: Office) -> None:
    office.campaign(more=DUE)

    ran = office.run("plan", MMS_PASSWORD=None, MMS_URL=None)

    assert ran.status == 0
    assert not (office.folder / "state").exists()


def test_the_network_is_left_alone(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more=DUE)

    office.run("plan")

    assert not sandbox.requests


def test_the_balance_is_asked_only_when_wanted(office: Office, sandbox: Sandbox) -> None:
    office.campaign()

    [campaign] = plan(office, "--balance")["campaigns"]

    assert campaign["not_checked"] == []
    assert campaign["warnings"] == []
    assert sandbox.requests["balance"] == 1
    assert not sandbox.requests["send"]


def test_a_balance_that_does_not_cover_a_campaign_is_a_warning(
    office: Office, open_sandbox: Callable[..., Sandbox]
) -> None:
    open_sandbox(balance=2)
    office.campaign()

    [campaign] = plan(office, "--balance")["campaigns"]

    assert campaign["warnings"] == ["the balance of 2 does not cover 3 recipients"]


def test_a_balance_that_cannot_be_had_stays_unchecked_and_exits_3(office: Office) -> None:
    office.campaign()

    ran = office.run("plan", "--balance", "--json", MMS_URL=NOBODY)

    assert ran.status == 3
    assert ran.json["campaigns"][0]["not_checked"] == ["balance"]
    assert "account main" in ran.err


def test_credentials_that_the_gateway_refuses_exit_4(office: Office, sandbox: Sandbox) -> None:
    office.campaign()

    assert office.run("plan", "--balance", MMS_PASSWORD="wrong").status == 4


def test_asking_the_balance_needs_the_secret(office: Office, sandbox: Sandbox) -> None:
    office.campaign()

    ran = office.run("plan", "--balance", MMS_PASSWORD=None)

    assert ran.status == 2
    assert "MMS_PASSWORD" in ran.err


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("lists/members.csv", b"mobile\n13800138000\n12345\n", "lists/members.csv:3"),
        (
            "lists/members.xlsx",
            write_workbook({"会员": [["mobile"], ["13800138000"], ["12345"]]}),
            "lists/members.xlsx:会员!A3",
        ),
    ],
    ids=["csv", "xlsx"],
)
def test_skipped_numbers_are_counted_and_named_by_their_place(
    office: Office, name: str, content: bytes, place: str
) -> None:
    office.write(name, content)
    office.write(
        "news.yaml",
        "title: 中秋\nframes:\n  - {duration: 3, text: 你好}\n"
        f"recipients: {{files: [{name}], invalid: skip}}\n",
    )

    campaign = only(office)

    assert campaign["recipients"]["invalid"] == 1
    assert place in campaign["warnings"][0]
    assert "12345" not in campaign["warnings"][0]


def test_the_text_for_people_names_everything_that_matters(office: Office) -> None:
    office.settings(account="batch_size: 2")
    office.campaign(more=FUTURE, title="中秋快乐")

    text = office.run("plan").out

    for fact in (
        "news: schedule",
        "中秋快乐",
        "2035-09-18 09:00:00+08:00",
        "3 = 3 given",
        "of 102,400 bytes",
        "2 (2 + 1 people)",
        "by account main",
        "not checked balance",
    ):
        assert fact in text


def test_a_workspace_without_campaigns_is_no_error(office: Office) -> None:
    assert office.run("plan").status == 0
    assert plan(office)["campaigns"] == []


# ---- lists that the settings name


def with_lists(office: Office, more: str = "", **lists: str) -> None:
    """Name lists in the settings; their keys beside `file` are given."""
    names = "".join(
        f"  {name}: {{file: ../{name}.csv{keys and ', '}{keys}}}\n" for name, keys in lists.items()
    )
    office.settings(head=f"name: shop\nlists:\n{names}{more}")


def put(office: Office, name: str, *numbers: str) -> Path:
    path = office.folder / f"{name}.csv"
    path.write_text("\n".join(["mobile", *numbers]) + "\n")
    return path


def members_only(office: Office, more: str = "") -> None:
    office.write(
        "news.yaml",
        f"title: 中秋\n{more}frames:\n  - {{duration: 3, text: 你好}}\n"
        "recipients: {numbers: ['13800138009'], lists: [members]}\n",
    )


def test_a_list_that_this_machine_lacks_is_not_checked_and_changes_no_digest(
    office: Office,
) -> None:
    with_lists(office, members="")
    members_only(office, "expect: {recipients: 3}\n")
    here = only(office)
    put(office, "members", "13800138000", "13800138001")
    on_the_server = only(office)

    assert here["not_checked"] == ["balance", "list members", "expect"]
    assert here["action"] == "draft"
    assert "members" in here["warnings"][0]
    assert on_the_server["not_checked"] == ["balance"]
    assert on_the_server["sources"][0]["name"] == "members"
    assert on_the_server["recipients"]["total"] == 3
    assert here["digest"] == on_the_server["digest"]


@pytest.mark.parametrize(
    ("keys", "age", "word"),
    [("max_age: 1h", 3601 * 24, "max_age"), ("min_rows: 3", 0, "min_rows")],
)
def test_a_list_that_is_too_old_or_too_short_holds_and_says_what_would_let_it_go(
    office: Office, keys: str, age: int, word: str
) -> None:
    with_lists(office, members=keys)
    members_only(office)
    path = put(office, "members", "13800138000", "13800138001")
    written = path.stat().st_mtime - age
    os.utime(path, (written, written))

    assert action(office) == ("held", 3)
    assert word in only(office)["warnings"][0]


def test_who_is_always_excluded_is_left_out_of_the_plan(office: Office) -> None:
    with_lists(office, "always_exclude: [optout]\n", optout="")
    office.campaign(people=3)
    put(office, "optout", "13800138001")

    assert only(office)["recipients"]["excluded"] == 1
    assert only(office)["recipients"]["total"] == 2


def test_a_campaign_whose_lists_leave_nobody_is_held(office: Office) -> None:
    with_lists(office, "always_exclude: [optout]\n", optout="")
    office.campaign(people=1)
    put(office, "optout", "13800138000")

    assert action(office) == ("held", 3)


# ---- what its file and people say of it


@pytest.mark.parametrize(("wish", "expected"), [("paused", "paused"), ("cancelled", "cancel")])
def test_the_state_in_the_file_is_the_action(office: Office, wish: str, expected: str) -> None:
    office.campaign(more=f"{DUE}state: {wish}\n")

    assert action(office) == (expected, 0)


@pytest.mark.parametrize("words", [["news"], ["--account", "main"], ["--all"]])
def test_a_pause_by_command_is_the_action_and_says_whose(office: Office, words: list[str]) -> None:
    """Also of a campaign that the state does not know yet."""
    office.campaign(more=DUE)
    office.run("pause", *words, "--reason", "wrong price")

    assert action(office) == ("paused", 0)
    assert "wrong price" in only(office)["warnings"][0]


def test_a_start_outside_of_the_hours_is_warned_of(office: Office) -> None:
    office.settings(account="hours: 10:00-21:00")
    office.campaign(more=FUTURE)

    campaign = only(office)

    assert campaign["action"] == "schedule"
    assert "10:00" in campaign["warnings"][0]


def test_hours_that_open_after_latest_are_warned_of(office: Office) -> None:
    office.settings(account="hours: 11:00-21:00")
    office.campaign(more=FUTURE)

    assert "latest" in only(office)["warnings"][0]


def test_a_start_at_the_gateway_outside_of_the_hours_is_held(office: Office) -> None:
    office.settings(account="hours: 10:00-21:00")
    office.campaign(more=f"{FUTURE}starts_at_gateway: true\n")

    assert action(office) == ("held", 3)


# what is no fault, and what an author should look at all the same


def test_a_plan_tells_the_warnings_of_a_file_with_their_place_and_rule(office: Office) -> None:
    office.write(
        "news.yaml",
        "title: 中秋\nframes:\n  - {duration: 3, text: 【某店】中秋快乐}\n"
        "recipients: {numbers: ['13800138009']}\n",
    )
    warning = (
        "news.yaml:3:25: no text says how to refuse further messages (end the last text with words"
        " such as 拒收请回复R, or write yours as `opt_out`, for all campaigns at once in"
        " _defaults.yaml) [missing-opt-out]"
    )

    assert only(office)["warnings"] == [warning]
    ran = office.run("plan")
    assert f"  warning     {warning}\n" in ran.out
    assert ran.err == "", "what stands in the plan is not told a second time"


def test_a_warning_in_a_file_that_campaigns_share_stands_in_the_plan_of_each(
    office: Office,
) -> None:
    office.settings("signature: 【老店】")
    office.write("_defaults.yaml", "signature: 【某店】\n")
    office.write("_frames/footer.yaml", "duration: 1\ntext: 地址：人民路1号，地铁站出，回T退订\n")
    for name in ("news", "more"):
        frames = "frames:\n  - use: _frames/footer.yaml\n"
        office.write(
            f"{name}.yaml", f"title: {name}\n{frames}recipients: {{numbers: ['13800138009']}}\n"
        )
    office.campaign("other")  # uses no shared frame

    told = {
        entry["id"]: [warning.split(":")[0] for warning in entry["warnings"]]
        for entry in plan(office)["campaigns"]
    }

    assert told == {
        "more": ["_defaults.yaml", "_frames/footer.yaml"],
        "news": ["_defaults.yaml", "_frames/footer.yaml"],
        "other": ["_defaults.yaml"],
    }
    assert office.run("plan").out.count("  warning     _frames/footer.yaml:1:11: ") == 2


def at(hour: int, day: int = 18) -> str:
    return f"start: 2035-09-{day} {hour:02}:00\n"


def overlaps(office: Office) -> dict[str, list[str]]:
    return {entry["id"]: entry["warnings"] for entry in plan(office)["campaigns"]}


def test_two_campaigns_to_many_of_the_same_people_within_a_day_are_told_at_both(
    office: Office,
) -> None:
    office.campaign("news", people=10, more=at(9))
    office.campaign("more", people=8, more=at(18), title="晚")

    hint = ": start one of the two on another day, or exclude the list of the other"
    assert overlaps(office) == {
        "news": [f"8 of its 10 recipients (80 %) also get more, which starts 9h later{hint}"],
        "more": [f"8 of its 8 recipients (100 %) also get news, which starts 9h earlier{hint}"],
    }


@pytest.mark.parametrize(
    ("people", "more"),
    [
        (numbers(10, 13_800_138_009), at(9)),  # one in ten
        (numbers(10), at(9, day=19)),  # a day later
        (numbers(10), ""),  # a draft
        (numbers(10), at(9) + "state: cancelled\n"),
    ],
)
def test_few_of_the_same_people_and_other_days_are_fine(
    office: Office, people: list[str], more: str
) -> None:
    office.campaign("news", people=10, more=at(9))
    office.campaign("more", people=people, more=more, title="晚")

    assert [text for texts in overlaps(office).values() for text in texts if "also" in text] == []


def test_of_several_campaigns_on_one_day_each_two_are_compared(office: Office) -> None:
    office.campaign("a", people=10, more=at(9), title="早")
    office.campaign("b", people=numbers(10, 13_900_000_000), more=at(9), title="午")
    everybody = [*numbers(10), *numbers(5, 13_900_000_000)]
    office.campaign("c", people=everybody, more=at(9), title="晚")

    told = overlaps(office)

    assert [text.split(":")[0] for text in told["c"]] == [
        "10 of its 15 recipients (66 %) also get a, which starts at the same time",
        "5 of its 15 recipients (33 %) also get b, which starts at the same time",
    ]
    assert (len(told["a"]), len(told["b"])) == (1, 1)


def test_labels_are_shown_where_there_are_some(office: Office) -> None:
    office.campaign(more="labels: [中秋, 会员]\n")

    assert "  labels      中秋, 会员\n" in office.run("plan").out
    assert office.run("plan", "--json").json["campaigns"][0]["labels"] == ["中秋", "会员"]
