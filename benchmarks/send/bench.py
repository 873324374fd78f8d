"""Send: the whole real path of a request, claim, POST, record, durable, beside wrk.

Measured from the first request's first byte to the last answer, as the gateway saw them, and CPU
time between these two moments: start-up and plan are other benchmarks.
"""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from benchmarks.measured import (
    Bench,
    Contender,
    Cost,
    Figure,
    Measurement,
    Missing,
    Orders,
    Ratio,
    Who,
)
from benchmarks.process import python, watching
from benchmarks.send.gateway import CGateway
from benchmarks.send.shop import PASSWORD, form_fields, write_workspace
from benchmarks.tools import compile_c, find_tool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_HERE = Path(__file__).parent
_QUICKER = 4  # how many times fewer requests where it is only tried
_SLOWER = 8  # how many times fewer requests the naive ones get: they would take minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """How it is sent. delay: milliseconds until the gateway answers; requests: in one run."""

    delay: float
    concurrency: int
    requests: int
    targets: tuple[Ratio | Cost, ...]

    @property
    def name(self) -> str:
        return f"send-{self.concurrency}" if self.delay else "send-at-once"

    @property
    def title(self) -> str:
        after = f"after {self.delay:g} ms" if self.delay else "at once"
        return f"send, {self.concurrency} in flight, gateway answers {after}"


_SETTINGS = (
    _Setting(
        delay=50,
        concurrency=16,
        requests=1000,
        targets=(Ratio(figure=Figure.RATE, against=Who.LIMIT, least=0.90), Cost(most=0.0012)),
    ),
    _Setting(
        delay=50,
        concurrency=64,
        requests=2000,
        targets=(Ratio(figure=Figure.RATE, against=Who.LIMIT, least=0.85), Cost(most=0.0010)),
    ),
    _Setting(
        delay=0,
        concurrency=1,
        requests=500,
        targets=(Ratio(figure=Figure.THRIFT, against=Who.NAIVE, least=5),),
    ),
)


def benches(orders: Orders) -> Iterator[Bench]:
    """Give what is measured; raises Missing where no gateway can be had."""
    gateway = compile_c(_HERE / "gateway.c", orders.folder / "gateway")
    fields = form_fields()
    (orders.folder / "fields.json").write_text(json.dumps(fields), "utf-8")
    (orders.folder / "body").write_text(urlencode(fields), "ascii")
    for setting in _SETTINGS:
        yield _make_bench(setting, _Field(orders=orders, gateway=gateway, setting=setting))


def _make_bench(setting: _Setting, field: _Field) -> Bench:
    several = setting.concurrency > 1
    contenders = [
        Contender(who=Who.OURS, what="mms-runner run", measure=field.measure_ours),
        Contender(
            who=Who.NAIVE,
            what=f"requests.post(data=dict), {setting.concurrency} threads"
            if several
            else "requests.post(data=dict), a loop",
            measure=field.measure_naive,
        ),
    ]
    skipped = []
    try:
        find_tool("wrk")
    except Missing as missing:
        skipped.append(str(missing))
    else:
        what = f"wrk, {setting.concurrency} connection{'s' if several else ''}"
        contenders.append(Contender(who=Who.LIMIT, what=what, measure=field.measure_wrk))
    return Bench(
        name=setting.name,
        title=setting.title,
        unit="request",
        contenders=tuple(contenders),
        targets=setting.targets,
        skipped=tuple(skipped),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """Where the contenders meet: each alone with a gateway of its own, and the same load."""

    orders: Orders
    gateway: Path
    setting: _Setting

    @property
    def _requests(self) -> int:
        return self.setting.requests // (_QUICKER if self.orders.quick else 1)

    def measure_ours(self) -> Measurement:
        shop = self.orders.folder / "shop"
        concurrency = self.setting.concurrency
        write_workspace(shop, requests=self._requests, concurrency=concurrency)
        state = {"XDG_STATE_HOME": str(shop / ".state"), "MMS_PASSWORD": PASSWORD}
        try:
            return self._measure(
                python("runner", "--quiet", "run", "news"),
                requests=self._requests,
                folder=shop,
                environment=state,
                ends=True,
            )
        finally:
            shutil.rmtree(shop)

    def measure_naive(self) -> Measurement:
        words = ["URL", str(self.orders.folder / "fields.json"), str(self.setting.concurrency)]
        return self._measure(
            python("benchmarks.send.naive", *words), requests=self._requests // _SLOWER
        )

    def measure_wrk(self) -> Measurement:
        script = str(_HERE / "post.lua")
        command = [find_tool("wrk"), "-t1", f"-c{self.setting.concurrency}", "-d300s"]
        return self._measure(
            [*command, "-s", script, "URL/sendmms.aspx"],
            requests=self._requests,
            environment={"MMS_BODY": str(self.orders.folder / "body")},
        )

    def _measure(
        self,
        command: Sequence[str],
        *,
        requests: int,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        ends: bool = False,
    ) -> Measurement:
        """Run a client. command: URL in it stands for the gateway's address.

        ends: it sends just so many requests and is to end well; another is stopped after them.
        """
        with ExitStack() as stack:
            gateway = stack.enter_context(
                CGateway(self.gateway, delay=self.setting.delay, requests=requests)
            )
            url = f"http://127.0.0.1:{gateway.port}"
            client = stack.enter_context(
                watching(
                    [word.replace("URL", url) for word in command],
                    folder=folder or self.orders.folder,
                    environment={"MMS_URL": url, **(environment or {})},
                )
            )
            gateway.wait_for_first(client)
            client.begin()
            seen = gateway.wait_for_last(client)
            cpu, peak = client.tell()
            if ends:
                client.finish()
        self._check_size(seen.bytes / requests)
        return Measurement(units=requests, seconds=seen.seconds, cpu=cpu, peak=peak)

    def _check_size(self, size: float) -> None:
        """Whoever sends less than the others must not win by it."""
        body = (self.orders.folder / "body").stat().st_size
        if abs(size - body) > body / 1000:
            raise RuntimeError(f"a request had {size:.0f} bytes, but should have {body}")
