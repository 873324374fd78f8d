"""Makes a state as a year of campaigns leaves it, straight in its tables: in minutes.

`python -m benchmarks.growth.history STATE --campaigns 10000 --people 5000` makes that of a year.
The layout is the program's own (`open_database`), and so is all that the rows say; nobody was sent
anything. Every campaign is over. What is rare is there as well: batches that were refused for a
while, rejected, cancelled, settled by evidence or by a person, and a few still in doubt; answers
that could not be read; reports that came twice, and those of another program.
"""

from __future__ import annotations

import argparse
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from runner.store.accounts import ensure_accounts
from runner.store.database import open_database
from runner.timing import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT = "main"

_MOST_IN_A_BATCH = 2000
_YEAR = timedelta(days=365)
_LAST_ENDED = timedelta(days=10)  # ago: every report deadline has passed


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """How much lies behind. people: of each campaign; message and answer: bytes of each.

    reports: of an answer of the gateway, on average.
    """

    campaigns: int
    people: int
    message: int = 20_000
    answer: int = 10_000
    reports: int = 2500


YEAR = History(campaigns=10_000, people=5000)

# Numbers from 1 on, for as many rows.
_COUNT = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :{})"

_MOMENT = "strftime('%Y-%m-%dT%H:%M:%fZ', :began, ({}) || ' seconds')"

# What becomes of a person, by the place in the batch; NULL for no report.
_FATES = """
    CREATE TEMP TABLE fates (place INTEGER PRIMARY KEY, delivered INTEGER, error_code TEXT);
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1999)
    INSERT INTO fates SELECT i,
        CASE WHEN i % 50 = 0 THEN NULL WHEN i % 20 = 3 THEN 0 ELSE 1 END,
        CASE WHEN i % 50 = 0 THEN NULL WHEN i % 20 = 3 THEN 'MK:0005' ELSE 'DELIVRD' END
    FROM n;
"""

# Of ten campaigns, two send the same message: such as a file that was copied for other people.
_MESSAGES = f"""
    {_COUNT.format("campaigns")}
    INSERT INTO messages SELECT 'sha256:' || printf('%064x', i), CAST('%D6%D0' AS BLOB),
        zeroblob(:message), :message
    FROM n WHERE i % 10 <> 0 OR i = 1
"""

_CAMPAIGNS = f"""
    {_COUNT.format("campaigns")}
    INSERT INTO campaigns
        (id, file, state, reason, title, account, start, digest, message, recipients, planned_at,
         frozen_at, latest_until, contents, claimed_at)
    SELECT name, name || '.yaml', iif(i % 50 = 7, 'cancelled', 'finished'),
        iif(i % 50 = 7, 'by a person', NULL), 'News ' || i, '{ACCOUNT}', start, digest,
        'sha256:' || printf('%064x', iif(i % 10 = 0, i - 1, i)), :people, start, start, start,
        digest, start
    FROM (
        SELECT i, printf('past/%d/news-%d', i / 1000, i) AS name,
            'sha256:' || printf('%064x', -i) AS digest,
            {_MOMENT.format(":span * i / :campaigns")} AS start
        FROM n
    )
"""

