"""Settles batches in doubt by evidence: gathers what is known, lets ``evidence`` weigh it, acts.

Each settlement is one transaction with what it was settled by, so a crash repeats it whole. What
does not settle a batch is kept beside it, for the person who must.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from runner.codec.extno import read_extno, write_extno
from runner.evidence import (
    PATIENCE,
    Hearing,
    Kind,
    Note,
    Stranger,
    Suspect,
    Testimony,
    Verdict,
    weigh_reports,
)
from runner.faultpoint import faultpoint
from runner.language import N_
from runner.lifecycle import BatchEvent, BatchState, SettledBy
from runner.model.account import OnCode8
from runner.store.events import record_event
from runner.store.journal import match_waiting
from runner.store.lists import to_list
from runner.store.outcomes import BatchChange, change_batch, find_batch, find_report_deadline
from runner.store.retraction import overrule
from runner.timing import stamp, unstamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.model.account import Account
    from runner.store.outcomes import StoredBatch
    from runner.store.transaction import Row, Transaction

# Claims whose task is not known. One that a person called not sent is among them for good: its
# reports may come even so, and must not speak for another batch. So is one that was sent again
# after a refusal that may come when the message was taken (code 8).
_SUSPECTS = """
    SELECT b.id, b.recipients - b.cancelled AS people, b.claimed_at, b.state, b.task_id,
        coalesce(b.claim, 0) AS claim,
        CASE WHEN c.starts_at_gateway THEN c.start END AS start
    FROM batches AS b JOIN campaigns AS c ON c.id = b.campaign
    WHERE b.claimed_at IS NOT NULL AND b.id IN (
        SELECT id FROM batches WHERE account = :account AND state = 'in_doubt'
        UNION ALL SELECT id FROM batches WHERE account = :account AND state = 'submitting'
        UNION ALL SELECT id FROM batches
            WHERE account = :account AND state = 'accepted' AND task_id IS NULL
        UNION ALL SELECT id FROM batches WHERE account = :account AND disowned
        UNION ALL SELECT id FROM batches WHERE :repeats AND account = :account AND refusals > 0
    )
    ORDER BY b.id
"""

# The tasks of no batch of ours that name people of a batch, whenever that was. CROSS: each of the
# two thousand is looked up among the reports; the other way it is every report of a stranger's
# year among these, for each batch.
_STRANGERS = """
    SELECT r.task_id, count(DISTINCT r.mobile) AS within, (
        SELECT count(DISTINCT a.mobile) FROM reports AS a
        WHERE a.account = :account AND a.task_id = r.task_id
    ) AS numbers
    FROM recipients AS p
    CROSS JOIN reports AS r
        ON r.account = :account AND r.mobile = p.mobile AND r.matter = 'unmatched'
    WHERE p.batch = :batch AND p.cancelled IS NULL AND NOT EXISTS (
        SELECT 1 FROM batches AS b WHERE b.account = r.account AND b.task_id = r.task_id
    )
    GROUP BY r.task_id
"""

# Every report of a task, with each suspect that went to its number.
_WITNESSES = """
    SELECT r.mobile, r.extno, r.received_at, j.received_at AS heard, j.claims, p.batch
    FROM reports AS r
    JOIN report_journal AS j ON j.id = r.journal
    LEFT JOIN recipients AS p
        ON p.batch IN (SELECT value FROM json_each(:suspects))
            AND p.mobile = r.mobile AND p.cancelled IS NULL
    WHERE r.account = :account AND r.task_id = :task_id AND r.matter = 'unmatched'
"""

# An extno with our prefix of which none of our claims is the reason: another program has it too.
_PREFIX_SHARED = """
    SELECT EXISTS (
        SELECT 1 FROM reports AS r
        WHERE r.account = :account AND r.matter = 'unmatched'
            AND length(r.extno) = :length AND substr(r.extno, 1, length(:prefix)) = :prefix
            AND NOT EXISTS (
                SELECT 1 FROM batches AS b JOIN recipients AS p ON p.batch = b.id
                WHERE b.id = CAST(substr(r.extno, length(:prefix) + 1) AS INTEGER)
                    AND b.account = r.account AND b.claimed_at IS NOT NULL
                    AND (b.task_id IS NULL OR b.attempts > 1)
                    AND p.mobile = r.mobile
            )
    )
