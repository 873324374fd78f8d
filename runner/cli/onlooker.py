"""Looks on while a daemon sends what a person released to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.cli.closed import find_openings
from runner.cli.names import say_state
from runner.cli.session import read_clock
from runner.cli.speech import warn
from runner.cli.tables import count
from runner.language import _, translate
from runner.lifecycle import BatchState, CampaignState, RecipientState
from runner.store.progress import count_unsettled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import timedelta

    from runner.cli.signals import Interruption
    from runner.model.account import Settings
    from runner.store.database import Database
    from runner.store.progress import BatchStatus, CampaignStatus

_LOOK = 0.5  # seconds between two looks
_SETTLED = (BatchState.ACCEPTED, BatchState.CANCELLED)


class Onlooker:
    """Tells what becomes of some campaigns.

    patience: how long nothing may move, and how far away hours may open, before the rest is left
    to the daemon. read: gives where the campaigns stand; say: tells a person.
    """

    def __init__(
        self,
        database: Database,
        interruption: Interruption,
        *,
        settings: Settings,
        patience: timedelta,
        read: Callable[[], Sequence[CampaignStatus]],
        say: Callable[[str], None],
    ) -> None:
        self._database = database
        self._interruption = interruption
        self._settings = settings
        self._patience = patience
        self._read = read
        self._say = say
        self._seen: Mapping[int, BatchState] = {}

    def watch_sending(self) -> None:
        """Look on until everything is sent, stopped, or waits for longer than patience."""
        moved_at = read_clock()
        while not self._interruption.asked:
            campaigns = self._read()
            if self._tell_news(campaigns):
                moved_at = read_clock()
            waits = read_clock() - moved_at > self._patience
            if waits or not any(map(_is_moving, self._leave_out_closed(campaigns))):
                return
            self._interruption.sleep(_LOOK)

    def _leave_out_closed(self, campaigns: Sequence[CampaignStatus]) -> list[CampaignStatus]:
        """Give the campaigns but for those whose hours open too late to be waited for."""
        now = read_clock()
        openings = find_openings(campaigns, self._settings, now)
        closed = {
            name
            for name, opening in openings.items()
            if opening is None or opening - now > self._patience
        }
        return [campaign for campaign in campaigns if campaign.id not in closed]

    def watch_reports(self, wait: timedelta, scope: list[str]) -> None:
        """Look on until everybody is settled, or the wait is over."""
        deadline = read_clock() + wait
        while not self._interruption.asked and read_clock() < deadline:
            with self._database.reading() as transaction:
                if not count_unsettled(transaction, scope):
                    return
            self._interruption.sleep(_LOOK)

    def _tell_news(self, campaigns: Sequence[CampaignStatus]) -> bool:
        states = {}
        for campaign in campaigns:
            for batch in campaign.batches:
                states[batch.id] = batch.state
                if self._seen and self._seen.get(batch.id) is not batch.state:
                    self._tell(campaign, batch)
        moved = states != self._seen
        self._seen = states
        return moved

    def _tell(self, campaign: CampaignStatus, batch: BatchStatus) -> None:
        if batch.state is BatchState.SUBMITTING:
            return
        people = count(batch.recipients, "recipient")
        if batch.state in _SETTLED:
            told = _("{campaign}: batch {batch} ({people}) is {state}")
        else:
            told = _("{campaign}: batch {batch} ({people}) is {state}: {reason}")
        text = told.format(
            campaign=campaign.id,
            batch=batch.id,
            people=people,
            state=say_state(batch.state),
            reason=translate(str(batch.reason)),
        )
        (self._say if batch.state in _SETTLED else warn)(text)


def _is_moving(campaign: CampaignStatus) -> bool:
    shown = (CampaignState.RUNNING.value, CampaignState.SCHEDULED.value)
    return campaign.shown in shown and campaign.recipients[RecipientState.PENDING] > 0
