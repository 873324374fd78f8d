import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.model.diagnostic import Span
from runner.workspace.source_text import MOST_BYTES
from runner.workspace.strict_yaml import read_yaml


def read(text, **patterns):
    return read_yaml(text.encode() if isinstance(text, str) else text, file="x.yaml", **patterns)


def told(text, **patterns):
    """The rules and places of what is wrong, as `rule 1:2-3`."""
    return [
        f"{fault.rule} {fault.span.line}:{fault.span.column}-{fault.span.end_column}"
        for fault in read(text, **patterns).diagnostics
    ]


def only(text):
    [fault] = read(text).diagnostics
    return fault


def test_sound_yaml_is_read_as_it_stands():
    document = read("# a comment\na: 1\nb: [x, -0.5, true, null, ]\nc:\nd: |\n  x\n  y\n")
    assert document.diagnostics == ()
    assert document.data == {"a": 1, "b": ["x", -0.5, True, None], "c": None, "d": "x\ny\n"}


def test_a_byte_order_mark_and_windows_line_ends_are_fine():
    document = read(b"\xef\xbb\xbfa: 1\r\nb: |\r\n  x\r\nc: @\r\n"[:-6])
    assert (document.diagnostics, document.data) == ((), {"a": 1, "b": "x\n"})


def test_positions_count_characters_under_chinese_text_emoji_and_a_byte_order_mark():
    assert told("\ufeff标题: {中😀秋: NO}\r\n秋: [😀😀, NO]\r\n") == [
        "ambiguous-value 1:11-13",
        "ambiguous-value 2:9-11",
    ]


@pytest.mark.parametrize(
    "text", ["NO", "y", "Yes", "off", "TRUE", "~", "Null", "0123", "12:30:00", "1_000", "+5"]
)
@pytest.mark.parametrize("place", ["a: {}", "- {}", "[x, {}]", "a: {{b: {}}}"])
def test_what_yaml_1_1_reads_differently_is_an_error_with_the_quoted_form(text, place):
    fault = only(place.format(text))
    assert fault.rule == "ambiguous-value"
    assert f'"{text}"' in fault.hint


@pytest.mark.parametrize(
    "text", [".inf", ".NaN", "1.", ".5", "1.5e+3", "0x1F", "0b11", "2035-09-16", "=", "<<"]
)
def test_rarer_forms_of_yaml_1_1_are_errors_too(text):
    assert only(f"a: {text}").rule == "ambiguous-value"


@pytest.mark.parametrize("text", ["no way", "1e5", "08", "1.2.3", "nope", "truely", "-", "中秋"])
def test_what_every_reader_takes_as_text_is_text(text):
    assert read(f'["{text}", {text} ]' if text != "-" else "['-']").data[-1] == text


def test_a_number_too_long_to_be_one_is_no_number():
    assert only("a: " + "9" * 5000).rule == "ambiguous-value"


@pytest.mark.parametrize("text", ["13800138000", "NO" * 20, "1" * 25])
def test_no_number_and_no_long_value_is_repeated(text):
    for fault in read(f"a: {text}\n{text}: 1\n").diagnostics:
        assert text not in f"{fault.message} {fault.hint}"


@pytest.mark.parametrize(
    "text", ["0123", "1_000", "+8613800138000", "1.38E+10", "12:30", "13800138000", "2035-09-16"]
)
def test_where_the_text_counts_numbers_are_taken_as_written(text):
    document = read(f"numbers: [{text}]", as_written=[("numbers", "*")])
    assert (document.diagnostics, document.data) == ((), {"numbers": [text]})


def test_where_the_text_counts_true_and_null_are_what_they_are():
    document = read("a: [NO, ~, null, true]", as_written=[("a", "*")])
    assert told("a: [NO, ~, null, true]", as_written=[("a", "*")]) == [
        "ambiguous-value 1:5-7",
        "ambiguous-value 1:9-10",
    ]
    assert document.data == {"a": [None, None, None, True]}


def test_times_are_taken_as_written_only_where_they_are_expected():
    text = "start: 2035-09-16 09:00:00\nother: 2035-09-16 09:00:00\n"
    document = read(text, times=[("start",)])
    assert document.data == {"start": "2035-09-16 09:00:00", "other": None}
    assert [fault.span.line for fault in document.diagnostics] == [2]


