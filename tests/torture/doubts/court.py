"""Judges every settlement by what the gateway really took, as the event log tells of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from torture.doubts.shared_gateway import OURS

if TYPE_CHECKING:
    from torture.doubts.sender import DoubtfulSender
    from torture.doubts.shared_gateway import SharedGateway, Task

_NEWS = """
    SELECT e.id, CAST(e.name AS INTEGER), e.old_state, e.new_state, coalesce(e.reason, ''),
        b.task_id
    FROM events AS e JOIN batches AS b ON b.id = CAST(e.name AS INTEGER)
    WHERE e.id > ? AND e.subject = 'batch' ORDER BY e.id
"""
_PEOPLE = "SELECT mobile FROM recipients WHERE batch = ?"
_LEFT = "SELECT id FROM batches WHERE state = 'in_doubt'"
_PUT = """
    SELECT b.id, b.task_id, count(*) FROM batches AS b JOIN recipients AS p ON p.batch = b.id
    WHERE b.task_id IS NOT NULL AND p.delivered IS NOT NULL GROUP BY b.id
"""
_OFF = """
    SELECT campaign FROM campaign_progress
    WHERE total <> pending + submitted + delivered + failed + rejected + in_doubt + cancelled
        + unreported
"""
_SETTLED = "settled by evidence: "
_NAMED = "its task is "  # of what counted as taken before


class Court:
    """Follows one state. counts: of everything that came before it; wrong: in words."""

    def __init__(self, sender: DoubtfulSender, gateway: SharedGateway) -> None:
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._look = sender.look
        self._gateway = gateway
        self._taken = sender.taken
        self._arrives = sender.arrives
        self._heard = 0

    def hear(self) -> None:
        """Judge what has happened since the last time."""
        for row in self._look.execute(_NEWS, (self._heard,)).fetchall():
            self._heard, batch, old, new, reason, task_id = row
            if new == "in_doubt" and old == "accepted":
                self.counts["taken back"] += 1
            elif new == "in_doubt" and old != new:
                self.counts["doubts"] += 1
                self.counts["really taken"] += self._arrives[batch]
            elif reason.startswith(_SETTLED):
                self.counts[_find_kind(reason)] += 1
                self._judge(batch, task_id, reason)
            elif reason.startswith(_NAMED):
                self.counts["task found"] += 1
                self._judge(batch, task_id, reason)

    def conclude(self) -> None:
        """Look at what stands at the end."""
        for (batch,) in self._look.execute(_LEFT).fetchall():
            self.counts["left, taken" if self._taken[batch] else "left, not taken"] += 1
        for batch, task_id, reports in self._look.execute(_PUT).fetchall():
            if not self._is_of(batch, task_id):
                self.counts["misplaced"] += reports
        self.wrong += [f"the counts of {row[0]} do not add up" for row in self._look.execute(_OFF)]

    def _judge(self, batch: int, task_id: str | None, reason: str) -> None:
        if self._is_of(batch, task_id) if task_id else self._taken[batch]:
            return
        task = self._gateway.tasks[task_id] if task_id else None
        if task and self._is_indistinguishable(batch, task):
            self.counts["mistaken"] += 1
        else:
            self.counts["wrong"] += 1
            self.wrong.append(f"batch {batch}: {reason}; {self._describe(batch, task)}")

    def _is_of(self, batch: int, task_id: str) -> bool:
        return any(task.task_id == task_id for task in self._taken[batch])

    def _is_indistinguishable(self, batch: int, task: Task) -> bool:
        """Whether a stranger's very first task went to people of a batch and nobody else."""
        earlier = (other for other in self._gateway.tasks.values() if other.at < task.at)
        first = task.client not in {other.client for other in earlier}
        return task.client != OURS and first and task.mobiles <= self._people(batch)

    def _people(self, batch: int) -> frozenset[int]:
        return frozenset(row[0] for row in self._look.execute(_PEOPLE, (batch,)))

    def _describe(self, batch: int, task: Task | None) -> str:
        people = self._people(batch)
        if task is None:
            return f"not taken at all, {len(people)} people"
        outside = len(task.mobiles - people)
        return (
            f"a task of client {task.client} to {len(task.mobiles)}, {outside} of them not among"
            f" its {len(people)}; {'taken' if self._taken[batch] else 'not taken'} itself"
        )


def _find_kind(reason: str) -> str:
    if "the balance fell" in reason:
        return "balance"
    return "extno" if "echo its extno" in reason else "reports"
