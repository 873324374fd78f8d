"""Where an account's requests go, checked once: the gateway, the proxy, and who is trusted."""

from __future__ import annotations

import re
import ssl
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, unquote, urlsplit

import certifi

from runner.errors import WrongUsage
from runner.language import N_

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.model.account import Account, Credentials

_PORTS = {"http": 80, "https": 443}
_UNFIT = re.compile(r"[\s\x00-\x1f\x7f\\?#]")
_KEPT = "/%:@!$&'()*+,;=~"  # what a path may hold as it is, escapes among it (RFC 3986, 3.3)

_Fault = tuple["Callable[[SplitResult], bool]", str]

_HOSTLESS: _Fault = (
    lambda url: not _to_ascii(url.hostname),
    N_("the {setting} of account {account} names no host"),
)
_URL_FAULTS: tuple[_Fault, ...] = (
    (
        lambda url: url.scheme not in _PORTS,
        N_("the {setting} of account {account} is no http:// or https:// address"),
    ),
    _HOSTLESS,
    (
        lambda url: "@" in url.netloc,
        N_(
            "the {setting} of account {account} holds a user name, which the gateway takes as"
            " `account`"
        ),
    ),
)
_PROXY_FAULTS: tuple[_Fault, ...] = (
    (
        lambda url: url.scheme != "http",
        N_("the {setting} of account {account} is no http:// address"),
    ),
    _HOSTLESS,
    (lambda url: url.path not in ("", "/"), N_("the {setting} of account {account} has a path")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The way of every request of an account.

    url: the base address, without a slash at its end; proxy: an http:// address, or None.
    tls: the context that verifies the gateway, None for http.
    """

    url: str = field(repr=False)
    scheme: str
    host: str
    port: int
    proxy: str | None = field(repr=False)
    tls: ssl.SSLContext | None

    @property
    def peer(self) -> str:
        """Name the host and port that connections are opened to."""
        address = _name(*self.opened_to)
        return N_("the proxy {address}").format(address=address) if self.proxy else address

    @property
    def opened_to(self) -> tuple[str, int]:
        """Give the host and port that connections are opened to."""
        if self.proxy is None:
            return self.host, self.port
        proxy = urlsplit(self.proxy)
        return _to_ascii(proxy.hostname), proxy.port or _PORTS["http"]

    @property
    def tunnel(self) -> tuple[str, int] | None:
        """Give the host and port that a proxy is asked to connect to; None where it is not."""
        return (_bracket(self.host), self.port) if self.proxy and self.tls else None

    def target(self, path: str) -> str:
        """Write what a request asks for: a proxy that it is not tunnelled through needs it whole.

        Source: RFC 9112, 3.2.
        """
        within = quote(urlsplit(self.url).path, safe=_KEPT) + path
        return f"{self.scheme}://{self._authority}{within}" if self._is_told_all else within

    def headers(self) -> dict[str, str]:
        """Give the headers that belong to the way of a request; they may hold a password."""
        passed = self.proxy_headers() if self._is_told_all else {}
        return {"Host": self._authority, **passed}

    def proxy_headers(self) -> dict[str, str]:
        """Give what the proxy itself is told: the credentials of its address."""
        proxy = urlsplit(self.proxy or "")
        if proxy.username is None:
            return {}
        said = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        return {"Proxy-Authorization": f"Basic {b64encode(said.encode()).decode()}"}

    @property
    def _is_told_all(self) -> bool:
        return self.proxy is not None and self.tls is None

    @property
    def _authority(self) -> str:
        is_default = self.port == _PORTS[self.scheme]
        return _bracket(self.host) if is_default else _name(self.host, self.port)


def read_route(account: Account, credentials: Credentials) -> Route:
    """Check an account's `url`, `proxy` and `ca_file`; raises WrongUsage.

    No message holds the address itself: it may be a secret, and carry a password.
    """
    url = _split(credentials.url, _URL_FAULTS, setting="url", account=account)
    if account.proxy is not None:
        _split(account.proxy, _PROXY_FAULTS, setting="proxy", account=account)
    return Route(
        url=credentials.url.rstrip("/"),
        scheme=url.scheme,
        host=_to_ascii(url.hostname),
        port=url.port or _PORTS[url.scheme],
        proxy=account.proxy,
        tls=_trust(account, secure=url.scheme == "https"),
    )


def _split(text: str, faults: tuple[_Fault, ...], *, setting: str, account: Account) -> SplitResult:
    if fault := _find_fault(text, faults):
        raise WrongUsage(
            fault.format(setting=setting, account=account.name),
            hint=N_("write it like http://HOST:PORT"),
        )
    return urlsplit(text)


def _find_fault(text: str, faults: tuple[_Fault, ...]) -> str | None:
    if _UNFIT.search(text):
        return N_(
            "the {setting} of account {account} holds a ?, a #, a space or another character that"
            " none has"
        )
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        # Its words repeat a piece of the address, which may be a password: never chained.
        return N_("the {setting} of account {account} has a host or a port that is none")
    return next((words for is_faulty, words in faults if is_faulty(url)), None)


def _name(host: str, port: int) -> str:
    return f"{_bracket(host)}:{port}"


def _bracket(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _to_ascii(name: str | None) -> str:
    """Write a host's name as DNS knows it; empty where it is none."""
    try:
        return (name or "").encode("idna").decode()
    except UnicodeError:
        return ""


def _trust(account: Account, *, secure: bool) -> ssl.SSLContext | None:
    """Build the context that verifies the gateway: by `ca_file` alone, or by certifi.

    A `ca_file` is looked at for http too, which has no context.
    """
    authorities = account.ca_file or (certifi.where() if secure else None)
    if authorities is None:
        return None
    try:
        context = ssl.create_default_context(cafile=authorities)
    except ssl.SSLError as error:
        raise WrongUsage(
            N_("the ca_file of account {account} holds no certificate").format(
                account=account.name
            ),
            hint=N_("it must be a PEM file"),
        ) from error
    except (OSError, ValueError) as error:
        raise WrongUsage(
            N_("the ca_file of account {account} cannot be read: {file}").format(
                account=account.name, file=authorities
            )
        ) from error
    context.set_alpn_protocols(["http/1.1"])
    return context if secure else None
