"""Tells the log what the state's own event log says, whoever did it: one line an event."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from runner.daemon.log import tell
from runner.lifecycle import AccountState, BatchState, CampaignState
from runner.store.brakes import Subject
from runner.store.events import newest_event, read_events

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.store.database import Database
    from runner.store.events import Event

_WORRYING = {
    BatchState.REJECTED.value,
    BatchState.IN_DOUBT.value,
    CampaignState.HALTED.value,
    CampaignState.HELD.value,
    CampaignState.MISSED.value,
    AccountState.SUSPENDED.value,
    AccountState.LOW_BALANCE.value,
}


class Facts:
    """Remembers up to which event the log has told; used by one thread at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.reading() as transaction:
            self._told = newest_event(transaction)

    def tell_news(self) -> None:
        """Log every event since the last time."""
        while events := self._read():
            self._told = events[-1].id
            self._tell(events)

    def _read(self) -> list[Event]:
        with self._database.reading() as transaction:
            return read_events(transaction, after=self._told)

    def _tell(self, events: Iterable[Event]) -> None:
        for event in events:
            worrying = event.new_state in _WORRYING or event.subject == "workspace"
            tell(
                logging.WARNING if worrying else logging.INFO,
                _describe(event),
                subject=event.subject,
                name=event.name,
                old_state=event.old_state,
                new_state=event.new_state,
                reason=event.reason,
                actor=event.actor,
                campaign=event.campaign,
                event=event.id,
                event_at=event.at,
            )


def _describe(event: Event) -> str:
    whose = f" of {event.campaign}" if event.campaign else ""
    what = "everything" if event.subject == Subject.ALL else f"{event.subject} {event.name}".strip()
    reason = f": {event.reason}" if event.reason else ""
    return f"{what}{whose}{_describe_change(event)}{reason} (by {event.actor})"


def _describe_change(event: Event) -> str:
    if event.new_state is None:
        return ""
    before = f"{event.old_state} -> " if event.old_state else ""
    return f": {before}{event.new_state}"