"""

# What evidence settled, and a later report of the same task speaks against. It left its evidence:
# without that, every batch there ever was would have to be looked at.
_REFUTED = """
    SELECT b.id FROM batches AS b
    WHERE b.account = :account AND b.settled_by = 'evidence'
        AND b.id IN (SELECT e.batch FROM evidence AS e)
        AND EXISTS (
            SELECT 1 FROM reports AS r
            WHERE r.account = b.account AND r.task_id = b.task_id AND r.matter = 'unmatched'
        )
    ORDER BY b.id
"""

_KEEP_EVIDENCE = """
    INSERT INTO evidence (batch, kind, text, at) VALUES (:batch, :kind, :text, :now)
    ON CONFLICT (batch, kind) DO UPDATE SET text = excluded.text, at = excluded.at
    WHERE text <> excluded.text
"""

_IS_KEPT = """
    SELECT EXISTS (SELECT 1 FROM evidence WHERE batch = :batch AND kind = :kind AND text = :text)
"""

_EVIDENCE = "SELECT batch, text FROM evidence ORDER BY batch, kind"
_EVIDENCE_OF = """
    SELECT e.batch, e.text FROM batches AS b JOIN evidence AS e ON e.batch = b.id
    WHERE b.campaign = :campaign ORDER BY b.seq, e.kind
