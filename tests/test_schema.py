import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from runner.workspace.schema import check
from runner.workspace.strict_yaml import read_yaml

CAMPAIGN = """\
title: 中秋快乐
account: main
start: 2035-09-16 09:00
frames:
  - duration: 3
    text: 【某商场】中秋快乐
    image: media/moon.jpg
  - duration: 5
    parts:
      - image: media/map.gif
      - text: 地址：……
recipients:
  numbers: ["13800138000", 13800138001, 0123]
  files: [lists/members.csv]
  lists: [members]
  exclude: [lists/staff.csv]
  invalid: skip
  column: 联系电话
expect: {recipients: 19000-21000}
starts_at_gateway: true
latest: 1h30m
until: 2035-09-16 21:00
hours: 21:00-08:00
state: paused
again: mid-autumn
"""

SETTINGS = """\
name: shop
timezone: Asia/Shanghai
state: /var/lib/mms-runner/state.db
accounts:
  main:
    url: http://mms.example.cn:8888
    userid: 012
    account: {env: MMS_ACCOUNT}
    password: {credential: mms}
    batch_size: 2000
    concurrency: 4
    rate: null
    pace: null
    message_limit: 102400
    timeout: {connect: 5s, total: 60}
    retry: {tries: 5, first: 2s, most: 60s}
    reports: {collect: true, every: 60s, page: 4000, deadline: 72h}
    hours: null
    limits: {recipients: null}
    proxy: null
    ca_file: null
    extno: null
    on_code_8: doubt
    exclusive: false
    clock_skew: 15m
lists:
  members: {file: /srv/mms/members.csv, max_age: 3d, min_rows: 1000}
always_exclude: [optout]
"""

AS_WRITTEN = {
    "campaign": [
        ("recipients", "numbers", "*"),
        ("account",),
        ("again",),
        ("again", "*"),
        ("start",),
        ("until",),
    ],
    "settings": [("accounts", "*", "userid"), ("accounts", "*", "account")],
}


def faults(text, schema="campaign"):
    document = read_yaml(text.encode(), file="x.yaml", as_written=AS_WRITTEN[schema])
    return check(document, schema)


def told(text, schema="campaign"):
    return [
        f"{f.rule} {f.span.line}:{f.span.column}-{f.span.end_column}" for f in faults(text, schema)
    ]


def only(text, schema="campaign"):
    [fault] = faults(text, schema)
    return fault


def changed(old, new, text=CAMPAIGN):
    assert old in text
    return text.replace(old, new, 1)


def test_a_campaign_with_every_field_is_sound():
    assert faults(CAMPAIGN) == ()


def test_settings_with_every_default_are_sound():
    assert faults(SETTINGS, "settings") == ()


def test_settings_may_leave_everything_out():
    assert faults("name: shop", "settings") == ()


def test_an_unknown_field_is_told_at_its_key_with_the_one_that_was_meant():
    fault = only(changed("    text: 【", "    txt: 【"))
    assert fault.message == "unknown field `txt`, did you mean `text`?"
    assert (fault.rule, fault.span.line, fault.span.column, fault.span.end_column) == (
        "unknown-field",
        6,
        5,
        8,
    )
    assert fault.excerpt == "    txt: 【某商场】中秋快乐"


def test_an_unknown_field_like_no_other_lists_the_fields_there_are():
    fault = only(changed("recipients:\n", "recipients:\n  标题: x\n"))
    assert fault.message == "unknown field `标题`"
    assert "numbers, files, lists, exclude" in fault.hint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title", "Title"),
        ("recipients:\n", "recipient:\n"),
        ("- duration: 3", "- durations: 3"),
        ("      - text", "      - txt"),
        ("{recipients: 19", "{recipent: 19"),
    ],
)
def test_a_misspelt_field_is_one_fault_and_not_also_a_missing_one(old, new):
    assert only(changed(old, new)).rule == "unknown-field"


def test_a_frame_whose_only_part_is_misspelt_has_one_fault():
    assert only(
        changed("    image: media/moon.jpg\n", "").replace("    text: 【", "    txt: 【")
    ).rule == ("unknown-field")


def test_an_unknown_field_is_shown_without_the_number_in_it():
    fault = only(f"{CAMPAIGN}'13800138000': x\n")
    assert "13800138000" not in f"{fault.message}{fault.hint}{fault.excerpt}"


def test_missing_fields_are_told_at_the_first_line_of_their_mapping():
    assert told("# x\n\naccount: main\n") == [
        "missing-field 3:1-14",
        "missing-field 3:1-14",
        "missing-field 3:1-14",
    ]
    fault = only(changed("- duration: 5\n    parts", "- parts"))
    assert fault.message == "`duration` is missing"
    assert (fault.span.line, fault.span.end_line) == (8, 8)


