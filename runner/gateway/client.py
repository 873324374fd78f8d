"""One account's line to its gateway: three questions, each answered with a value.

It knows nothing of batches and repeats nothing. A send says what can be known after a POST
(gateway protocol); a query, which changes nothing but hands reports out once, may fail freely.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from runner.codec.answers import decode_balance, decode_receipt
from runner.codec.redaction import Redaction, name_secrets
from runner.codec.requests import balance_body, query_body
from runner.errors import UnreadableAnswer
from runner.gateway.answer import inflate_unnamed, read_body, salvage
from runner.gateway.clock import GatewayClock
from runner.gateway.connection import Connections
from runner.gateway.exchange import Exchange, start_exchange
from runner.gateway.failure import explain
from runner.gateway.route import read_route
from runner.language import N_
from runner.model.outcome import NoAnswer, NotSent, NotTaken, RawAnswer, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse

    from runner.model.account import Account, Credentials
    from runner.model.outcome import BalanceAnswer, GatewayTime, Outcome

ANSWER_CAP = 64 << 10
REPORTS_CAP = 64 << 20
IDLE_LIMIT = 3.0

_NOT_TAKEN = frozenset({400, 401, 403, 404, 405, 413, 415})
_HEADERS = {
    "User-Agent": "mms-campaign-runner",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Content-Type": "application/x-www-form-urlencoded",
}


class Gateway:
    """One account's line to its gateway, used by many threads at once.

    idle_limit: seconds after which a resting connection is opened anew instead of used.
    reports_cap: bytes that a page of reports may have; what is beyond is cut off.
    Raises WrongUsage for a `url`, `proxy` or `ca_file` that cannot be one.
    """

    def __init__(
        self,
        account: Account,
        credentials: Credentials,
        *,
        idle_limit: float = IDLE_LIMIT,
        reports_cap: int = REPORTS_CAP,
    ) -> None:
        self._route = read_route(account, credentials)
        self._timeout = account.timeout
        self._reports_cap = reports_cap
        self._credentials = credentials
        self._connections = Connections(self._route, _HEADERS, idle_limit=idle_limit)
        self._submission = self._route.target("/sendmms.aspx")
        self._polling = self._route.target("/mmsStatusApi.aspx")
        self._balance_body = balance_body(credentials)
        self._redaction = Redaction(name_secrets(account, credentials))
        self._clock = GatewayClock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, body: bytes) -> Outcome:
        """Submit a batch; body: the whole form, ready.

        Source: gateway protocol, "What can be known after a POST".
        """
        exchange = start_exchange(self._timeout)
        try:
            with self._post(exchange, self._submission, body) as raw:
                return _judge(raw, exchange)
        except Exception as error:  # noqa: BLE001 - exception classes never decide, `begun` does
            why = self._explain(error, exchange)
            return Unknown(why=why) if exchange.begun else NotSent(why=why)

    def balance(self) -> BalanceAnswer:
        """Ask what is left."""
        exchange = start_exchange(self._timeout)
        try:
            with self._post(exchange, self._submission, self._balance_body) as raw:
                if raw.status != HTTPStatus.OK:
                    return NoAnswer(why=_name_status(raw.status))
                return _read_balance(
                    self._redaction.clean(read_body(raw, exchange.wire, ANSWER_CAP))
                )
        except Exception as error:  # noqa: BLE001 - whatever it was, there is no answer
            return NoAnswer(why=self._explain(error, exchange))

    def reports(self, page: int) -> RawAnswer | NoAnswer:
        """Fetch up to `page` delivery reports as raw bytes; the gateway hands each out only once.

        An answer that breaks off comes back as far as it was received; NoAnswer means that not one
        byte of a body was, or that nothing but an HTTP status was said. The bytes are as they came,
        but for secrets of the account that were repeated in them: what is kept holds none.
        """
        answer = self._fetch(page)
        if isinstance(answer, NoAnswer):
            return answer
        body = inflate_unnamed(answer.body, self._reports_cap)
        return replace(answer, body=self._redaction.clean(body, is_cut=not answer.complete))

    def tell_time(self) -> GatewayTime | None:
        """Tell what the gateway's clock shows, by its newest answer; None before the first."""
        return self._clock.tell()

    def close(self) -> None:
        """Close the connections that rest."""
        self._connections.close()

    def _fetch(self, page: int) -> RawAnswer | NoAnswer:
        exchange = start_exchange(self._timeout)
        body = query_body(self._credentials, page)
        try:
            with self._post(exchange, self._polling, body) as raw:
                return _keep_page(raw, exchange, self._reports_cap)
        except Exception as error:  # noqa: BLE001 - whatever it was, what came is kept
            why = self._explain(error, exchange)
            cut = salvage(bytes(exchange.wire), self._reports_cap, why=why)
            return cut or NoAnswer(why=why, begun=exchange.begun)

    @contextmanager
    def _post(self, exchange: Exchange, target: str, body: bytes) -> Iterator[HTTPResponse]:
        """Post and give the answer with its body unread."""
        with self._connections.post(exchange, target, body) as raw:
            self._clock.note(raw.headers.get("date"))
            yield raw

    def _explain(self, error: Exception, exchange: Exchange) -> str:
        return explain(error, self._route, self._timeout, begun=exchange.begun)


def _judge(raw: HTTPResponse, exchange: Exchange) -> Outcome:
    if raw.status in _NOT_TAKEN:
        return NotTaken(status=raw.status)
    if raw.status != HTTPStatus.OK:
        return Unknown(why=_name_status(raw.status), redirected=raw.status // 100 == 3)
    body = read_body(raw, exchange.wire, ANSWER_CAP)
    try:
        return decode_receipt(body)
    except UnreadableAnswer as error:
        return Unknown(
            why=N_("HTTP 200, but the body is no answer: {error}").format(error=str(error))
        )


def _read_balance(body: bytes) -> BalanceAnswer:
    try:
        return decode_balance(body)
    except UnreadableAnswer:
        return NoAnswer(why=N_("HTTP 200, but the body is no answer"))


def _keep_page(raw: HTTPResponse, exchange: Exchange, cap: int) -> RawAnswer | NoAnswer:
    """Keep a page of any status: a gateway that answers 500 may have handed its reports out."""
    body = read_body(raw, exchange.wire, cap)
    if raw.status == HTTPStatus.OK:
        return RawAnswer(status=raw.status, body=body)
    why = _name_status(raw.status)
    if not body.strip():
        return NoAnswer(why=why, begun=True)
    return RawAnswer(status=raw.status, body=body, why=why)


def _name_status(status: int) -> str:
    """Name a status in the standard's words: the peer's own phrase may hold anything."""
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"