"""

_NAME_TASK = "UPDATE batches SET task_id = :task_id WHERE id = :batch"

# Every change of a claim is an event, and no number of an event or a report is given twice.
_NEWEST = "SELECT (SELECT max(id) FROM events) AS event, (SELECT max(id) FROM reports) AS report"

_BELIEVED_FOR = timedelta(days=3)  # at least; later the same people may be sent to by anybody
_NEVER = datetime.max.replace(tzinfo=UTC)


def settle_doubt(transaction: Transaction, account: Account, now: datetime) -> None:
    """Settle what the reports that wait for their task can settle; take back what they refute."""
    _take_back(transaction, account, now)
    settled = True
    while settled and (suspects := _read_suspects(transaction, account)):
        hearing = _hear(transaction, account, suspects, now)
        # Once more after each verdict: what was settled is nobody's rival any more.
        settled = act_on(transaction, account, list(weigh_reports(hearing, suspects)), now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weighed:
    """What held no news. newest: the last event and report of that time.

    at: when it was weighed; until: when the time alone may change it.
    """

    account: Account
    newest: tuple[int | None, int | None]
    at: datetime
    until: datetime

    def stands(
        self, account: Account, newest: tuple[int | None, int | None], now: datetime
    ) -> bool:
        """Whether nothing new can come of it; account: by its settings of now."""
        is_same = (self.account, self.newest) == (account, newest)
        return is_same and self.at <= now < self.until


class Scales:
    """Says whether there is news of the claims in doubt, and weighs nothing twice.

    Each claim whose task nobody ever learned has to be weighed, and years leave many of them; while
    nothing happens and no report comes, nothing new can come of it. An account is for one thread.
    """

    def __init__(self) -> None:
        self._weighed: dict[str, _Weighed] = {}

    def has_news(self, transaction: Transaction, account: Account, now: datetime) -> bool:
        """Whether settling would change anything.

        To be asked before: it may take a second beside a stranger's millions, in which nobody else
        could write.
        """
        row = transaction.execute(_NEWEST).one()
        newest = (row.event, row.report)
        if (before := self._weighed.get(account.name)) and before.stands(account, newest, now):
            return False
        if transaction.execute(_REFUTED, {"account": account.name}).fetchone():
            return True
        suspects = _read_suspects(transaction, account)
        hearing = _hear(transaction, account, suspects, now)
        if any(_is_news(transaction, opinion) for opinion in weigh_reports(hearing, suspects)):
            return True
        self._weighed[account.name] = _Weighed(
            account=account, newest=newest, at=now, until=_find_end(hearing)
        )
        return False


def _is_news(transaction: Transaction, opinion: Verdict | Note) -> bool:
    return isinstance(opinion, Verdict) or not _is_kept(transaction, opinion)


def _find_end(hearing: Hearing) -> datetime:
    """Give the moment at which somebody may have waited long enough."""
    ends = (testimony.heard[0] + PATIENCE for testimony in hearing.testimonies)
    return min((end for end in ends if end > hearing.now), default=_NEVER)


def read_evidence(
    transaction: Transaction, campaign: str | None = None
) -> Mapping[int, Sequence[str]]:
    """Give what is known for or about each batch that is, or was, in doubt.

    campaign: of its batches alone.
    """
    found: dict[int, list[str]] = {}
    statement = _EVIDENCE if campaign is None else _EVIDENCE_OF
    for batch, text in transaction.execute(statement, {"campaign": campaign}):
        found.setdefault(batch, []).append(text)
    return found


def act_on(
    transaction: Transaction, account: Account, opinions: Iterable[Verdict | Note], now: datetime
) -> bool:
    """Keep what was weighed and carry out the verdicts; says whether there was one."""
    settled = False
    for opinion in opinions:
        row = {"batch": opinion.batch, "kind": opinion.kind, "text": opinion.text}
        transaction.execute(_KEEP_EVIDENCE, {**row, "now": stamp(now)})
        batch = find_batch(transaction, opinion.batch)
        if isinstance(opinion, Verdict) and batch:
            _settle(transaction, account, batch, opinion, now)
            settled = True
    return settled


def repeats_by_itself(account: Account) -> bool:
    """Whether what may have been taken is sent again by itself."""
    return account.on_code_8 is OnCode8.RETRY


def _take_back(transaction: Transaction, account: Account, now: datetime) -> None:
    """Put in doubt again what was taken for a task that has named somebody else since."""
    for row in transaction.execute(_REFUTED, {"account": account.name}).fetchall():
        batch = find_batch(transaction, row.id)
        if batch:
            why = N_("task {task} was taken for it, but names others too").format(
                task=batch.task_id
            )
            overrule(transaction, batch, now, reason=why)
            note = Note(batch=batch.id, kind=Kind.REPORTS, text=why)
            act_on(transaction, account, [note], now)


def _read_suspects(transaction: Transaction, account: Account) -> list[Suspect]:
    """Give the claims that may be behind unknown tasks; none where nothing could be settled."""
    key = {"account": account.name, "repeats": repeats_by_itself(account)}
    suspects = [_make_suspect(row, account) for row in transaction.execute(_SUSPECTS, key)]
    return suspects if any(suspect.open for suspect in suspects) else []


def _make_suspect(row: Row, account: Account) -> Suspect:
    claimed_at = unstamp(row.claimed_at)
    sent_at = max(claimed_at, unstamp(row.start)) if row.start else claimed_at
    taken_for_certain = row.state == BatchState.ACCEPTED and row.task_id is None
    return Suspect(
        batch=row.id,
        people=row.people,
        claim=row.claim,
        claimed_at=claimed_at,
        believed_until=sent_at + max(account.reports.deadline, _BELIEVED_FOR),
        open=row.state == BatchState.IN_DOUBT or taken_for_certain,
    )


def _hear(
    transaction: Transaction, account: Account, suspects: Sequence[Suspect], now: datetime
) -> Hearing:
    strangers = {
        suspect.batch: _find_strangers(transaction, account, suspect)
        for suspect in suspects
        if suspect.open
    }
    # Only such a task may be a batch's: what names others too is nobody's of ours.
    candidates = {
        stranger.task_id
        for some in strangers.values()
        for stranger in some
        if stranger.within == stranger.numbers
    }
    testimonies = [
        _take_testimony(transaction, account, task, suspects) for task in sorted(candidates)
    ]
    echoed = any(testimony.echoed for testimony in testimonies)
    return Hearing(
        testimonies=testimonies,
        strangers=strangers,
        now=now,
        prefix_shared=echoed and _is_prefix_shared(transaction, account),
        exclusive=account.exclusive,
    )


def _find_strangers(transaction: Transaction, account: Account, suspect: Suspect) -> list[Stranger]:
    key = {"account": account.name, "batch": suspect.batch}
    return [
        Stranger(task_id=row.task_id, numbers=row.numbers, within=row.within)
        for row in transaction.execute(_STRANGERS, key)
    ]


def _is_prefix_shared(transaction: Transaction, account: Account) -> bool:
    prefix = account.extno or ""
    key = {"account": account.name, "prefix": prefix, "length": len(write_extno(prefix, 0))}
    return bool(transaction.execute(_PREFIX_SHARED, key).scalar())


@dataclass(slots=True)
class _Voices:
    """The reports of one task, as they are read row by row."""

    account: Account
    batches_of: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    echoed: set[int | None] = field(default_factory=set)
    heard: list[str] = field(default_factory=list)
    claims: set[int | None] = field(default_factory=set)
    named: list[int] = field(default_factory=list)

    def note(self, row: Row) -> None:
        batches = self.batches_of[row.mobile]
        if row.batch is not None:
            batches.add(row.batch)
        if self.account.extno is not None and row.extno:
            self.echoed.add(read_extno(self.account.extno, row.extno))
        self.heard.append(row.heard)
        self.claims.add(row.claims)
        if row.received_at is not None:
            self.named.append(row.received_at)

    def first_asked(self) -> int | None:
        """Count the claims that there were when the first of them was asked for."""
        known = [claims for claims in self.claims if claims is not None]
        return min(known) if len(known) == len(self.claims) else None


def _take_testimony(
    transaction: Transaction, account: Account, task: str, suspects: Sequence[Suspect]
) -> Testimony:
    ids = [suspect.batch for suspect in suspects]
    voices = _Voices(account)
    key = {"account": account.name, "task_id": task}
    for row in transaction.execute(_WITNESSES, {**key, "suspects": to_list(ids)}):
        voices.note(row)
    everybody = voices.batches_of.values()
    return Testimony(
        task_id=task,
        numbers=len(everybody),
        heard=(unstamp(min(voices.heard)), unstamp(max(voices.heard))),
        claims=voices.first_asked(),
        earliest=datetime.fromtimestamp(min(voices.named), UTC) if voices.named else None,
        within=Counter(batch for batches in everybody for batch in batches),
        alone=Counter(next(iter(batches)) for batches in everybody if len(batches) == 1),
        echoed=voices.echoed,
    )


def _is_kept(transaction: Transaction, opinion: Verdict | Note) -> bool:
    row = {"batch": opinion.batch, "kind": opinion.kind, "text": opinion.text}
    return bool(transaction.execute(_IS_KEPT, row).scalar())


def _settle(
    transaction: Transaction, account: Account, batch: StoredBatch, verdict: Verdict, now: datetime
) -> None:
    reason = N_("settled by evidence: {evidence}").format(evidence=verdict.text)
    if batch.state is BatchState.IN_DOUBT:
        change = BatchChange(
            event=BatchEvent.ACCEPT,
            reason=reason,
            task_id=verdict.task_id,
            report_deadline=find_report_deadline(
                transaction, batch.id, account.reports.deadline, now
            ),
            settled_by=SettledBy.EVIDENCE,
        )
        change_batch(transaction, batch, change, now)
    else:
        transaction.execute(_NAME_TASK, {"batch": batch.id, "task_id": verdict.task_id})
        record_event(
            transaction,
            now=now,
            subject="batch",
            name=batch.id,
            old_state=batch.state,
            new_state=batch.state,
            reason=f"its task is {verdict.task_id}: {verdict.text}",
        )
    if verdict.task_id:
        match_waiting(transaction, account.name, verdict.task_id)
    faultpoint("doubt.settled")