def test_a_name_of_any_kind_matches_a_star():
    document = read(
        "accounts: {a: {userid: 012}, b: {userid: 0}}", as_written=[("accounts", "*", "userid")]
    )
    assert document.data == {"accounts": {"a": {"userid": "012"}, "b": {"userid": "0"}}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", ["duplicate-key 3:1-2"]),
        ("{a: 1, a: 2}", ["duplicate-key 1:8-9"]),
        ("a: &x 1\nb: *x\n", ["anchor 1:4-6", "alias 2:4-6"]),
        ("a: !!str 1\nb: ! x\nc: !x [1]\n", ["tag 1:4-9", "tag 2:4-5", "tag 3:4-6"]),
        ("a: &x !!str 1", ["anchor 1:4-6", "tag 1:7-12"]),
        ("a: &x\n  b: &y\n    c: 1\n", ["anchor 1:4-6", "anchor 2:6-8"]),
        ("%YAML 1.1\n---\na: 1\n", ["directive 1:1-10"]),
        ("%FOO x\n---\na: 1\n", ["directive 1:5-7"]),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", ["anchor 1:4-6", "merge-key 3:3-5"]),
        ("a: 1\n---\nb: 2\n", ["several-documents 2:1-4"]),
        (
            "12: a\ntrue: b\nnull: c\nNO: d\n",
            [f"key-not-text {n}:1-{e}" for n, e in ((1, 3), (2, 5), (3, 5), (4, 3))],
        ),
        ("[a]: 1\n", ["key-not-text 1:1-4"]),
        ("? {a: b}\n: 1\n", ["key-not-text 1:3-9"]),
        ("? \n: 1\n", ["key-not-text 1:2-2"]),
        ("", ["empty-file 1:1-1"]),
        ("# only a comment\n", ["empty-file 1:1-1"]),
    ],
)
def test_what_campaigns_do_not_need_is_refused_at_its_place(text, expected):
    assert told(text) == expected


def test_a_duplicate_names_the_line_of_the_first():
    assert "line 2" in only("# x\na: 1\nb: 2\na: 3\n").message


def test_the_first_of_two_equal_keys_counts():
    assert read("a: 1\na: {b: 2}\n").data == {"a": 1}


def test_a_key_in_quotes_may_look_like_anything():
    document = read("'12': 1\n\"NO\": 2\n'<<': 3\n")
    assert (document.diagnostics, document.data) == ((), {"12": 1, "NO": 2, "<<": 3})


def test_every_fault_of_a_file_is_told_in_one_run():
    assert told("a: NO\nb:\t1\nc: &x 0123\nc: 1\nd: @\n") == [
        "ambiguous-value 1:4-6",
        "tab 2:3-4",
        "anchor 3:4-6",
        "ambiguous-value 3:7-11",
        "duplicate-key 4:1-2",
        "needs-quotes 5:4-5",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n\tb: 1\n", ["tab 2:1-2"]),
        ("a:\t1\n", ["tab 1:3-4"]),
        ("a: 1\t\n", ["tab 1:5-6"]),
        ("a: 1\t# x\n", ["tab 1:5-6"]),
        ("-\tx\n", ["tab 1:2-3"]),
        ("[1,\t2]\n", ["tab 1:4-5"]),
        ("a: x\n\ty\nb: x\n\ty\n", ["tab 2:1-2", "tab 4:1-2"]),
        ("a: |\n\tx\n", ["tab 2:1-2"]),
        ("a:\n  b: |\n    x\n\ty: 1\nc: NO\n", ["tab 4:1-2"]),
        ("a: 'x\ty' # x\ty\nb: |\n  x\ty\nc: x\ty\n#\tx\n\n", []),
    ],
)
def test_tabs_are_errors_outside_of_values_and_comments(text, expected):
    assert told(text) == expected


def test_tabs_inside_values_are_kept():
    assert read("a: 'x\ty'\nb: |\n  x\ty\n").data == {"a": "x\ty", "b": "x\ty\n"}


def test_a_file_full_of_tabs_is_told_once_and_counted():
    faults = read("a:\n" + "\tb: 1\n" * 500).diagnostics
    tabs = [fault for fault in faults if fault.rule == "tab"]
    assert len(tabs) == 20
    assert "480 more" in tabs[-1].message


