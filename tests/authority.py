"""Certificates for TLS peers on loopback: one that is right, and those that are wrong."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from pathlib import Path

_HERE = "127.0.0.1"
_2020, _2021 = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
_2090, _2091 = datetime(2090, 1, 1, tzinfo=UTC), datetime(2091, 1, 1, tzinfo=UTC)


class Authority:
    """An authority of our own, and what peers show in its name or without it.

    folder: takes `ca_file`, which vouches for it, and `stranger_file`, which does for another.
    contexts: for servers, by what they show.
    """

    def __init__(self, folder: Path) -> None:
        own, stranger = trustme.CA(), trustme.CA()
        self.ca_file, self.stranger_file = str(folder / "ca.pem"), str(folder / "stranger.pem")
        own.cert_pem.write_to_path(self.ca_file)
        stranger.cert_pem.write_to_path(self.stranger_file)
        self._right = own.issue_cert(_HERE)
        shown = {
            "right": self._right,
            "of another host": own.issue_cert("elsewhere.example.cn"),
            "expired": own.issue_cert(_HERE, not_before=_2020, not_after=_2021),
            "not yet valid": own.issue_cert(_HERE, not_before=_2090, not_after=_2091),
            "of an unknown authority": stranger.issue_cert(_HERE),
        }
        self.contexts = {name: _show(certificate) for name, certificate in shown.items()}
        self.contexts["self-signed"] = _show_itself(stranger)

    def make_context(self, version: ssl.TLSVersion) -> ssl.SSLContext:
        """Make a server's context that shows the right certificate and speaks one version."""
        context = _show(self._right)
        context.minimum_version = context.maximum_version = version
        return context


def _show(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def _show_itself(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with authority.private_key_pem.tempfile() as key, authority.cert_pem.tempfile() as certificate:
        context.load_cert_chain(certificate, key)
    return context
