"""Every exception of every library below the client, raised at every call into one of them."""

from __future__ import annotations

from functools import partial

import pytest
from authority import Authority
from hostile.errors import find_errors
from hostile.walk import CALLS, LANDMARKS, WAYS, draw_sample, walk
from torture.proof import chance
from torture.simulation.folders import quick_folder

# What a library was doing when it failed is left behind for the collector of garbage.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """What came of a sample: each exception once in each call of the client, on one of the ways."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    result = {}
    for part, (name, way) in enumerate(WAYS.items()):
        for call in CALLS:
            luck = chance(1, name, call)
            draw = partial(draw_sample, luck=luck, part=part, parts=len(WAYS))
            with quick_folder() as folder:
                result[name, call] = walk(way, call, draw, authority=authority, folder=folder)
    return result


@pytest.mark.parametrize("name", find_errors())
def test_every_exception_can_be_built(name):
    """One that cannot wants a line in `hostile/errors.py`."""
    assert isinstance(find_errors()[name](), Exception)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("way", WAYS)
def test_no_exception_escapes_and_the_moment_alone_decides(walked, way, call):
    trip = walked[way, call]
    assert trip.broken == []
    assert trip.raised > len(find_errors()) / len(WAYS) * 0.9  # a library may cope before


def test_the_walk_comes_past_every_moment(walked):
    places = {place for trip in walked.values() for place in trip.places}
    missed = [mark for mark in LANDMARKS if not any(place.endswith(mark) for place in places)]
    assert missed == []