# One in fifty was refused for a while, one in a hundred each is rejected, or settled by evidence or
# a person; some of these without a task, some after a claim of which it was said: not sent.
_BATCHES = f"""
    {_COUNT.format("batches")}
    INSERT INTO batches
        (campaign, seq, account, state, reason, recipients, request_bytes, digest, attempts,
         refusals, token, owner, claimed_at, task_id, code, accepted_at, report_deadline, claim,
         settled_by, disowned)
    SELECT campaign, seq, '{ACCOUNT}', state, reason, people, 160000, digest,
        iif(state = 'cancelled', 0, 1 + (id % 50 = 9)), (id % 50 = 9) * 2,
        iif(state = 'cancelled', NULL, printf('%016x', id)),
        iif(state = 'cancelled', NULL, 'process 4711 on bench'),
        iif(state = 'cancelled', NULL, start),
        iif(state = 'accepted' AND id % 400 <> 21, printf('273498%014d', id), NULL),
        iif(state = 'rejected', 5, NULL),
        iif(state = 'accepted', start, NULL), iif(state = 'accepted', deadline, NULL),
        iif(state = 'cancelled', NULL, id),
        CASE WHEN state = 'accepted' AND id % 100 = 20 THEN 'evidence'
             WHEN state = 'accepted' AND id % 100 = 21 THEN 'person' END,
        id % 200 = 22
    FROM (
        SELECT *, CASE
            WHEN id IN (:batch_total / 3, :batch_total / 2) THEN 'in_doubt'
            WHEN cancelled AND seq = :batches THEN 'cancelled'
            WHEN id % 100 = 23 THEN 'rejected'
            ELSE 'accepted'
        END AS state, CASE
            WHEN id IN (:batch_total / 3, :batch_total / 2) THEN 'the answer was cut short'
            WHEN cancelled AND seq = :batches THEN 'by a person'
            WHEN id % 100 = 23 THEN 'refused: 5 content'
        END AS reason
        FROM (
            SELECT (c.rowid - 1) * :batches + n.i AS id, c.id AS campaign, n.i AS seq, c.start,
                c.state = 'cancelled' AS cancelled, c.digest,
                min({_MOST_IN_A_BATCH}, :people - (n.i - 1) * {_MOST_IN_A_BATCH}) AS people,
                strftime('%Y-%m-%dT%H:%M:%fZ', c.start, '+3 days') AS deadline
            FROM campaigns AS c CROSS JOIN n ORDER BY c.rowid, n.i
        )
    )
"""

# In the order of the table's key, which is many times as fast as any other.
_RECIPIENTS = """
    INSERT INTO recipients (batch, mobile, delivered, received_at, error_code)
    SELECT b.id, 13000000000 + (b.id * 7919777) % 6000000000 + f.place * 97,
        iif(b.task_id IS NULL, NULL, f.delivered),
        iif(b.task_id IS NULL OR f.delivered IS NULL, NULL, :began_seconds + b.id * 60 + f.place),
        iif(b.task_id IS NULL, NULL, f.error_code)
    FROM batches AS b CROSS JOIN fates AS f
    WHERE f.place < b.recipients ORDER BY b.id, f.place
"""

_COUNTS = """
    UPDATE batches SET (delivered, failed) = (
        SELECT count(*) FILTER (WHERE delivered = 1), count(*) FILTER (WHERE delivered = 0)
        FROM fates WHERE place < recipients
    ) WHERE task_id IS NOT NULL
"""

_CAMPAIGN_EVENTS = """
    INSERT INTO events (at, actor, subject, name, old_state, new_state, reason)
    SELECT c.start, 'daemon', 'campaign', c.id, s.old, coalesce(s.new, c.state), s.reason
    FROM campaigns AS c CROSS JOIN (
        SELECT 1 AS step, NULL AS old, 'scheduled' AS new, 'planned from its file' AS reason
        UNION ALL SELECT 2, 'scheduled', 'running', 'begin'
        UNION ALL SELECT 3, 'running', NULL, 'complete'
    ) AS s ORDER BY c.rowid, s.step
"""

_BATCH_EVENTS = """
    INSERT INTO events (at, actor, subject, name, old_state, new_state, reason)
    SELECT coalesce(b.claimed_at, :began), 'daemon', 'batch', b.id, s.old,
        coalesce(s.new, b.state), coalesce(s.reason, 'task ' || b.task_id)
    FROM batches AS b CROSS JOIN (
        SELECT 1 AS step, 'planned' AS old, 'submitting' AS new, 'claimed by a process' AS reason
        UNION ALL SELECT 2, 'submitting', NULL, NULL
    ) AS s ORDER BY b.id, s.step
"""

_EVIDENCE = """
    INSERT INTO evidence (batch, kind, text, at)
    SELECT id, 'reports', 'reports of its task name 40 of its people and nobody else', claimed_at
    FROM batches WHERE settled_by = 'evidence'
"""

