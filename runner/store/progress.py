"""Reads where everything stands, for people and their scripts; changes nothing.

The counts come from the views of the state, so `sqlite3 state.db` and the commands agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.lifecycle import (
    PAUSED,
    AccountState,
    BatchState,
    BrakeSource,
    CampaignState,
    RecipientState,
)
from runner.store.brakes import Subject, read_brakes
from runner.store.doubt import read_evidence
from runner.store.lists import to_list
from runner.store.moments import from_column
from runner.store.planning import LIVE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from runner.store.brakes import Brake
    from runner.store.transaction import Row, Transaction

_EVERY_STATE = tuple(RecipientState)

_NEVER = datetime.max.replace(tzinfo=UTC)  # a draft comes last

_STOPPED = {CampaignState.HELD, CampaignState.MISSED, CampaignState.HALTED}

# Of one campaign, by its id, or of every one: what is finished must cost nothing to whoever asks
# for the rest, and the views are quick for one campaign, or for all.
_CAMPAIGNS = """
    SELECT c.id, c.state, c.reason, c.title, c.account, c.start,
        p.total, p.pending, p.submitted, p.delivered, p.failed, p.rejected, p.in_doubt,
        p.cancelled, p.unreported, c.drifted, c.until, c.hours,
        CASE WHEN a.state <> 'active'
            THEN 'account ' || a.name || ' is ' || a.state || coalesce(': ' || a.reason, '')
        END AS stop,
        coalesce(c.until <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 0) AS over,
        CASE WHEN c.starts_at_gateway AND c.start > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
            THEN p.submitted ELSE 0
        END AS handed_over
    FROM campaign_progress AS p
    JOIN campaigns AS c ON c.id = p.campaign
    LEFT JOIN accounts AS a ON a.name = c.account
"""
_CAMPAIGN = f"{_CAMPAIGNS} WHERE c.id = :campaign"

_BATCHES = """
    SELECT campaign, id, seq, state, recipients, task_id, code, attempts, reason FROM batches
"""
_BATCHES_OF = f"{_BATCHES} WHERE campaign = :campaign ORDER BY seq"
_ALL_BATCHES = f"{_BATCHES} ORDER BY campaign, seq"

# What goes on or may begin, what waits for a person, and what somebody still waits for; each from
# an index of its own.
_IN_FLIGHT = "SELECT campaign FROM batches INDEXED BY batches_submitting WHERE state = 'submitting'"
_UNSETTLED = """
    SELECT campaign FROM batches
    WHERE state = 'in_doubt' AND recipients > delivered + failed + cancelled
    UNION ALL SELECT campaign FROM batches
    WHERE state = 'accepted' AND recipients > delivered + failed + cancelled
        AND report_deadline >= strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
    UNION ALL SELECT campaign FROM batches
    WHERE state = 'accepted' AND recipients > delivered + failed + cancelled
        AND report_deadline IS NULL
"""
_CURRENT = f"{_UNSETTLED} UNION ALL {LIVE} UNION ALL {_IN_FLIGHT}"

_NEWEST_OVER = """
    SELECT id FROM campaigns WHERE state IN ('finished', 'cancelled')
    ORDER BY start DESC LIMIT :most
"""

_HOW_MANY = "SELECT count(*) FROM campaigns"

_ACCOUNTS = """
    SELECT a.*,
        (SELECT count(*) FROM reports AS r
         WHERE r.account = a.name AND r.matter = 'unmatched') AS unmatched,
        (SELECT count(*) FROM quarantine AS q WHERE q.account = a.name) AS quarantined
    FROM accounts AS a ORDER BY a.name
"""

# The order of the indexes: nothing is sorted, so that the first of a million comes at once.
_RECIPIENTS = """
    SELECT mobile, state, batch, task_id, received_at, error_code
    FROM recipient_status WHERE campaign = ? ORDER BY seq, mobile
"""

_CAMPAIGN_EXISTS = "SELECT count(*) FROM campaigns WHERE id = :campaign"

_UNFINISHED = """
    SELECT id FROM campaigns
    WHERE (frozen_at IS NULL OR state IN ('running', 'halted'))
        AND state IN ('scheduled', 'held', 'missed', 'running')
    ORDER BY id
"""

_ACCOUNTS_OF = """
    SELECT DISTINCT account FROM campaigns WHERE id IN (SELECT value FROM json_each(:scope))
    ORDER BY account
