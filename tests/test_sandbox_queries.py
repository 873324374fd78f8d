"""The sandbox's balance and its delivery reports, as the document prints them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sandbox_line import balance, boxes, query, send

from runner.sandbox import Sandbox, SandboxSettings

CHINA = timezone(timedelta(hours=8))
MANY = ",".join(f"{13000000000 + n}" for n in range(400))


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 9, 25, 9, 0, 0, tzinfo=CHINA)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sandbox(clock):
    with Sandbox(SandboxSettings(balance=5000, report_delay=60, seed=7), clock=clock) as sandbox:
        yield sandbox


def test_the_balance_is_told_in_the_documents_xml(sandbox):
    send(sandbox, mobile="13800138000,13900139000")
    assert balance(sandbox) == (
        '<?xml version="1.0" encoding="utf-8" ?>\n'
        "<returnsms>\n"
        "<returnstatus>Success</returnstatus>\n"
        "<message></message>\n"
        "<payinfo>预付费</payinfo>\n"
        "<overage>4998</overage>\n"
        "<sendTotal>5000</sendTotal>\n"
        "</returnsms>\n"
    )


@pytest.mark.parametrize(
    ("password", "remark"), [("", "用户名或密码不能为空"), ("wrong", "用户名或密码错误")]
)
def test_a_balance_query_with_bad_credentials_fails_with_the_reason(sandbox, password, remark):
    answer = balance(sandbox, password=password)
    assert "<returnstatus>Faild</returnstatus>" in answer
    assert f"<message>{remark}</message>" in answer


def test_a_report_comes_after_the_delay_in_the_documents_xml(sandbox, clock):
    task_id = send(sandbox, extno="42").partition(":")[2]
    clock.now += timedelta(seconds=59)
    assert boxes(query(sandbox)) == []
    clock.now += timedelta(seconds=1)
    assert query(sandbox).decode() == (
        '<?xml version="1.0" encoding="utf-8" ?>\n'
        "<returnsms>\n"
        "<statusbox>\n"
        "<mobile>13800138000</mobile>\n"
        f"<taskid>{task_id}</taskid>\n"
        "<status>10</status>\n"
        "<receivetime>2026-09-25 09:01:00</receivetime>\n"
        "<errorcode>DELIVRD</errorcode>\n"
        "<extno>42</extno>\n"
        "</statusbox>\n"
        "</returnsms>\n"
    )


def test_times_are_told_in_china_standard_time(sandbox, clock):
    clock.now = datetime(2026, 9, 24, 16, 30, tzinfo=UTC)
    send(sandbox)
    sandbox.make_reports_ready()
    assert boxes(query(sandbox))[0]["receivetime"] == "2026-09-25 00:30:00"


def test_every_report_is_handed_out_once(sandbox):
    send(sandbox, mobile=MANY)
    sandbox.make_reports_ready()
    assert sandbox.reports_left == 400
    pages = [boxes(query(sandbox, statusNum="150")) for _ in range(4)]
    assert [len(page) for page in pages] == [150, 150, 100, 0]
    assert sorted(box["mobile"] for page in pages for box in page) == MANY.split(",")
    assert sandbox.reports_left == 0


def test_a_page_holds_4000_reports_where_nothing_is_asked(sandbox):
    mobiles = [f"{13000000000 + n}" for n in range(4100)]
    for start in (0, 2000, 4000):
        send(sandbox, mobile=",".join(mobiles[start : start + 2000]))
    sandbox.make_reports_ready()
    assert len(boxes(query(sandbox, statusNum=""))) == 4000
    assert len(boxes(query(sandbox, statusNum="10000"))) == 100


@pytest.mark.parametrize(
    ("code", "remark", "changes"),
    [
        ("1", "用户名或密码不能为空", {"account": ""}),
        ("2", "用户名或密码错误", {"password": "wrong"}),
        ("4", "参数不正确", {"statusNum": "10001"}),
        ("4", "参数不正确", {"statusNum": "0"}),
        ("4", "参数不正确", {"statusNum": "many"}),
        ("4", "参数不正确", {"statusNum": "-1"}),
        ("4", "参数不正确", {"action": "overage"}),
    ],
)
def test_a_report_query_that_is_wrong_has_its_error(sandbox, code, remark, changes):
    answer = query(sandbox, **changes).decode()
    assert f"<errorstatus>\n<error>{code}</error>\n<remark>{remark}</remark>" in answer


def test_a_query_that_is_refused_hands_out_nothing(sandbox):
    send(sandbox)
    sandbox.make_reports_ready()
    query(sandbox, password="wrong")
    assert len(boxes(query(sandbox))) == 1


def test_a_message_with_a_start_is_reported_only_after_it(sandbox, clock):
    send(sandbox, starttime="2026-09-25 21:00:00")
    clock.now += timedelta(hours=12, seconds=59)
    assert boxes(query(sandbox)) == []
    clock.now += timedelta(seconds=1)
    assert boxes(query(sandbox))[0]["receivetime"] == "2026-09-25 21:01:00"


def test_reports_can_be_made_ready_before_their_time(sandbox):
    send(sandbox, starttime="2035-01-01 00:00:00")
    sandbox.make_reports_ready()
    assert boxes(query(sandbox))[0]["receivetime"] == "2026-09-25 09:00:00"


def test_a_start_in_the_past_means_at_once(sandbox, clock):
    send(sandbox, starttime="2011-07-11 00:00:00")
    clock.now += timedelta(seconds=60)
    assert boxes(query(sandbox))[0]["receivetime"] == "2026-09-25 09:01:00"


def test_reports_of_other_tasks_are_handed_out_too(sandbox):
    sandbox.add_report(
        task_id="1212", mobile="15023239811", status=20, errorcode="<2]]>", extno="7"
    )
    (box,) = boxes(query(sandbox))
    assert box == {
        "mobile": "15023239811",
        "taskid": "1212",
        "status": "20",
        "receivetime": "2026-09-25 09:00:00",
        "errorcode": "&lt;2]]&gt;",
        "extno": "7",
    }


def fates(seed, *, order=1):
    """Who fails, and when each report comes, for the same 400 people in two batches."""
    settings = SandboxSettings(failed_share=0.2, report_jitter=30, seed=seed)
    halves = [MANY[: 200 * 12 - 1], MANY[200 * 12 :]]
    with Sandbox(settings, clock=Clock()) as sandbox:
        for mobile in halves[::order]:
            send(sandbox, mobile=mobile)
        clock = sandbox._clock
        clock.now += timedelta(seconds=60)
        reports = boxes(query(sandbox))
        return {box["mobile"]: (box["status"], box["receivetime"]) for box in reports}


def test_the_same_seed_gives_everybody_the_same_fate_in_whatever_order():
    assert fates(7) == fates(7) == fates(7, order=-1)
    assert fates(7) != fates(8)


def test_about_the_wanted_share_fails_and_the_jitter_spreads_the_times():
    reports = fates(7)
    failed = [status for status, _ in reports.values() if status == "20"]
    assert len(reports) == 400
    assert 50 <= len(failed) <= 110
    assert len({time for _, time in reports.values()}) > 10


def test_failed_reports_carry_words_of_the_carriers():
    with Sandbox(SandboxSettings(failed_share=1, seed=7)) as sandbox:
        send(sandbox, mobile=MANY)
        sandbox.make_reports_ready()
        words = {box["errorcode"] for box in boxes(query(sandbox))}
        assert "DELIVRD" not in words
        assert {"UNDELIV", "空号"} <= words


def test_the_same_seed_gives_the_same_task_ids_and_no_seed_gives_new_ones():
    def first_answers(seed):
        with Sandbox(SandboxSettings(seed=seed)) as sandbox:
            return [send(sandbox), send(sandbox)]

    assert first_answers(7) == first_answers(7)
    assert first_answers(7) != first_answers(8)
    assert first_answers(None) != first_answers(None)