@pytest.mark.parametrize(
    "character",
    ["\0", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\u202e", "\u2066", "\u2069"],
)
def test_characters_that_no_editor_shows_are_told_and_reading_goes_on(character):
    document = read(f"a: x{character}y\nb: NO\n")
    assert [(fault.rule, fault.span.line) for fault in document.diagnostics] == [
        ("control-character", 1),
        ("ambiguous-value", 2),
    ]


def test_a_character_that_stands_everywhere_is_told_twenty_times_and_counted():
    faults = read("a: " + "\0" * 500).diagnostics
    assert [fault.rule for fault in faults] == ["control-character"] * 20
    assert "480 more" in faults[-1].message


def test_marks_that_turn_the_writing_are_read_where_they_are_escaped():
    """Whoever reviews `"\\u202e"` sees what it is."""
    assert read('a: "\\u202e"').data == {"a": "\u202e"}


def test_a_carriage_return_alone_ends_no_line():
    assert told("a: x\ry\r\nb: NO\r\n") == ["control-character 1:5-6", "ambiguous-value 2:4-6"]


def test_a_key_with_an_invisible_character_is_no_unknown_key():
    document = read("ti\0tle: x\n")
    assert document.data == {}
    assert document.root.incomplete


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        ("标题: 中".encode("gb18030"), "GB18030"),
        ("标题: 中".encode("utf-16"), "UTF-16"),
        ("a: 1".encode("utf-16-le"), "UTF-16"),
        (b"a: \xff\xff", "save it as UTF-8"),
    ],
)
def test_what_is_not_utf_8_is_told_with_what_it_looks_like(data, hint):
    fault = only(data)
    assert fault.rule == "not-utf-8"
    assert hint in fault.hint


def test_the_first_byte_that_is_not_utf_8_has_its_place():
    assert only("中: x\r\n中😀".encode() + b"\xff").span == Span(
        line=2, column=3, end_line=2, end_column=4
    )


def test_a_file_over_5_mb_is_not_read():
    assert only(b"a" * (MOST_BYTES + 1)).rule == "file-too-large"


@pytest.mark.parametrize("opening", ["[", "- ", "{a: ", "a: [", "? "])
def test_deep_nesting_is_an_error_and_no_crash(opening):
    assert only(opening * 50_000).rule in {"too-deep", "unexpected-character"}


def test_64_levels_are_fine_and_65_are_not():
    assert read("[" * 64 + "]" * 64).diagnostics == ()
    assert told("[" * 65 + "]" * 65) == ["too-deep 1:65-66"]


def test_a_file_with_a_thousand_faults_is_read_no_further():
    faults = read("- NO\n" * 3000).diagnostics
    assert len(faults) == 1001
    assert faults[-1].rule == "too-many-faults"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a: "x\nb: c\n', "unclosed-quote 1:4-5"),
        ("a: 'x\n", "unclosed-quote 1:4-5"),
        ("a: [1, 2\nb: c\n", "unclosed-bracket 1:4-5"),
        ("a: {b: 1\n", "unclosed-bracket 1:4-5"),
        ('a: ["x" "y"]\n', "missing-comma 1:9-10"),
        ("a: [1,,2]\n", "unexpected-character 1:7-8"),
        ("{: 1}", "unexpected-character 1:2-3"),
        ("a: {b:}\n", "needs-quotes 1:6-7"),
        ("a: [b: [],\n", "unclosed-bracket 1:4-5"),
        ("a: 1\n}\n", "unexpected-character 2:1-2"),
        ("a:\n    b: 1\n  c: 2\n", "wrong-indentation 3:3-4"),
        ("a: 1\n b: 2\n", "wrong-indentation 2:3-4"),
        ("- a\nb: 1\n", "wrong-indentation 2:1-2"),
        ("a: b: c\n", "needs-quotes 1:5-6"),
        ("a: @x\n", "needs-quotes 1:4-5"),
        ("a: `x\n", "needs-quotes 1:4-5"),
        ("a: %x\n", "needs-quotes 1:4-5"),
        ("a: *特价\n", "needs-quotes 1:4-5"),
        ("a: &特价\n", "needs-quotes 1:4-5"),
        ("a: !特价\n", "needs-quotes 1:4-5"),
        ("a: ? b\n", "needs-quotes 1:4-5"),
        ("a: 'it's'\n", "text-after-value 1:8-9"),
        ("a: |x\n  y\n", "text-after-indicator 1:4-5"),
        ('a: "\\q"\n', "wrong-escape 1:5-6"),
        ("a: - b\n", "list-after-key 1:4-5"),
        ("a: 1\nb c\nd: 2\n", "missing-colon 2:1-4"),
        ("a: 1\nb：中秋\nc: d\n", "missing-colon 2:1-3"),
    ],
)
def test_where_the_syntax_breaks_the_place_and_the_reason_are_told(text, expected):
    assert told(text) == [expected]
    assert read(text).root is None


def test_a_colon_behind_a_known_field_is_told_and_read_as_one():
    document = read("title：中秋\nframes:\n  - text:【某店】你好\n    duration：3\n")
    assert [fault.rule for fault in document.diagnostics] == ["missing-colon"] * 3
    assert document.data == {
        "title": "中秋",
        "frames": [{"text": "【某店】你好", "duration": 3}],
    }


def test_what_follows_a_sign_that_was_read_otherwise_keeps_its_place():
    fault = read("title：NO\n").diagnostics[-1]
    assert (fault.rule, fault.span.column, fault.span.end_column) == ("ambiguous-value", 7, 9)