"""

_COUNT_UNSETTLED = """
    SELECT coalesce(sum(silent), 0) FROM batch_progress
    WHERE campaign IN (SELECT value FROM json_each(:scope)) AND NOT overdue
        AND state IN ('planned', 'submitting', 'accepted', 'in_doubt')
"""


class BatchStatus(NamedTuple):
    """One batch; reason: why it is rejected, in doubt or planned again, or what settled it.

    A tuple, since all that there ever were may be asked for: tens of thousands.
    evidence: what speaks for or about one that is, or was, in doubt.
    """

    id: int
    seq: int
    state: BatchState
    recipients: int
    task_id: str | None
    code: int | None
    attempts: int
    reason: str | None
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignStatus:
    """One campaign; recipients: a count for each state, which add up to total.

    shown: its state as people see it: one that is scheduled or running may be paused or held.
    brakes: those that it is under; stop: what of its account keeps it, None for nothing.
    paused_by_hand: a command or its file paused it, and nothing else stops it.
    over: its `until` has passed before all was sent; drifted: its file differs from what was sent.
    handed_over: recipients whom the gateway keeps until the start.
    """

    id: str
    state: CampaignState
    reason: str | None
    title: str
    account: str
    start: datetime | None
    total: int
    recipients: Mapping[RecipientState, int]
    shown: str
    brakes: tuple[Brake, ...]
    stop: str | None
    paused_by_hand: bool
    hours: str | None
    over: bool
    drifted: bool
    handed_over: int
    batches: tuple[BatchStatus, ...]

    @property
    def waiting(self) -> int:
        """Recipients of whom nothing was handed to the gateway yet, and who are to get it."""
        submitting = (each for each in self.batches if each.state is BatchState.SUBMITTING)
        in_flight = sum(batch.recipients for batch in submitting)
        return self.recipients[RecipientState.PENDING] - in_flight


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStatus:
    """One account; the defaults are those of one that was never used.

    unreachable: failures to reach the gateway in a row; balance: as the gateway wrote it.
    received and unmatched count delivery reports, quarantined what could not be read.
    reports_stopped: why reports are not polled, None where they are.
    brakes: who paused it, or everything, and that of a clock which is wrong.
    """

    name: str
    state: AccountState
    brakes: tuple[Brake, ...] = ()
    reason: str | None = None
    wrong_credentials: bool = False
    unreachable: int = 0
    balance: str | None = None
    received: int = 0
    unmatched: int = 0
    quarantined: int = 0
    reports_stopped: str | None = None

    @property
    def shown(self) -> str:
        """Its state as people see it."""
        return PAUSED if self.brakes else self.state.value


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientStatus:
    """What became of one recipient; error_code: the carrier's own word."""

    mobile: int
    state: RecipientState
    batch: int
    task_id: str | None
    received_at: datetime | None
    error_code: str | None


def read_campaigns(
    transaction: Transaction, scope: Iterable[str] | None = None
) -> list[CampaignStatus]:
    """Give campaigns by start: those of a scope that the state knows, or every one."""
    brakes = read_brakes(transaction)
    if scope is None:
        found = list(_read_all(transaction, brakes))
    else:
        found = [status for name in scope for status in _read(transaction, brakes, name)]
    return sorted(found, key=lambda status: (status.start or _NEVER, status.id))


def list_current(transaction: Transaction, *, newest: int) -> set[str]:
    """Name the campaigns that are not over, or of which reports or a person's word are awaited.

    newest: so many of the others are named too, those that started last.
    """
    current = transaction.execute(_CURRENT).scalars()
    return {*current, *transaction.execute(_NEWEST_OVER, {"most": newest}).scalars()}


def count_campaigns(transaction: Transaction) -> int:
    """Count the campaigns that there ever were."""
    count: int = transaction.execute(_HOW_MANY).scalar()
    return count


def read_accounts(transaction: Transaction) -> list[AccountStatus]:
    """Give every account of the state, by name."""
    brakes = [brake for brake in read_brakes(transaction) if _stops_account(brake)]
    return [
        AccountStatus(
            name=row.name,
            brakes=tuple(brake for brake in brakes if brake.covers_account(row.name)),
            state=AccountState(row.state),
            reason=row.reason,
            wrong_credentials=bool(row.wrong_credentials),
            unreachable=row.unreachable,
            balance=row.balance,
            received=row.reports_received,
            unmatched=row.unmatched,
            quarantined=row.quarantined,
            reports_stopped=row.reports_stopped,
        )
        for row in transaction.execute(_ACCOUNTS)
    ]


