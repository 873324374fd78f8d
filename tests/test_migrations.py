"""A state of the version before is brought up to date, and nothing in it is lost."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest
from builders import (
    FIRST,
    NOW,
    account_of,
    batch_states,
    begin_scheduled,
    campaign_of,
    cancel,
    claim,
    counts_of,
    follow,
    make_campaign,
    make_plan,
    rows_of,
    settle,
    states_of,
    stop,
)

from runner.errors import StateRefused
from runner.lifecycle import AccountState, BatchEvent, CampaignState
from runner.store import migrations
from runner.store.claims import load_message
from runner.store.database import APPLICATION_ID, look_into, open_database
from runner.store.migrations import LATEST

# What version 1 wrote: a campaign in every state that it knew, one of them half sent.
CAMPAIGNS = [
    ("running", "2035-09-16T01:00:00.000Z", "2035-09-16T01:00:01.000Z"),
    ("scheduled", "2035-09-17T01:00:00.000Z", None),
    ("missed", "2035-09-15T01:00:00.000Z", None),
    ("held", "2035-09-16T01:00:00.000Z", None),
    ("halted", "2035-09-16T01:00:00.000Z", "2035-09-16T01:00:01.000Z"),
    ("finished", "2035-09-16T01:00:00.000Z", "2035-09-16T01:00:01.000Z"),
]
BATCHES = {
    "running": ["accepted", "in_doubt", "planned"],
    "scheduled": ["planned"],
    "missed": ["planned"],
    "held": ["planned"],
    "halted": ["rejected", "planned"],
    "finished": ["accepted"],
}


def make_old_state(path):
    """Make the file as version 1 made it, with its own script."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    script = (migrations._FOLDER / "0001_initial.sql").read_text("utf-8")
    for statement in migrations._statements(script):
        connection.execute(statement)
    connection.execute("PRAGMA user_version = 1")
    fill(connection)
    connection.close()


def fill(connection):
    connection.execute(
        "INSERT INTO accounts (name, state, reason, since, balance, unknowns)"
        " VALUES ('main', 'suspended', 'no answers', '2035-09-16T01:00:00.000Z', '9', 3)"
    )
    for state, start, frozen_at in CAMPAIGNS:
        batches, plan = BATCHES[state], make_plan(name=state)
        message = plan.message
        connection.execute(
            "INSERT INTO messages VALUES (?, ?, ?, ?)",
            (message.digest, message.title, message.content, message.size),
        )
        connection.execute(
            "INSERT INTO campaigns (id, file, state, title, account, start, digest, message,"
            " recipients, planned_at, frozen_at) VALUES (?, ?, ?, ?, 'main', ?, ?, ?, ?, ?, ?)",
            (
                state,
                f"{state}.yaml",
                state,
                "中秋快乐",
                start,
                plan.digest,
                message.digest,
                2 * len(batches),
                "2035-09-15T00:00:00.000Z",
                frozen_at,
            ),
        )
        for seq, batch_state in enumerate(batches, start=1):
            fill_batch(connection, state, seq, batch_state)
    connection.execute(
        "INSERT INTO events (at, actor, subject, name, new_state)"
        " VALUES ('2035-09-15T00:00:00.000Z', 'run', 'campaign', 'running', 'running')"
    )


def fill_batch(connection, campaign, seq, state):
    accepted = state == "accepted"
    batch = connection.execute(
        "INSERT INTO batches (campaign, seq, account, state, recipients, delivered, request_bytes,"
        " digest, attempts, task_id, report_deadline)"
        " VALUES (?, ?, 'main', ?, 2, ?, 9, 'd', ?, ?, ?)",
        (
            campaign,
            seq,
            state,
            accepted,
            state != "planned",
            "77" if accepted else None,
            "2035-09-19T01:00:00.000Z" if accepted else None,
        ),
    ).lastrowid
    first = FIRST + 2 * seq
    connection.execute(
        "INSERT INTO recipients (batch, mobile, delivered, received_at, error_code)"
        " VALUES (?, ?, ?, ?, ?)",
        (batch, first, 1, 2_073_000_000, "DELIVRD") if accepted else (batch, first, *[None] * 3),
    )
    connection.execute("INSERT INTO recipients (batch, mobile) VALUES (?, ?)", (batch, first + 1))


