"""What a sender needs before its first claim: its lines to the gateways, and a state taken up."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.gateway import Gateway
from runner.language import N_
from runner.store.accounts import ensure_accounts, release_accounts
from runner.store.outcomes import doubt_abandoned
from runner.store.start import miss_late
from runner.workspace.secrets import resolve_credentials

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from runner.model.account import Account, Credentials
    from runner.store.database import Database
    from runner.store.outcomes import StoredBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An account whose secrets are resolved and whose gateway can be asked."""

    account: Account
    credentials: Credentials
    gateway: Gateway


def open_line(account: Account) -> Line:
    """Resolve an account's secrets; raises WrongUsage that names those that are missing."""
    credentials = resolve_credentials(account)
    return Line(account=account, credentials=credentials, gateway=Gateway(account, credentials))


def name_owner() -> str:
    """Name this process as the state does."""
    return N_("process {process} on {host}").format(process=os.getpid(), host=socket.gethostname())


def take_up(database: Database, accounts: Iterable[str], now: datetime) -> list[StoredBatch]:
    """Take up what an earlier process left; gives the batches that are in doubt now.

    Only for the holder of the state's lock.
    """
    with database.writing() as transaction:
        ensure_accounts(transaction, accounts, now)
        doubtful = doubt_abandoned(transaction, now)
        release_accounts(transaction, now)
        miss_late(transaction, now)
    return doubtful
