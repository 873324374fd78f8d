"""What `plain_schema` says is held to jsonschema, whose words nobody hears of a sound file."""

import copy
from functools import partial

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from test_schema import AS_WRITTEN, CAMPAIGN, SETTINGS, schema

from runner.workspace.plain_schema import compile_schema
from runner.workspace.schema import _validator
from runner.workspace.strict_yaml import read_yaml

SOUND = {"campaign": CAMPAIGN, "settings": SETTINGS}
# of every type, on both sides of every limit, and each word that a choice or a pattern asks for
VALUES = (
    *(None, True, False, 0, 1, 2, 255, 256, -1, 2000, 2001, 10**9, 10**9 + 1, 0.0, 0.5, 1.0, 3.0),
    *("", " ", " x", "x", "x\n", "a\x00b", "1h", "0s", "08:00-21:00", "1-2", "now", "paused"),
    *("skip", "doubt", "5000/min", "013", "http://a", [], ["x"], [1], [None], [[]], {}),
    *({"text": "x"}, {"text": "x", "image": "y"}, {"env": "A"}, {"env": "A", "file": "b"}),
)
NAMES = ("x", "text", "parts", "start", "numbers", "lists", "env", "path", "")


def sound(name):
    document = read_yaml(SOUND[name].encode(), file="x.yaml", as_written=AS_WRITTEN[name])
    return document.data


def places(value, path=()):
    """Give the path of everything in a value, itself included."""
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def disagreements(name, values):
    """Give the values of which the two say different things."""
    is_sound, judge = compile_schema(schema(name)), _validator(name)
    return [value for value in values if is_sound(value) != judge.is_valid(value)]


def changes_at(whole, path):
    """Give the value with one place replaced, left out, or with more in it, to be called."""
    for value in VALUES:
        yield partial(replaced, whole, path, value)
    for name in NAMES if isinstance(at(whole, path), dict) else ():
        yield partial(replaced, whole, (*path, name), "x")
    if path:
        yield partial(left_out, whole, path)


def replaced(whole, path, value):
    if not path:
        return value
    changed = copy.deepcopy(whole)
    at(changed, path[:-1])[path[-1]] = value
    return changed


def left_out(whole, path):
    changed = copy.deepcopy(whole)
    del at(changed, path[:-1])[path[-1]]
    return changed


@pytest.mark.parametrize("name", SOUND)
def test_whatever_one_changes_in_a_sound_file_it_says_what_jsonschema_says(name):
    whole = sound(name)
    changes = (change() for path in places(whole) for change in changes_at(whole, path))
    assert compile_schema(schema(name))(whole)
    assert disagreements(name, changes) == []


@pytest.mark.parametrize("name", SOUND)
@hypothesis_settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_whatever_one_changes_in_several_places_it_says_what_jsonschema_says(name, data):
    whole = sound(name)
    for _ in range(data.draw(st.integers(2, 4))):
        path = data.draw(st.sampled_from(list(places(whole))))
        whole = data.draw(st.sampled_from(list(changes_at(whole, path))))()
    assert disagreements(name, [whole]) == []


@pytest.mark.parametrize("name", SOUND)
def test_a_keyword_that_it_does_not_know_is_refused_and_not_passed_over(name):
    with pytest.raises(KeyError, match="patternProperties"):
        compile_schema({**schema(name), "patternProperties": {}})


def test_what_follows_from_a_condition_follows_only_where_it_holds():
    is_sound = compile_schema(schema("campaign"))
    drafts = [{**sound("campaign"), "starts_at_gateway": told} for told in (False, True)]
    for draft in drafts:
        del draft["start"]
    assert [is_sound(draft) for draft in drafts] == [True, False]