@pytest.mark.parametrize(
    ("old", "new", "rule", "words"),
    [
        (
            "duration: 3",
            "duration: 3.0",
            "wrong-type",
            "`duration` must be a whole number, but this is a number with",
        ),
        ("duration: 3", "duration: true", "wrong-type", "but this is true or false"),
        ("duration: 3", "duration: '3'", "wrong-type", "must be a whole number, but this is text"),
        ("duration: 3", "duration:", "no-value", "`duration` has no value"),
        ("duration: 3", "duration: 0", "out-of-range", "`duration` must be from 1 to 255"),
        ("duration: 3", "duration: 256", "out-of-range", "`duration` must be from 1 to 255"),
        ("title: 中秋快乐", "title: 12", "wrong-type", "must be text"),
        ("title: 中秋快乐", "title: ' '", "wrong-form", "`title`"),
        ("title: 中秋快乐", 'title: "a\\nb"', "wrong-form", "`title`"),
        ("title: 中秋快乐", "title: |\n  a", "wrong-form", "`title`"),
        ("files: [lists/members.csv]", "files: lists/members.csv", "wrong-type", "must be a list"),
        ("files: [lists/members.csv]", "files: [[a]]", "wrong-type", "item 1 of `files`"),
        ("files: [lists/members.csv]", "files: [{sheet: a}]", "missing-field", "`path` is missing"),
        ("numbers: [", "numbers: [null, ", "no-value", "item 1 of `numbers` has no value"),
        ("numbers: [", "numbers: [true, ", "wrong-type", "item 1 of `numbers`"),
        ("invalid: skip", "invalid: skipp", "not-allowed-value", "did you mean `skip`?"),
        ("state: paused", "state: on hold", "not-allowed-value", "`state` cannot have this value"),
        ("state: paused", "state:", "no-value", "`state` has no value"),
        ("19000-21000", "many", "wrong-form", "`recipients`"),
        ("19000-21000", "-1", "out-of-range", "`recipients`"),
        ("latest: 1h30m", "latest: 1x", "wrong-form", "`latest`"),
        ("latest: 1h30m", "latest: -1", "out-of-range", "at least 0"),
        ("hours: 21:00-08:00", "hours: 21-8", "wrong-form", "`hours`"),
        ("    parts:\n", "    parts: []\n    part:\n", "too-few", "`parts` needs at least 1 item"),
        ("    parts:", "    text: x\n    parts:", "conflicting-fields", "either `parts`"),
        (
            "      - text: 地址：……",
            "      - {text: a, image: b}",
            "too-many-fields",
            "one `text` or one",
        ),
        ("      - text: 地址：……", "      - {}", "missing-field", "one `text` or one"),
        ("again: mid-autumn", "again: {id: x}", "wrong-type", "must be text or a whole number or"),
        ("again: mid-autumn", "again: [a, '']", "wrong-form", "item 2 of `again`"),
        ("again: mid-autumn", "again: []", "too-few", "`again` needs at least 1 item"),
        ("again: mid-autumn", "again:", "no-value", "`again` has no value"),
        ("starts_at_gateway: true", "starts_at_gateway: 1", "wrong-type", "must be true or false"),
        ("start: 2035-09-16 09:00\n", "", "missing-field", "with `starts_at_gateway` the gateway"),
    ],
)
def test_a_fault_of_a_campaign_is_told_in_our_words(old, new, rule, words):
    found = [fault for fault in faults(changed(old, new)) if fault.rule != "unknown-field"]
    assert [fault.rule for fault in found] == [rule]
    assert words in found[0].message


@pytest.mark.parametrize(
    ("old", "new", "rule", "words"),
    [
        ("{credential: mms}", "hunter2", "literal-password", "kept in git"),
        ("{credential: mms}", "123", "literal-password", "kept in git"),
        ("{credential: mms}", "", "no-value", "`password` has no value"),
        ("{credential: mms}", "{}", "missing-field", "exactly one"),
        ("{credential: mms}", "{env: A, file: B}", "too-many-fields", "exactly one"),
        ("{credential: mms}", "{evn: A}", "unknown-field", "did you mean `env`?"),
        ("http://mms", "http://user:secret@mms", "wrong-form", "`url`"),
        ("http://mms", "mms", "wrong-form", "`url`"),
        ("{env: MMS_ACCOUNT}", "[a]", "wrong-type", "write the value itself"),
        ("batch_size: 2000", "batch_size: 2001", "out-of-range", "from 1 to 2000"),
        ("rate: null", "rate: 0", "out-of-range", "more than 0"),
        ("rate: null", "rate: fast", "wrong-type", "must be a number"),
        ("concurrency: 4", "concurrency: null", "no-value", "`concurrency`"),
        ("pace: null", "pace: 5000/s", "wrong-form", "`pace`"),
        ("connect: 5s", "connect: 0s", "wrong-form", "`connect`"),
        ("page: 4000", "page: 10001", "out-of-range", "from 1 to 10000"),
        ("on_code_8: doubt", "on_code_8: doubtful", "not-allowed-value", "did you mean `doubt`?"),
        ("extno: null", "extno: a1", "wrong-form", "`extno`"),
        ("{file: /srv/mms/members.csv, max", "{max", "missing-field", "`file` is missing"),
        ("name: shop", "name: ../x", "wrong-form", "`name`"),
    ],
)
def test_a_fault_of_the_settings_is_told_in_our_words(old, new, rule, words):
    fault = only(changed(old, new, SETTINGS), "settings")
    assert fault.rule == rule
    assert words in fault.message