@pytest.fixture
def old(state):
    make_old_state(state)
    return state


@pytest.fixture
def migrated(old):
    database = open_database(old, actor="test")
    yield database
    database.close()


def test_the_newest_layout_is_reached(migrated):
    assert rows_of(migrated, "PRAGMA user_version") == [(LATEST,)]


def test_every_campaign_and_batch_stands_where_it_stood(migrated):
    assert states_of(migrated) == {name: name for name in BATCHES}
    assert {name: batch_states(migrated, name) for name in BATCHES} == BATCHES


def test_the_counts_are_what_they_were(migrated):
    assert counts_of(migrated, "running") == {
        "delivered": 1,
        "submitted": 1,
        "in_doubt": 2,
        "pending": 2,
    }
    assert counts_of(migrated, "halted") == {"rejected": 2, "pending": 2}
    assert counts_of(migrated, "finished") == {"delivered": 1, "submitted": 1}


def test_accounts_reports_and_the_log_are_kept(migrated):
    status = account_of(migrated)
    assert (status.state, status.balance) == (AccountState.SUSPENDED, "9")
    report = "SELECT delivered, received_at, error_code FROM recipients WHERE delivered = 1 LIMIT 1"
    assert rows_of(migrated, report) == [(1, 2_073_000_000, "DELIVRD")]
    assert rows_of(migrated, "SELECT actor, name FROM events") == [("run", "running")]
    with migrated.reading() as transaction:
        message = make_plan(name="running").message
        assert load_message(transaction, message.digest) == message


def test_what_was_half_sent_goes_on_with_what_was_planned(migrated):
    claimed = claim(migrated, scope=None)
    assert (claimed.campaign, claimed.seq) == ("running", 3)
    settle(migrated, claimed, BatchEvent.ACCEPT, task_id="78")
    assert campaign_of(migrated, "running").state is CampaignState.FINISHED
    assert claim(migrated, scope=None) is None


def test_all_that_is_new_works_on_what_is_old(migrated):
    stop(migrated)
    cancel(migrated, "halted")
    assert counts_of(migrated, "halted") == {"rejected": 2, "cancelled": 2}
    assert begin_scheduled(migrated, NOW + timedelta(days=1)) == ["scheduled"]


def test_its_files_find_what_is_old_unchanged(migrated):
    """Version 1 knew neither contents nor times; the first look at the files adds the times."""
    digest = make_plan(name="scheduled").digest
    [(known,)] = rows_of(migrated, "SELECT digest FROM campaigns WHERE id = 'scheduled'")
    assert known == digest
    campaigns = [make_campaign(name=name, start=NOW + timedelta(days=1)) for name in BATCHES]
    follow(migrated, *campaigns)
    assert batch_states(migrated, "scheduled") == ["planned"], "the old plan still stands"
    [(latest,)] = rows_of(migrated, "SELECT latest_until FROM campaigns WHERE id = 'scheduled'")
    assert latest == "2035-09-17T02:00:00.000Z"


def test_to_open_it_again_changes_nothing(migrated, state):
    tables = ("campaigns", "batches", "recipients", "accounts", "events")
    before = [rows_of(migrated, f"SELECT * FROM {table}") for table in tables]
    again = open_database(state, actor="test")
    assert [rows_of(again, f"SELECT * FROM {table}") for table in tables] == before
    again.close()


def test_who_only_looks_changes_nothing_and_says_what_would(old):
    before = old.read_bytes()
    with pytest.raises(StateRefused, match="is older: `mms-runner run` brings it up to date"):
        look_into(old).__enter__()
    assert old.read_bytes() == before


def test_a_step_that_fails_leaves_the_state_as_it_was(old):
    connection = sqlite3.connect(old)
    connection.execute("CREATE TABLE reloads (in_the_way INTEGER)")
    connection.commit()
    connection.close()
    with pytest.raises(StateRefused, match="layout"):
        open_database(old, actor="test")
    connection = sqlite3.connect(old)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(campaigns)")]
    assert "claimed_at" not in columns
    assert connection.execute("SELECT count(*) FROM campaign_progress").fetchone() == (6,)
    connection.close()
