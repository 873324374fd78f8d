"""The page of the documentation that is made of the table of cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hostile.cases import End, Next
from hostile.queries import ASKINGS, POLLINGS
from hostile.submissions import SENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hostile.cases import Kept, Polling, Sending

PAGE = Path(__file__).parents[2] / "docs" / "hostile-gateway.md"

_HEAD = """\
# The hostile gateway

What a gateway can do wrong, and how each of it ends: {sendings} submissions, {askings} balance \
queries and {pollings} polls for reports. `make docs` writes this page from the tables in \
`tests/hostile`; `tests/test_hostile_gateway.py` plays every case with a real state, the \
real pump and collector, and a peer on loopback that does what is said here, and compares what the \
state says afterwards. What each state means for you stands in [operating](operating.md), what is \
promised in [reliability](reliability.md).

Every exchange ends by itself: where nothing else ends it, by the account's `timeout` (marked ⏱). \
No request is heard twice.

## How a submission ends
The first of a campaign's two batches is submitted. Then the gateway is well: the last column is \
what it hears until nothing is left to do.

"""

_ENDS = {
    End.NOT_SENT: "not sent",
    End.ACCEPTED: "accepted",
    End.IN_DOUBT: "in doubt",
    End.IN_DOUBT_HALTED: "in doubt, halted",
    End.REJECTED: "rejected, halted",
    End.SUSPENDED: "suspended",
    End.LOW_BALANCE: "low balance",
    End.RETRIED: "retried",
}

_NEXT = {
    Next.GOES_ON: "the next batch goes out",
    Next.ASKS_AGAIN: "nothing goes out; it is asked again",
    Next.STOPS: "the account is suspended",
}

_BALANCE = """\
## Balance queries
A batch is in doubt, so the account claims nothing before a balance query succeeds.

"""

_REPORTS = """\
## Delivery reports
Four reports are waiting. An answer that holds anything is in the journal as it came before it is \
read.

"""


def write_page() -> str:
    """Write the page."""
    sections = [
        _HEAD.format(
            sendings=sum(map(len, SENDINGS.values())), askings=len(ASKINGS), pollings=len(POLLINGS)
        )
        + _write_ends(),
        *(_write_sendings(title, cases) for title, cases in SENDINGS.items()),
        _BALANCE + _write_askings(),
        _REPORTS + _write_pollings(),
    ]
    return "\n".join(sections)


def _write_ends() -> str:
    rows = (
        (
            _ENDS[end],
            f"`{end.value.batch}`",
            f"`{end.value.campaign}`",
            f"`{end.value.account}`",
            ", then ".join(end.value.then) or "nothing",
        )
        for end in End
    )
    head = ("end", "the batch", "its campaign", "its account", "the gateway then hears")
    return _write_table(head, rows)


def _write_sendings(title: str, cases: Sequence[Sending]) -> str:
    rows = (
        (_describe(case.does, hangs=case.hangs), f"{case.heard}", _ENDS[case.end]) for case in cases
    )
    head = ("the gateway …", "requests heard", "end")
    return f"### {title}\n\n{_write_table(head, rows)}"


def _write_askings() -> str:
    rows = ((_describe(case.does, hangs=case.hangs), _NEXT[case.end]) for case in ASKINGS)
    return _write_table(("the gateway …", "end"), rows)


def _write_pollings() -> str:
    head = ("the gateway …", "reports applied", "in quarantine", "the answer", "the next query")
    return _write_table(head, map(_describe_polling, POLLINGS))


def _describe_polling(case: Polling) -> tuple[str, ...]:
    kept = case.end
    return (
        _describe(case.does, hangs=case.hangs),
        f"{kept.applied}",
        f"{kept.unread}",
        "is kept" if kept.kept else "held nothing",
        _describe_next(kept),
    )


def _describe_next(kept: Kept) -> str:
    if not kept.goes_on:
        return "is not asked: a person is needed"
    return "asks for half as many" if kept.halved else "asks for as many"


def _describe(does: str, *, hangs: bool) -> str:
    return f"{does} ⏱" if hangs else does


def _write_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
