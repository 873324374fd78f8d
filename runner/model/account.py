"""An account at the gateway and the settings of a workspace, as values; secrets stay references."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from runner.model.hours import Hours


class SecretKind(StrEnum):
    """Where a secret is kept; the settings name it, they never hold it."""

    ENV = "env"  # an environment variable
    FILE = "file"  # a file's first line
    CREDENTIAL = "credential"  # a file of $CREDENTIALS_DIRECTORY (systemd)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRef:
    """A reference to a secret, resolved only when the gateway is talked to."""

    kind: SecretKind
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What every call to the gateway carries; kept in memory only, never shown."""

    url: str = field(repr=False)
    userid: str = field(repr=False)
    account: str = field(repr=False)
    password: str = field(repr=False)


class OnCode8(StrEnum):
    """What an account makes of the answer 8, `other error`, which gives no reason."""

    DOUBT = "doubt"  # it may come after the message was taken
    RETRY = "retry"  # as code 7; in doubt when the tries are used up


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """connect: for the TCP and TLS connection; total: for the whole exchange, answer included."""

    connect: timedelta = timedelta(seconds=5)
    total: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Bounded exponential backoff: tries counts all attempts, waits double from first to most."""

    tries: int = 5
    first: timedelta = timedelta(seconds=2)
    most: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPolling:
    """How delivery reports are fetched: page is `statusNum`; past the deadline, `unreported`."""

    collect: bool = True
    every: timedelta = timedelta(seconds=60)
    page: int = 4000
    deadline: timedelta = timedelta(hours=72)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account at one gateway; the defaults are the contract's.

    rate: requests a second, pace: people a minute, or None for no limit.
    message_limit: bytes of title and decoded content; hours: nothing is claimed outside of them.
    recipient_limit: the most people that one campaign may have (`limits.recipients`).
    clock_skew: how far the gateway's clock may be from ours; None: they are not compared.
    """

    name: str
    url: str | SecretRef
    userid: str | SecretRef
    account: str | SecretRef
    password: SecretRef
    batch_size: int = 2000
    concurrency: int = 4
    rate: float | None = None
    pace: int | None = None
    hours: Hours | None = None
    message_limit: int = 102_400
    timeout: Timeouts = Timeouts()
    retry: Retry = Retry()
    reports: ReportPolling = ReportPolling()
    recipient_limit: int | None = None
    proxy: str | None = None
    ca_file: str | None = None
    extno: str | None = None
    on_code_8: OnCode8 = OnCode8.DOUBT
    exclusive: bool = False
    clock_skew: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedList:
    """A list that the settings name, and when it is fit for use.

    file: an absolute path; max_age: how old the file may be; min_rows: how short.
    sheet and column: which of it are meant, None for those that are found without a name.
    """

    name: str
    file: str
    max_age: timedelta | None = None
    min_rows: int | None = None
    sheet: str | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a workspace, read and checked.

    state: a path, None for the default; state_id: which state must lie there, None for any.
    always_exclude: names of lists whose people get nothing.
    """

    name: str
    zone: ZoneInfo
    state: str | None
    accounts: Mapping[str, Account]
    lists: Mapping[str, NamedList] = field(default_factory=dict)
    always_exclude: tuple[str, ...] = ()
    state_id: str | None = None