@pytest.mark.parametrize(
    "written", ["hunter2", "{hunter2}", "{hunter2: x}", "[hunter2]", "'hunter2'"]
)
def test_a_password_in_the_file_stands_in_no_message(written):
    found = faults(changed("{credential: mms}", written, SETTINGS), "settings")
    assert found
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize(
    "latest", ["90s", "30m", "1h30m", "72h", "3d", "0", "0s", "'90'", "1d1h1m1s"]
)
def test_durations_are_whole_numbers_with_units_or_seconds(latest):
    assert faults(changed("1h30m", latest)) == ()


@pytest.mark.parametrize("latest", ["1.5h", "1h 30m", "30m1h", "h", "''", "1w", '"1h\\n"'])
def test_other_durations_are_refused(latest):
    assert only(changed("1h30m", latest)).span.line == 21


def test_a_missing_audience_says_what_an_audience_is():
    assert (
        "`numbers`, `files` or `lists`"
        in only("title: x\nframes: [{duration: 1, text: x}]\nrecipients: {}\n").message
    )


def test_what_yaml_found_fault_with_is_not_told_again():
    assert told(changed("duration: 3", "duration: NO")) == []
    assert told(changed("frames:", "frames: !x")) == []


def test_what_may_have_come_by_a_merge_key_is_not_told_as_missing():
    assert told("<<: {title: x}\naccount: main\n") == []


@pytest.mark.parametrize("text", ["- a\n", "text\n", "12\n"])
def test_a_file_that_is_no_mapping_is_one_fault(text):
    assert only(text).message.startswith("the file must be a mapping")


def test_a_file_that_could_not_be_read_to_its_end_is_not_checked():
    assert told("title: [\n") == []


def test_faults_come_in_the_order_of_the_file():
    text = (
        changed("duration: 3", "duration: 0")
        .replace("title:", "x: 1\ntitle:")
        .replace("skip", "no skip")
    )
    lines = [fault.span.line for fault in faults(text)]
    assert lines == sorted(lines)
    assert len(lines) == 3


def schema(name):
    return json.loads(files("runner").joinpath("schemas", f"{name}.schema.json").read_text("utf-8"))


def walk(node):
    if isinstance(node, dict):
        yield node
        for key, value in node.items():
            if key != "if":  # what is asked about, not what is demanded
                yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


@pytest.mark.parametrize("name", ["campaign", "settings"])
def test_the_schemas_are_schemas_with_a_versioned_id(name):
    Draft202012Validator.check_schema(schema(name))
    assert schema(name)["$id"].endswith(f"/{name}-1.schema.json")


@pytest.mark.parametrize("name", ["campaign", "settings"])
def test_every_property_explains_itself_and_its_examples_are_sound(name):
    whole = schema(name)
    for node in walk(whole):
        for key, value in node.get("properties", {}).items():
            explained = value if len(value) > 1 else whole["$defs"][value["$ref"].split("/")[-1]]
            assert {"title", "description", "examples"} <= explained.keys(), key
            for example in explained["examples"]:
                validator = Draft202012Validator({**explained, "$defs": whole["$defs"]})
                assert list(validator.iter_errors(example)) == [], key


@pytest.mark.parametrize("name", ["campaign", "settings"])
def test_no_mapping_takes_unknown_fields(name):
    for node in walk(schema(name)):
        if "properties" in node:
            assert node["additionalProperties"] is False


# YAML that is nearly a campaign: any value at any place
places = st.sampled_from(
    [
        "title",
        "account",
        "again",
        "start",
        "frames",
        "recipients",
        "expect",
        "latest",
        "hours",
        "state",
        "x",
    ]
)
values = st.recursive(
    st.sampled_from(["null", "true", "3", "3.5", "x", "'13800138000'", "[]", "{}", "NO"]),
    lambda inside: (
        st.lists(inside, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(
            st.sampled_from(["duration", "text", "parts", "recipients", "env"]), inside
        ).map(lambda fields: f"{{{', '.join(f'{key}: {value}' for key, value in fields.items())}}}")
    ),
    max_leaves=6,
)


@hypothesis_settings(max_examples=100, deadline=None)
@given(st.dictionaries(places, values))
def test_whatever_stands_where_every_fault_has_words_and_a_place(fields):
    text = "".join(f"{key}: {value}\n" for key, value in fields.items()) or "{}"
    lines = text.split("\n")
    for fault in faults(text):
        assert fault.message
        assert 1 <= fault.span.line <= len(lines)
        assert "13800138000" not in f"{fault.message}{fault.hint}{fault.excerpt}"
