"""A batch in doubt as people meet it: what settles it, what is shown, and a person's last word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cli_workspace import numbers, opening_office, opening_sandboxes

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli_workspace import Office

    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)

TASK = "27349872349823"
NEVER_CAME = "send:1=reset-before"  # not taken, and no answer: nobody can know


@pytest.fixture
def doubt(office: Office, open_sandbox: Callable[..., Sandbox]) -> Callable[..., Sandbox]:
    """Send a campaign whose one request has no answer; gives the gateway."""

    def send(people: int = 10, *, account: str = "", fault: str = NEVER_CAME) -> Sandbox:
        office.settings(account)
        office.campaign(people=people)
        sandbox = open_sandbox(fault)
        office.run("run", "news")
        return sandbox

    return send


def report(sandbox: Sandbox, people: list[str], task: str = TASK, **fields: Any) -> None:
    for mobile in people:
        sandbox.add_report(task_id=task, mobile=mobile, **fields)


def counts(office: Office, name: str = "news") -> dict[str, int]:
    recipients = office.campaign_status(name)["recipients"]
    return {state: count for state, count in recipients.items() if count and state != "total"}


def shown(office: Office, name: str = "news") -> str:
    return office.run("status", name).out


def test_what_was_taken_is_settled_by_its_own_reports(office, doubt):
    doubt(fault="send:1=reset-after")
    ran = office.run("run", "--wait", "20s")
    assert ran.status == 0
    assert counts(office) == {"delivered": 10}
    assert "settled by evidence: reports of task" in shown(office)


def test_five_different_people_of_one_task_are_enough(office, doubt):
    sandbox = doubt()
    report(sandbox, numbers(5))
    office.run("run")
    assert counts(office) == {"delivered": 5, "submitted": 5}


def test_four_are_not_and_neither_are_five_reports_of_four(office, doubt):
    sandbox = doubt()
    report(sandbox, [*numbers(4), *numbers(1)])
    office.run("run")
    assert counts(office) == {"in_doubt": 10}
    assert f"reports of task {TASK}" in shown(office)
    assert "name 4 of its people" in shown(office)


def test_a_task_that_names_somebody_else_too_is_not_ours(office, doubt):
    sandbox = doubt()
    report(sandbox, [*numbers(10), "13900139000"])
    office.run("run")
    assert counts(office) == {"in_doubt": 10}


def test_reports_that_were_fetched_before_the_claim_say_nothing(office, open_sandbox):
    office.settings()
    sandbox = open_sandbox(NEVER_CAME)
    report(sandbox, numbers(10))
    office.campaign("first", people=["13900139000"])
    sandbox.clear_faults()
    office.run("run", "first")  # which fetches them
    sandbox.add_fault("send:1=reset-before")
    office.campaign(people=10)
    office.run("run", "news")
    office.run("run")
    assert counts(office) == {"in_doubt": 10}


def test_two_batches_that_went_to_the_same_people_stay_in_doubt(office, open_sandbox):
    office.settings()
    for name in ("news", "offer"):
        office.campaign(name, people=10)
    sandbox = open_sandbox("send:*=reset-before")
    office.run("run", "news", "offer")
    report(sandbox, numbers(10))
    office.run("run")
    assert [counts(office, name) for name in ("news", "offer")] == [{"in_doubt": 10}] * 2
    assert "other batches that wait for an answer went to the same people" in shown(office)


def test_when_a_person_settles_one_of_two_the_evidence_is_the_others(office, open_sandbox):
    office.settings()
    for name in ("news", "offer"):
        office.campaign(name, people=10)
    sandbox = open_sandbox("send:*=reset-before")
    office.run("run", "news", "offer")
    report(sandbox, numbers(10))
    office.run("run")
    assert office.run("resolve", "1", "--accepted", "--task", "4711").status == 0
    assert [counts(office, name) for name in ("news", "offer")] == [
        {"submitted": 10},
        {"delivered": 10},
    ]


def test_in_a_small_batch_a_person_decides(office, doubt):
    sandbox = doubt(people=3)
    report(sandbox, numbers(3))
    office.run("run")
    assert counts(office) == {"in_doubt": 3}
    assert "a person decides, unless `exclusive` is set" in shown(office)


def test_unless_the_account_is_exclusive(office, doubt):
    sandbox = doubt(people=3, account="exclusive: true")
    report(sandbox, numbers(3))
    office.run("run")
    assert counts(office) == {"delivered": 3}


def test_one_report_that_echoes_the_extno_is_enough(office, doubt):
    sandbox = doubt(account='extno: "81"')
    [submission] = sandbox.submissions
    assert submission.extno == "8100000001"
    report(sandbox, numbers(1), extno=submission.extno)
    office.run("run")
    assert counts(office) == {"delivered": 1, "submitted": 9}
    assert "echo its extno" in shown(office)


def test_the_fall_of_the_balance_is_shown_and_settles_nothing(office, open_sandbox):
    office.settings("batch_size: 10\nconcurrency: 1")
    office.campaign(people=20)
    open_sandbox("send:2=reset-after", report_delay=3600.0)
    office.run("run", "news")
    assert counts(office) == {"submitted": 10, "in_doubt": 10}
    assert "the balance fell by 10" in shown(office)


def test_it_settles_where_the_account_is_exclusive(office, open_sandbox):
    office.settings("batch_size: 10\nconcurrency: 1\nexclusive: true")
    office.campaign(people=20)
    open_sandbox("send:2=reset-after", report_delay=3600.0)
    office.run("run", "news")
    assert counts(office) == {"submitted": 20}


def test_a_balance_that_did_not_fall_never_says_not_sent(office, open_sandbox):
    office.settings("batch_size: 10\nconcurrency: 1\nexclusive: true")
    office.campaign(people=20)
    open_sandbox("send:2=reset-before", report_delay=3600.0)
    office.run("run", "news")
    assert counts(office) == {"submitted": 10, "in_doubt": 10}


def test_resolve_shows_what_is_known_before_it_wants_a_word(office, doubt):
    sandbox = doubt()
    report(sandbox, numbers(4))
    office.run("run")
    ran = office.run("resolve", "1")
    assert ran.status == 2
    assert "batch 1 of news is in doubt" in ran.err
    assert f"evidence: reports of task {TASK}" in ran.err
    assert "either --accepted or --not-sent" in ran.err


def test_a_person_overrules_the_evidence_and_its_reports_wait_again(office, doubt):
    sandbox = doubt()
    report(sandbox, numbers(10))
    office.run("run")
    assert counts(office) == {"delivered": 10}

    ran = office.run("resolve", "1", "--not-sent", "--yes")
    assert ran.status == 0
    assert counts(office) == {"pending": 10}
    assert office.account()["reports"]["unmatched"] == 10

    office.run("run", "--wait", "20s")
    assert counts(office) == {"delivered": 10}
    assert max(sandbox.copies("news").values()) == 1
    assert office.account()["reports"]["unmatched"] == 10


def test_what_was_overruled_cannot_settle_it_a_second_time(office, doubt):
    sandbox = doubt()
    report(sandbox, numbers(6))
    office.run("run")
    office.run("resolve", "1", "--not-sent", "--yes")
    sandbox.add_fault("send:1=reset-before")
    office.run("run")
    report(sandbox, numbers(10)[6:])
    office.run("run")
    assert counts(office) == {"in_doubt": 10}


def test_a_receipt_is_not_overruled(office, open_sandbox):
    office.campaign(people=10)
    open_sandbox()
    office.run("run", "news")
    ran = office.run("resolve", "1", "--not-sent", "--yes")
    assert ran.status == 2
    assert counts(office) == {"delivered": 10}


def test_what_a_person_counts_as_sent_finds_its_task(office, doubt):
    sandbox = doubt()
    office.run("resolve", "1", "--accepted")
    report(sandbox, numbers(10))
    office.run("run")
    assert counts(office) == {"delivered": 10}
    assert TASK in shown(office)


def test_no_number_stands_in_what_is_shown(office, doubt):
    sandbox = doubt()
    report(sandbox, numbers(4))
    office.run("run")
    for text in (shown(office), office.run("resolve", "1").err):
        assert not any(mobile in text for mobile in numbers(10))