def test_an_invisible_character_is_told_and_read_as_nothing():
    document = read("ti\u200btle: N\u2060O\n")
    assert [f"{each.rule} {each.span.column}" for each in document.diagnostics] == [
        "control-character 3",
        "ambiguous-value 9",
        "control-character 10",
    ]


def test_an_unclosed_bracket_says_up_to_where_it_was_sought():
    assert "line 3" in only("a: [1,\n  2\n  b: c\n").message


def test_nodes_are_found_by_their_paths():
    document = read("a:\n  - b: [1, xyz]\n")
    assert document.at(("a", 0, "b", 1)).span == Span(line=2, column=12, end_line=2, end_column=15)
    assert document.key_at(("a", 0, "b")).span == Span(line=2, column=5, end_line=2, end_column=6)
    assert document.key_at(("a", 0)) is document.at(("a", 0))


def test_a_path_that_the_file_does_not_have_leads_to_the_nearest_node_above():
    document = read("a: {b: 1}\n")
    assert document.at(("a", "c", 0)) is document.at(("a",))
    assert read("a: [").at(("a",)).span == Span()


def test_a_list_or_mapping_ends_with_its_last_value():
    document = read("a:\n  - b: 1\n    c: |\n      x\n\n\nd: {e: 1}\n")
    assert document.at(("a",)).span == Span(line=2, column=3, end_line=4, end_column=8)
    assert document.at(("d",)).span == Span(line=7, column=4, end_line=7, end_column=10)


def test_what_has_a_fault_is_poisoned_and_what_is_beside_it_is_not():
    document = read("a: {b: NO, c: 1}\nd: !!map {e: 1}\n")
    poisoned = [
        path for path in (("a",), ("a", "b"), ("a", "c"), ("d", "e")) if document.is_poisoned(path)
    ]
    assert poisoned == [("a", "b"), ("d", "e")]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a: x–y–z", [(1, 5), (1, 7)]),
        ("a: 'x–y–z'", [(1, 6), (1, 8)]),
        ("a: |\n  x–\n  y–", [(2, 4), (3, 4)]),
        ("a: >\n  x\n  –y\n\n  –", [(3, 3), (5, 3)]),
        ('a: "x\\u2013–"', [(1, 4), (1, 4)]),
    ],
)
def test_characters_of_a_text_are_found_in_the_file(text, columns):
    document = read(text)
    value = document.data["a"]
    spans = document.locate_characters(("a",), [i for i, c in enumerate(value) if c == "–"])
    assert [(span.line, span.column) for span in spans] == columns


def test_the_source_line_is_shown_masked():
    faults = read("password: hunter2 # NO\nnumbers: [13800138000, NO]\npassword: NO\n").diagnostics
    assert [fault.excerpt for fault in faults] == [
        "numbers: [138****8000, NO]",
        "password: **",
        "password: **",
    ]


anything = st.one_of(
    st.binary(max_size=200),
    st.text(alphabet="ab:- \n\t\r'\"[]{},&*!|>%@#?0123~<.\\中😀\0\u2028", max_size=80).map(
        str.encode
    ),
    st.text(max_size=80).map(str.encode),
)


@settings(max_examples=200, deadline=None)
@given(anything)
def test_nothing_makes_it_raise_and_every_fault_lies_in_the_file(data):
    document = read(data)
    lines = document.source.lines
    for fault in document.diagnostics:
        span = fault.span
        assert 1 <= span.line <= span.end_line <= len(lines)
        assert 1 <= span.column <= len(lines[span.line - 1]) + 1
        assert 1 <= span.end_column <= len(lines[span.end_line - 1]) + 1
        assert (span.line, span.column) <= (span.end_line, span.end_column)
    assert (document.root is None) <= bool(document.diagnostics)


@settings(max_examples=200, deadline=None)
@given(anything)
def test_what_is_read_without_a_fault_is_what_pyyaml_reads(data):
    document = read(data)
    if not document.diagnostics:
        assert document.data == yaml.load(data, Loader=yaml.CSafeLoader)


trees = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=10),
    lambda inside: (
        st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=5), inside, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(trees, st.booleans())
def test_what_pyyaml_writes_is_read_back(tree, flow):
    text = yaml.safe_dump(tree, allow_unicode=True, default_flow_style=flow)
    document = read(text)
    if not document.diagnostics:
        assert document.data == tree
    else:
        # PyYAML marks the end of a lone value with `...` and repeats no object in ours
        assert {fault.rule for fault in document.diagnostics} <= {
            "ambiguous-value",
            "key-not-text",
            "control-character",
        }
