"""Finds out whether a campaign was sent under another name: its file was renamed, or copied.

The same message says that it may be, the same people that it is. People are compared only where
another campaign of the state has begun with the same message, so all others cost nothing; and what
came of it is noted, so that it need not be done at each reload.
"""

from __future__ import annotations

import json
from array import array
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from runner.codec.digest import digest_of
from runner.lifecycle import CampaignState
from runner.model.findings import WORTH_A_NOTE, Findings, digest_people
from runner.plan import Twin, is_repeated
from runner.store.claims import read_numbers
from runner.store.planning import again_from_column
from runner.timing import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from runner.plan import CampaignPlan, StoredCampaign
    from runner.store.transaction import Row, Transaction

_MOST_REMEMBERED = 100_000  # people of one campaign, at 8 bytes each

# With the people who got the message, may have got it, or will get it: what is rejected or
# cancelled reaches nobody, and neither does what never began.
_OTHERS = """
    SELECT c.id, c.state, c.again, sum(b.recipients - b.cancelled) AS people,
        group_concat(b.id || ' ' || b.cancelled) AS batches
    FROM campaigns AS c JOIN batches AS b ON b.campaign = c.id
    WHERE c.message = :message AND c.id <> :campaign AND b.state NOT IN ('rejected', 'cancelled')
        AND (
            c.state IN ('running', 'halted', 'finished', 'cancelled')
            OR (c.state = 'scheduled' AND (c.start <= :now OR c.starts_at_gateway))
        )
    GROUP BY c.id ORDER BY c.start, c.id
"""

_KEPT = "SELECT message, again FROM campaigns WHERE id = :campaign"

_BATCHES = """
    SELECT id FROM batches WHERE campaign = ? AND state NOT IN ('rejected', 'cancelled')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suspect:
    """A campaign that may have a twin.

    message: the digest of what it sends; read_mobiles: gives everybody whom it is to reach.
    """

    id: str
    message: str
    again: tuple[str, ...]
    read_mobiles: Callable[[], Sequence[int]]

    def means(self, other: Row) -> bool:
        """Whether one of the two repeats the other knowingly, whichever of them went out first."""
        return other.id in self.again or self.id in again_from_column(other.again)


class _Crowd:
    """Everybody whom a campaign is to reach, to be compared with those of others."""

    def __init__(self, mobiles: Sequence[int]) -> None:
        self.size = len(mobiles)
        self._mobiles = mobiles

    def count_shared(self, others: Sequence[int]) -> int:
        """Count who is among others too; the fewer of the two are held as a set."""
        if len(others) < self.size:
            return sum(map(frozenset(others).__contains__, self._mobiles))
        return sum(map(self._as_set.__contains__, others))

    @cached_property
    def digest(self) -> str:
        """Of everybody."""
        return digest_people(self._mobiles)

    @cached_property
    def _as_set(self) -> frozenset[int]:
        return frozenset(self._mobiles)


class Twins:
    """The campaigns as which others were sent already; for one transaction.

    begun: those that had begun before the files were read; a new plan of one is scheduled for this
    very moment, until it begins again.
    findings: what is known of those that were compared before.
    """

    def __init__(
        self,
        transaction: Transaction,
        now: datetime,
        *,
        begun: Collection[str] = (),
        findings: Findings | None = None,
    ) -> None:
        self._transaction = transaction
        self._now = now
        self._begun = begun
        self._findings = findings or Findings()
        # Where many campaigns send one message to different people, each is compared with all.
        self._remembered: dict[str, array[int]] = {}  # by the digest of their batches

    def find(self, plan: CampaignPlan, stored: StoredCampaign | None) -> Twin | None:
        """Find the campaign as which a planned one was sent already; stored: what is known of it.

        None for what was sent itself, and for what has begun by this very plan: it was judged then.
        """
        campaign = plan.campaign
        if stored and (stored.frozen or _has_begun_by(plan, stored)):
            return None
        suspect = _Suspect(
            id=campaign.id,
            message=plan.message.digest,
            again=campaign.again,
            read_mobiles=lambda: campaign.audience.mobiles,
        )
        return self._find(suspect)

    def find_kept(self, campaign: str) -> Twin | None:
        """Find the campaign as which one that is kept, and was never claimed, was sent already."""
        row = self._transaction.execute(_KEPT, {"campaign": campaign}).one()
        suspect = _Suspect(
            id=campaign,
            message=row.message,
            again=again_from_column(row.again),
            read_mobiles=lambda: self._read_mobiles(campaign),
        )
        return self._find(suspect)

    def _find(self, suspect: _Suspect) -> Twin | None:
        others = [other for other in self._list_others(suspect) if not suspect.means(other)]
        crowd = _Crowd(suspect.read_mobiles() if others else ())
        for other in others:
            shared = self._count_shared(suspect, crowd, other)
            if is_repeated(shared, crowd.size, other.people):
                again = (*suspect.again, other.id)
                return Twin(campaign=other.id, shared=shared, people=crowd.size, again=again)
        return None

    def _list_others(self, suspect: _Suspect) -> list[Row]:
        """List what has begun with the same message, by its start."""
        key = {"campaign": suspect.id, "message": suspect.message, "now": stamp(self._now)}
        return [
            row
            for row in self._transaction.execute(_OTHERS, key)
            if row.state != CampaignState.SCHEDULED or row.id in self._begun
        ]

    def _count_shared(self, suspect: _Suspect, crowd: _Crowd, other: Row) -> int:
        """Count whom both reach."""
        # Meanwhile a plan may be replaced, or what is left of it cancelled; no number of a batch is
        # ever used again.
        batches = digest_of(other.batches.encode())
        subject = json.dumps(["twins", suspect.id, other.id])
        contents = [crowd.digest, batches]
        shared: int | None = self._findings.find(subject, contents)
        if shared is None:
            shared = crowd.count_shared(self._recall_mobiles(other.id, batches))
            if crowd.size + other.people >= WORTH_A_NOTE:
                self._findings.note(subject, contents, shared)
        return shared

    def _recall_mobiles(self, campaign: str, batches: str) -> Sequence[int]:
        mobiles = self._remembered.get(batches)
        if mobiles is None:
            mobiles = self._read_mobiles(campaign)
            if len(mobiles) <= _MOST_REMEMBERED:
                self._remembered[batches] = mobiles
        return mobiles

    def _read_mobiles(self, campaign: str) -> array[int]:
        mobiles = array("Q")
        for batch in self._transaction.execute(_BATCHES, (campaign,)).scalars():
            numbers = read_numbers(self._transaction, batch)
            mobiles.fromlist(json.loads(f"[{numbers}]"))  # a third of what a row for each takes
        return mobiles


def _has_begun_by(plan: CampaignPlan, stored: StoredCampaign) -> bool:
    same = stored.again == plan.campaign.again and not plan.is_changed(stored)
    return stored.state is CampaignState.RUNNING and same
