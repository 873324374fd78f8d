"""`mms-runner sandbox`: a local gateway for rehearsals."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.signals import catching_signals
from runner.language import _, translate
from runner.sandbox import Sandbox, SandboxSettings, parse_fault

if TYPE_CHECKING:
    from runner.cli.session import Session
    from runner.sandbox import Fault

_LOOK_UP = 3600.0  # seconds; a signal comes at once all the same


def read_fault(text: str) -> Fault:
    """Read a fault in the sandbox's own little language."""
    try:
        return parse_fault(text)
    except ValueError as error:
        raise click.BadParameter(translate(str(error))) from error


def read_seconds(text: str | float) -> float:
    """Read a time that is worth waiting for."""
    return _read_number(text, most=86_400.0)  # a day


def read_share(text: str | float) -> float:
    """Read a part of a whole."""
    return _read_number(text, most=1.0)


def _read_number(text: str | float, *, most: float) -> float:
    with suppress(ValueError):
        number = float(text)
        if 0 <= number <= most:
            return number
    told = _("it must be a number from 0 to {most}")
    raise click.BadParameter(told.format(most=f"{most:g}"))


@click.command(
    epilog="Faults: CALL:WHICH=EFFECT[xTIMES], such as send:2=timeout-after, send:*=7x3,"
    " send:10%=reset-after, report:1=cut, balance:*=http-500. The README lists the effects."
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Where to listen; 0.0.0.0 lets other machines in.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8888, show_default=True)
@click.option("--userid", default="12", show_default=True)
@click.option("--account", default="sandbox", show_default=True)
@click.option("--password", default="sandbox", show_default=True)
@click.option(
    "--balance", type=click.IntRange(min=0), default=1_000_000, show_default=True, help="In people."
)
@click.option(
    "--report-delay", type=read_seconds, metavar="SECONDS", default=1.0, show_default=True
)
@click.option(
    "--report-jitter", type=read_seconds, metavar="SECONDS", default=0.0, show_default=True
)
@click.option(
    "--failed-share",
    type=read_share,
    metavar="SHARE",
    default=0.0,
    show_default=True,
    help="The share of recipients that cannot be reached.",
)
@click.option("--latency", type=read_seconds, metavar="SECONDS", default=0.0, show_default=True)
@click.option("--seed", type=int, help="The same luck every time.")
@click.option(
    "--keep",
    metavar="DIRECTORY",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder for what arrives, to be looked at in a browser.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    type=read_fault,
    metavar="FAULT",
    help="What shall go wrong; may be given several times.",
)
@click.pass_obj
def command(session: Session, /, host: str, port: int, **options: object) -> Exit:
    """Run a local gateway that speaks the protocol and sends nothing to anybody.

    Point an account's `url` at it. It runs until Ctrl-C.
    """
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.WARNING if session.quiet else logging.INFO,
        format="%(asctime)s %(message)s",
    )
    settings = SandboxSettings(**options)  # type: ignore[arg-type] # click has checked each
    with catching_signals() as interruption, Sandbox(settings, host=host, port=port) as sandbox:
        listens = _("the sandbox listens at {url}; look there with a browser, too")
        session.say(listens.format(url=sandbox.url))
        told = _("userid {userid}, account {account}; Ctrl-C ends it")
        session.say(told.format(userid=settings.userid, account=settings.account))
        while not interruption.asked:
            interruption.sleep(_LOOK_UP)
    return Exit.INTERRUPTED