def _stops_account(brake: Brake) -> bool:
    """Whether it is a person's, or that of a clock; what a list holds are its campaigns."""
    return brake.source is BrakeSource.COMMAND or brake.subject is Subject.ACCOUNT


def read_recipients(transaction: Transaction, campaign: str) -> Iterator[RecipientStatus]:
    """Yield a campaign's recipients, batch by batch; millions do not stay in memory."""
    for row in transaction.execute(_RECIPIENTS, (campaign,)):
        mobile, state, batch, task_id, received_at, error_code = row
        yield RecipientStatus(
            mobile=mobile,
            state=RecipientState(state),
            batch=batch,
            task_id=task_id,
            received_at=datetime.fromisoformat(f"{received_at}Z") if received_at else None,
            error_code=error_code,
        )


def has_campaign(transaction: Transaction, campaign: str) -> bool:
    """Whether the state knows a campaign."""
    return bool(transaction.execute(_CAMPAIGN_EXISTS, {"campaign": campaign}).scalar())


def list_unsettled(transaction: Transaction) -> list[str]:
    """Name the campaigns with recipients that were sent, or may have been, and have no report."""
    return sorted(set(transaction.execute(_UNSETTLED).scalars()))


def list_unfinished(transaction: Transaction) -> list[str]:
    """Name the campaigns that go on, or may begin, when the next run looks at them."""
    return transaction.execute(_UNFINISHED).scalars()


def list_accounts_of(transaction: Transaction, campaigns: list[str]) -> list[str]:
    """Name the accounts of some campaigns."""
    return transaction.execute(_ACCOUNTS_OF, {"scope": to_list(campaigns)}).scalars()


def count_unsettled(transaction: Transaction, scope: list[str]) -> int:
    """Count the recipients of some campaigns of whom something is still to be learned."""
    count: int = transaction.execute(_COUNT_UNSETTLED, {"scope": to_list(scope)}).scalar()
    return count


def _campaign(row: Row, brakes: Iterable[Brake], batches: Sequence[BatchStatus]) -> CampaignStatus:
    state = CampaignState(row.state)
    running = state is CampaignState.RUNNING
    waits = state is CampaignState.SCHEDULED or (running and row.pending > 0)
    found = [
        brake
        for brake in brakes
        if (waits or state in _STOPPED) and brake.covers(row.id, row.account)
    ]
    by_hand = [brake for brake in found if brake.source is not BrakeSource.GUARD]
    guards = [brake for brake in found if running and brake.source is BrakeSource.GUARD]
    stop = row.stop if waits else None
    over = bool(waits and row.over)
    paused = waits and bool(by_hand or stop or over)
    return CampaignStatus(
        id=row.id,
        state=state,
        reason=row.reason,
        title=row.title,
        account=row.account,
        start=from_column(row.start),
        total=row.total,
        recipients={entry: row[entry] for entry in _EVERY_STATE},
        shown=PAUSED if paused else CampaignState.HELD.value if guards else state.value,
        brakes=(*by_hand, *guards),
        stop=stop,
        paused_by_hand=paused and not (guards or over or stop),
        hours=row.hours,
        over=over,
        drifted=bool(row.drifted),
        handed_over=row.handed_over,
        batches=tuple(batches),
    )


def _read_all(transaction: Transaction, brakes: Sequence[Brake]) -> Iterator[CampaignStatus]:
    batches: dict[str, list[BatchStatus]] = {}
    evidence = read_evidence(transaction)
    for campaign, *facts in transaction.execute(_ALL_BATCHES):
        batches.setdefault(campaign, []).append(_batch(facts, evidence))
    for row in transaction.execute(_CAMPAIGNS):
        yield _campaign(row, brakes, batches.get(row.id, ()))


def _read(
    transaction: Transaction, brakes: Sequence[Brake], campaign: str
) -> Iterator[CampaignStatus]:
    key = {"campaign": campaign}
    evidence = read_evidence(transaction, campaign)
    batches = [_batch(facts, evidence) for _, *facts in transaction.execute(_BATCHES_OF, key)]
    for row in transaction.execute(_CAMPAIGN, key):
        yield _campaign(row, brakes, batches)


def _batch(facts: Sequence[Any], evidence: Mapping[int, Sequence[str]]) -> BatchStatus:
    id_, seq, state, recipients, task_id, code, attempts, reason = facts
    return BatchStatus(
        id=id_,
        seq=seq,
        state=BatchState(state),
        recipients=recipients,
        task_id=task_id,
        code=code,
        attempts=attempts,
        reason=reason,
        evidence=tuple(evidence.get(id_, ())),
    )
