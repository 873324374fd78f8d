"""What may not grow with the time that a daemon lives, as rules that can fail.

The first third of a life is its warm-up; the rules compare the middle third with the last.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import linear_regression, median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torture.soak.gauge import Sample

SHORTEST_LIFE = 60.0  # seconds: of a shorter one the warm-up is all there is
_MEMORY_GRAIN = 1536 << 10  # bytes: what an allocator may take and give back
_MEMORY_PER_REQUEST = 512  # bytes beside it
_MORE_DESCRIPTORS = 6  # connections and looks into the state come and go
_MORE_THREADS = 4
_LOG_RESTS_AT = 8 << 20  # bytes of the write-ahead log when nobody has read for long
_STATE_GRAIN = 2 << 20  # bytes: the log is taken into the file in pieces
_STATE_MORE = 1.5  # times as many bytes for a request as before


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """The samples of one daemon, in thirds of its life."""

    first: Sequence[Sample]
    middle: Sequence[Sample]
    last: Sequence[Sample]

    @property
    def seconds(self) -> float:
        """From the first sample to the last."""
        return self.last[-1].at - self.first[0].at

    @property
    def is_long_enough(self) -> bool:
        """Whether there is more to it than a warm-up."""
        return self.seconds >= SHORTEST_LIFE

    @property
    def slope(self) -> float:
        """Bytes of its own memory for each request more, by least squares, after the warm-up."""
        later = [*self.middle, *self.last]
        requests = [sample.requests for sample in later]
        if len(set(requests)) < 2:
            return 0.0
        return linear_regression(requests, [sample.private for sample in later]).slope


def find_longest_life(samples: Sequence[Sample]) -> Life:
    """Take the daemon that was measured most often."""
    [(pid, _)] = Counter(sample.pid for sample in samples).most_common(1)
    own = [sample for sample in samples if sample.pid == pid]
    third = max(1, len(own) // 3)
    return Life(
        first=own[:third], middle=own[third : 2 * third] or own, last=own[2 * third :] or own
    )


def find_growth(life: Life) -> list[str]:
    """Say what grew with a daemon's life, in words."""
    if not life.is_long_enough:
        return []
    return [
        *_find_memory(life),
        *_find_more(life, "descriptors", lambda sample: sample.descriptors, _MORE_DESCRIPTORS),
        *_find_more(life, "threads", lambda sample: sample.threads, _MORE_THREADS),
        *_find_log(life),
        *_find_state(life),
    ]


def _find_memory(life: Life) -> list[str]:
    middle, last = (median(each.private for each in third) for third in (life.middle, life.last))
    requests = median(each.requests for each in life.last) - median(
        each.requests for each in life.middle
    )
    allowed = _MEMORY_GRAIN + _MEMORY_PER_REQUEST * requests
    if last - middle <= allowed:
        return []
    grown, allowed = (last - middle) / 1024, allowed / 1024
    return [f"memory grew by {grown:.0f} KiB over {requests:.0f} requests, at most {allowed:.0f}"]


def _find_more(life: Life, what: str, read: Callable[[Sample], int], most_more: int) -> list[str]:
    middle, last = (max(map(read, third)) for third in (life.middle, life.last))
    return [f"{what} grew from {middle} to {last}"] if last > middle + most_more else []


def _find_log(life: Life) -> list[str]:
    least = min(sample.log for sample in life.last)
    return [f"the log never came below {least:,} bytes again"] if least > _LOG_RESTS_AT else []


def _find_state(life: Life) -> list[str]:
    """The state grows with the work, and not with the time or with what lies in it already."""
    (before, earlier), (now, later) = (_weigh(third) for third in (life.middle, life.last))
    if not earlier or now <= _STATE_GRAIN + _STATE_MORE * before / earlier * later:
        return []
    was, became = before / earlier, now / max(later, 1)
    return [f"a request took {was:,.0f} bytes of the state, and {became:,.0f} later"]


def _weigh(third: Sequence[Sample]) -> tuple[int, int]:
    """Give by how many bytes the state grew in a third, and by how many requests."""
    first, last = third[0], third[-1]
    return last.database - first.database, last.requests - first.requests