# One in a thousand holds something that could not be read, and as many no report at all.
_ANSWERS = f"""
    {_COUNT.format("answers")}
    INSERT INTO report_journal
        (account, received_at, http_status, complete, body, state, reports, claims)
    SELECT '{ACCOUNT}', {_MOMENT.format(":span * i / :answers")}, 200, 1, zeroblob(:answer),
        iif(i % 1000 = 11, 'quarantined', 'applied'), iif(i % 1000 = 12, 0, :reports),
        :batch_total * i / :answers
    FROM n
"""

_QUARANTINE = f"""
    INSERT INTO quarantine (journal, account, reason, text)
    SELECT id, '{ACCOUNT}', 'the status is no number', '<statusbox>' || hex(randomblob(100))
    FROM report_journal WHERE state = 'quarantined'
"""

# One in a thousand each: came again, and is another program's, of whose tasks each names 100.
_APART = f"""
    {_COUNT.format("apart")}
    INSERT INTO reports
        (journal, account, task_id, mobile, delivered, received_at, error_code, extno, matter)
    SELECT 1 + i * :answers / (:apart + 1), '{ACCOUNT}',
        iif(i % 2, printf('273498%014d', 1 + i % :batch_total), printf('99%018d', i / 200)),
        13000000000 + i * 7919 % 6000000000, 1, :began_seconds + i, 'DELIVRD', '',
        iif(i % 2, 'repeated', 'unmatched')
    FROM n
"""

_RELOADS = """
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 365)
    INSERT INTO reloads (asked_at, actor, forced, done_at)
    SELECT :began, 'a person', 0, :began FROM n
"""

_ACCOUNT = f"UPDATE accounts SET reports_received = :received WHERE name = '{ACCOUNT}'"

_GENERATION = "UPDATE identity SET generation = :batch_total"

_STATEMENTS = (
    _MESSAGES,
    _CAMPAIGNS,
    _BATCHES,
    _COUNTS,
    _RECIPIENTS,
    _CAMPAIGN_EVENTS,
    _BATCH_EVENTS,
    _EVIDENCE,
    _ANSWERS,
    _QUARANTINE,
    _APART,
    _RELOADS,
    _ACCOUNT,
    _GENERATION,
)


def make_history(state: Path, history: History) -> None:
    """Make a state where there was none."""
    now = datetime.now(UTC)
    database = open_database(state, actor="benchmark")
    with database.writing() as transaction:
        ensure_accounts(transaction, [ACCOUNT], now)
    database.close()
    values = _measure_out(history, now)
    with closing(sqlite3.connect(state, isolation_level=None)) as connection:
        # A crash loses all of it, and nobody would miss it.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -64000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.executescript(_FATES)
        connection.execute("BEGIN")
        for statement in _STATEMENTS:
            connection.execute(statement, values)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")


def _measure_out(history: History, now: datetime) -> Mapping[str, object]:
    began = now - _YEAR - _LAST_ENDED
    batches = -(-history.people // _MOST_IN_A_BATCH)
    everybody = history.campaigns * history.people
    return {
        "campaigns": history.campaigns,
        "people": history.people,
        "message": history.message,
        "answer": history.answer,
        "reports": history.reports,
        "batches": batches,
        "batch_total": history.campaigns * batches,
        "answers": -(-everybody // history.reports),
        "apart": max(2, everybody // 500),
        "received": everybody,
        "began": stamp(began),
        "began_seconds": int(began.timestamp()),
        "span": int(_YEAR.total_seconds()),
    }


def main() -> None:
    """Make the state that the command line asks for."""
    parser = argparse.ArgumentParser(prog="benchmarks.growth.history", description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("--campaigns", type=int, default=YEAR.campaigns)
    parser.add_argument("--people", type=int, default=YEAR.people, help="of each campaign")
    options = parser.parse_args()
    make_history(options.state, History(campaigns=options.campaigns, people=options.people))


if __name__ == "__main__":
    main()
