"""What may be drawn: a zone near a day on which its clock is odd, campaigns, and what happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from runner.timing import WrongTime, parse_moment

# Past the real time, which the views of the state ask for to tell who is overdue.
ODD_DAYS = {
    "Europe/Berlin": ("2035-03-25T00:30", "2035-10-28T00:30"),
    "America/New_York": ("2035-03-11T06:30", "2035-11-04T05:30"),
    "Australia/Lord_Howe": ("2035-04-01T14:30", "2035-10-06T15:15"),  # by half an hour
    "Asia/Shanghai": ("2035-12-31T15:30", "2036-02-28T15:30", "2036-02-29T15:30"),
}
MINUTE = timedelta(minutes=1)


class Happening(Enum):
    """What happens to a machine, or to its clock."""

    CLOCK_SET_RIGHT = "the clock is set right"
    TIME_PASSES = "time passes, at work"
    ASLEEP = "the machine sleeps, or the process stands still"
    CLOCK_MOVED = "the clock is set, forward or back"
    DOWN = "the program is down for so long"
    REFUSED = "the gateway wants the next request later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A campaign to be: its start in minutes from the odd moment, and what its file says."""

    start: int
    latest: int
    until: int | None
    hours: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A zone, its odd moment, campaigns and what happens, with minutes. skew: as an account has."""

    zone: ZoneInfo
    odd: datetime
    drafts: tuple[Draft, ...]
    happenings: tuple[tuple[Happening, int], ...]
    skew: timedelta | None


_BERLIN = ZoneInfo("Europe/Berlin")
_ODD = datetime.fromisoformat(ODD_DAYS["Europe/Berlin"][0]).replace(tzinfo=UTC)

# What begins by a clock that is ahead is held; who first sees it set back does not send it early.
AHEAD = Story(
    zone=_BERLIN,
    odd=_ODD,
    drafts=(Draft(start=120, latest=60, until=None, hours=None),),
    happenings=((Happening.CLOCK_MOVED, 180), (Happening.CLOCK_SET_RIGHT, 0)),
    skew=15 * MINUTE,
)


def _odd_moments() -> st.SearchStrategy[tuple[ZoneInfo, datetime]]:
    return st.sampled_from(
        [
            (ZoneInfo(zone), datetime.fromisoformat(moment).replace(tzinfo=UTC))
            for zone, moments in ODD_DAYS.items()
            for moment in moments
        ]
    )


_DRAFTS = st.builds(
    Draft,
    start=st.integers(-120, 600),
    latest=st.sampled_from([0, 10, 60, 600]),
    until=st.none() | st.sampled_from([30, 240]),
    hours=st.none() | st.sampled_from(["00:30-02:15", "08:00-21:00", "22:00-03:00"]),
)

_STEPS = st.sampled_from([1, 5, 14, 16, 30, 61, 180, 600, 1440, 525_600])
_HAPPENINGS = st.one_of(
    st.tuples(st.just(Happening.TIME_PASSES), st.sampled_from([1, 9, 30, 61, 180])),
    st.tuples(st.just(Happening.CLOCK_MOVED), _STEPS | _STEPS.map(lambda minutes: -minutes)),
    st.tuples(
        st.sampled_from([Happening.DOWN, Happening.ASLEEP]), st.sampled_from([1, 30, 180, 600])
    ),
    st.tuples(st.sampled_from([Happening.CLOCK_SET_RIGHT, Happening.REFUSED]), st.just(0)),
)


@st.composite
def stories(draw: st.DrawFn, *, longest: int = 12) -> Story:
    """Draw what happens around an odd moment."""
    zone, odd = draw(_odd_moments())
    return Story(
        zone=zone,
        odd=odd,
        drafts=tuple(draw(st.lists(_DRAFTS, min_size=1, max_size=3))),
        happenings=tuple(draw(st.lists(_HAPPENINGS, max_size=longest))),
        skew=draw(st.sampled_from([None, 15 * MINUTE])),
    )


def write_and_read(moment: datetime, zone: ZoneInfo) -> datetime:
    """Write a moment as an author would, and read it as the program does.

    What a zone's clock shows twice is refused, and is then written with its offset.
    """
    wall = moment.astimezone(zone)
    try:
        read = parse_moment(f"{wall:%F %T}", zone)
    except WrongTime as error:
        assert "shows this time twice" in str(error)
        assert wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()
        return parse_moment(wall.isoformat(sep=" "), zone)
    assert read == moment
    return read
