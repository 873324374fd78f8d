"""Judges what a run came to: whether a person is needed, and for what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.cli.exits import Exit
from runner.lifecycle import AccountState, BatchState, CampaignState, RecipientState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from decimal import Decimal

    from runner.store.progress import AccountStatus, CampaignStatus

_STOPPED = {CampaignState.HALTED, CampaignState.HELD, CampaignState.MISSED}
_NOT_IN_ORDER = (
    RecipientState.REJECTED,
    RecipientState.IN_DOUBT,
    RecipientState.UNREPORTED,
)


def judge_run(
    campaigns: Iterable[CampaignStatus],
    accounts: Collection[AccountStatus],
    *,
    scope: Collection[str],
    fail_under: Decimal | None,
) -> Exit:
    """Give the exit status that campaigns and accounts call for, the first of the contract's order.

    scope: the campaigns that were sent; of the others only what is in doubt counts.
    fail_under: the share of a campaign's recipients, from 0 to 1, that must be delivered.
    """
    if any(map(_is_refused, accounts)):
        return Exit.CREDENTIALS_REFUSED
    if any(account.reports_stopped for account in accounts):
        return Exit.PERSON_NEEDED
    unreached = {account.name for account in accounts if account.unreachable}
    for campaign in campaigns:
        needed = campaign.id in scope and (
            _needs_a_person(campaign, fail_under)
            or _is_stuck(campaign, reached=campaign.account not in unreached)
        )
        if needed or campaign.recipients[RecipientState.IN_DOUBT]:
            return Exit.PERSON_NEEDED
    return Exit.OK


def _is_refused(account: AccountStatus) -> bool:
    return account.state is AccountState.SUSPENDED and account.wrong_credentials


def _needs_a_person(campaign: CampaignStatus, fail_under: Decimal | None) -> bool:
    counts = campaign.recipients
    if campaign.state in _STOPPED or any(counts[state] for state in _NOT_IN_ORDER):
        return True
    delivered = counts[RecipientState.DELIVERED]
    return fail_under is not None and delivered < fail_under * campaign.total


def _is_stuck(campaign: CampaignStatus, *, reached: bool) -> bool:
    """Whether recipients wait for anything but a pause, or hours, rate and pace.

    reached: the account's gateway answers.
    """
    if not campaign.recipients[RecipientState.PENDING] or campaign.paused_by_hand:
        return False
    retried = any(
        batch.state is BatchState.PLANNED and batch.attempts for batch in campaign.batches
    )
    # What stops it in any other way is shown in its state.
    return campaign.shown != CampaignState.RUNNING or not reached or retried
