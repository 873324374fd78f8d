"""runner.yaml: what its keys mean, what they are when left out, and what is refused."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from workspaces import SETTINGS, Shop, shop

from runner.errors import FaultyFiles
from runner.model.account import (
    Account,
    NamedList,
    OnCode8,
    ReportPolling,
    Retry,
    SecretKind,
    SecretRef,
    Timeouts,
)
from runner.model.hours import Hours
from runner.workspace.load import load_settings

__all__ = ["shop"]

PASSWORD = SecretRef(kind=SecretKind.ENV, name="MMS_PASSWORD")


@pytest.fixture
def read(shop):
    """Read settings: the sound ones with further lines of the account, or others."""

    def read_settings(account: str = "", text: str = SETTINGS):
        lines = "".join(f"    {line}\n" for line in account.splitlines())
        shop.write("runner.yaml", text + lines)
        return load_settings(shop.root)

    return read_settings


@pytest.fixture
def refused(read):
    """Give the faults of settings, as (rule, message, hint, excerpt)."""

    def read_faults(account: str = "", text: str = SETTINGS):
        with pytest.raises(FaultyFiles) as error:
            read(account, text)
        return error.value.diagnostics

    return read_faults


def test_what_is_left_out_is_as_the_contract_says(read):
    settings = read()
    assert (settings.name, settings.zone.key, settings.state) == ("shop", "Asia/Shanghai", None)
    assert settings.accounts["main"] == Account(
        name="main",
        url="http://mms.example.cn:8888",
        userid="12",
        account="zhouyang",
        password=PASSWORD,
        batch_size=2000,
        concurrency=4,
        rate=None,
        pace=None,
        hours=None,
        message_limit=102_400,
        timeout=Timeouts(connect=timedelta(seconds=5), total=timedelta(seconds=60)),
        retry=Retry(tries=5, first=timedelta(seconds=2), most=timedelta(seconds=60)),
        reports=ReportPolling(
            collect=True, every=timedelta(seconds=60), page=4000, deadline=timedelta(hours=72)
        ),
        recipient_limit=None,
        proxy=None,
        ca_file=None,
        extno=None,
        on_code_8=OnCode8.DOUBT,
        exclusive=False,
        clock_skew=None,
    )


def test_every_key_is_read(read):
    account = read(
        "batch_size: 500\nconcurrency: 2\nrate: 0.5\nmessage_limit: 100000\n"
        "pace: 5000/min\nhours: 08:00-21:00\n"
        "timeout: {connect: 1s, total: 2m}\nretry: {tries: 3, first: 5, most: 1h30m}\n"
        "reports: {collect: false, every: 90s, page: 10000, deadline: 3d}\n"
        "limits: {recipients: 50000}\nproxy: http://proxy.example.cn:3128\n"
        "ca_file: /etc/ca.pem\nextno: 007\non_code_8: retry\nexclusive: true\n"
        "clock_skew: 90s"
    ).accounts["main"]
    assert account == Account(
        name="main",
        url="http://mms.example.cn:8888",
        userid="12",
        account="zhouyang",
        password=PASSWORD,
        batch_size=500,
        concurrency=2,
        rate=0.5,
        pace=5000,
        hours=Hours(opens=8 * 60, closes=21 * 60),
        message_limit=100_000,
        timeout=Timeouts(connect=timedelta(seconds=1), total=timedelta(minutes=2)),
        retry=Retry(tries=3, first=timedelta(seconds=5), most=timedelta(minutes=90)),
        reports=ReportPolling(
            collect=False, every=timedelta(seconds=90), page=10000, deadline=timedelta(days=3)
        ),
        recipient_limit=50000,
        proxy="http://proxy.example.cn:3128",
        ca_file="/etc/ca.pem",
        extno="007",
        on_code_8=OnCode8.RETRY,
        exclusive=True,
        clock_skew=timedelta(seconds=90),
    )


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("../ca.pem", "{root}/../ca.pem"),
        ("/etc/ca.pem", "/etc/ca.pem"),
        ("~/ca.pem", "/home/mms/ca.pem"),
        ("~nobody-at-all/ca.pem", "~nobody-at-all/ca.pem"),
    ],
)
def test_paths_are_known_from_anywhere_and_relative_ones_start_at_the_workspace(
    read, shop, monkeypatch, written, path
):
    """The home of somebody whom this machine does not know may be one on the server."""
    monkeypatch.setenv("HOME", "/home/mms")
    path = path.format(root=shop.root)
    text = SETTINGS.replace("{env: MMS_PASSWORD}", f"{{file: {written}}}")
    settings = read(
        f"ca_file: {written}", f"state: {written}\nlists: {{vip: {{file: {written}}}}}\n{text}"
    )
    account = settings.accounts["main"]
    paths = [settings.state, account.ca_file, account.password.name, settings.lists["vip"].file]
    assert paths == [path] * 4


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("08:00-21:00", Hours(opens=480, closes=1260)),
        ("21:30-06:00", Hours(opens=1290, closes=360)),
        ("12:00-24:00", Hours(opens=720, closes=1440)),
        ('"00:00-24:00"', Hours(opens=0, closes=1440)),
    ],
)
def test_hours_may_go_past_midnight_or_up_to_it(read, written, hours):
    assert read(f"hours: {written}").accounts["main"].hours == hours


def test_null_stands_for_no_limit_where_the_contract_has_it(read):
    account = read(
        "rate: null\npace: null\nhours: null\nlimits: {recipients: null}\n"
        "proxy: null\nca_file: null\nextno: null"
    ).accounts["main"]
    assert (account.rate, account.recipient_limit, account.proxy) == (None, None, None)
    assert (account.ca_file, account.extno) == (None, None)
    assert (account.pace, account.hours) == (None, None)


def test_the_name_is_the_folders_where_it_is_left_out(read):
    assert read(text=SETTINGS.replace("name: shop\n", "timezone: UTC\n")).name == "shop"


def test_a_workspace_that_is_reached_by_a_symlink_has_the_name_of_the_symlink(shop):
    """Behind that of git-sync stands another folder every day."""
    shop.write("runner.yaml", SETTINGS.replace("name: shop\n", "timezone: UTC\n"))
    (shop.root.parent / "current").symlink_to("shop")
    assert load_settings(shop.root.parent / "current").name == "current"


def test_zone_and_state_are_taken_from_the_file(read):
    settings = read(text=f"timezone: Europe/Berlin\nstate: /srv/state.db\n{SETTINGS}")
    assert (settings.zone, settings.state) == (ZoneInfo("Europe/Berlin"), "/srv/state.db")
    assert settings.state_id is None


@pytest.mark.parametrize(
    ("written", "path", "state_id"),
    [
        ("{path: /srv/state.db, id: spring-2036}", "/srv/state.db", "spring-2036"),
        ("{path: state.db}", "{root}/state.db", None),
        ('{id: "1234"}', None, "1234"),
        (f"{{id: {'a.b_c-D9' * 8}}}", None, "a.b_c-D9" * 8),
    ],
)
def test_the_state_may_be_asked_for_by_its_id(read, shop, written, path, state_id):
    settings = read(text=f"state: {written}\n{SETTINGS}")
    path = path and path.format(root=shop.root)
    assert (settings.state, settings.state_id) == (path, state_id)


@pytest.mark.parametrize(
    ("written", "rule", "column"),
    [
        ("{}", "missing-field", 8),
        ("[/srv/state.db]", "wrong-type", 8),
        ("{pth: /srv/state.db}", "unknown-field", 9),
        ("{path: }", "no-value", 9),
        ("{path: postgres://db/mms, id: abcd}", "unsupported-state", 15),
        ("{id: abc}", "wrong-form", 13),
        (f"{{id: {'a' * 65}}}", "wrong-form", 13),
        ("{id: a/b/c}", "wrong-form", 13),
        ("{id: 中秋二零三五}", "wrong-form", 13),
        ("{id: 1234}", "wrong-type", 13),
    ],
)
def test_a_state_that_is_asked_for_wrongly_is_told_at_its_place(refused, written, rule, column):
    [fault] = refused(text=f"state: {written}\n{SETTINGS}")
    assert (fault.rule, fault.span.line, fault.span.column) == (rule, 1, column)


def test_lists_are_known_by_their_names_with_what_makes_them_fit(read):
    lists = (
        "lists:\n  members: {file: /srv/mms/members.csv, max_age: 3d}\n"
        '  "员工 2035": {file: /srv/mms/staff.csv, min_rows: 1000}\n'
    )
    settings = read(text=f"{lists}always_exclude: [员工 2035]\n{SETTINGS}")
    assert settings.lists == {
        "members": NamedList(
            name="members", file="/srv/mms/members.csv", max_age=timedelta(days=3)
        ),
        "员工 2035": NamedList(name="员工 2035", file="/srv/mms/staff.csv", min_rows=1000),
    }
    assert settings.always_exclude == ("员工 2035",)


def test_a_list_that_is_always_excluded_must_be_named_and_the_nearest_is_suggested(refused):
    text = f"lists: {{optout: {{file: /srv/optout.csv}}}}\nalways_exclude: [optuot]\n{SETTINGS}"
    [fault] = refused(text=text)
    assert (fault.rule, fault.span.line, fault.span.column) == ("unknown-list", 2, 18)
    assert fault.message == "the settings have no list `optuot`"
    assert fault.hint == "did you mean `optout`?"


@pytest.mark.parametrize(
    "lists",
    [
        "list: {optout: {file: /srv/optout.csv}}",
        "lists: NO",
        "lists: &all {optout: {file: /srv/optout.csv}}",
        "lists: {optout: {fiel: /srv/optout.csv}}",
    ],
)
def test_lists_that_are_written_wrong_make_no_name_unknown(refused, lists):
    [fault] = refused(text=f"{lists}\nalways_exclude: [optout]\n{SETTINGS}")
    assert fault.span.line == 1


def test_numbers_that_are_names_are_taken_as_written(read):
    text = SETTINGS.replace('"12"', "0012").replace("zhouyang", "12.50")
    account = read(text=text).accounts["main"]
    assert (account.userid, account.account) == ("0012", "12.50")


@pytest.mark.parametrize("kind", ["env", "file", "credential"])
def test_all_four_ways_to_sign_in_may_be_secrets(read, kind):
    text = SETTINGS
    for literal in ("http://mms.example.cn:8888", '"12"', "zhouyang", "{env: MMS_PASSWORD}"):
        text = text.replace(literal, f"{{{kind}: /etc/mms}}")
    account = read(text=text).accounts["main"]
    secret = SecretRef(kind=SecretKind(kind), name="/etc/mms")
    assert [account.url, account.userid, account.account, account.password] == [secret] * 4


@pytest.mark.parametrize("written", ["hunter2", "12345678", "[hunter2]", '"hunter2"', "true"])
def test_a_password_in_the_file_is_refused_with_the_reason_and_not_shown(refused, written):
    [fault] = refused(text=SETTINGS.replace("{env: MMS_PASSWORD}", written))
    assert fault.rule == "literal-password"
    assert "git" in fault.message
    assert written.strip('[]"') not in f"{fault.message} {fault.hint} {fault.excerpt}"


def test_a_password_under_a_misspelt_key_is_not_shown_either(refused):
    [fault] = refused(text=SETTINGS.replace("password: {env: MMS_PASSWORD}", "passwort: hunter2"))
    assert (fault.rule, fault.span.line) == ("unknown-field", 7)
    assert "hunter2" not in f"{fault.message} {fault.hint} {fault.excerpt}"


@pytest.mark.parametrize("place", ["secret.txt", "sub/../secret.txt", "{root}/secret.txt"])
def test_a_secret_file_in_the_workspace_is_refused(refused, shop, place):
    path = place.format(root=shop.root)
    [fault] = refused(text=SETTINGS.replace("{env: MMS_PASSWORD}", f"{{file: {path}}}"))
    assert (fault.rule, fault.span.line) == ("secret-in-workspace", 7)


@pytest.mark.parametrize(
    "place", ["/etc/mms/password", "../password", "~/.mms", "~nobody-at-all/x"]
)
def test_a_secret_file_elsewhere_need_not_be_there(read, place):
    text = SETTINGS.replace("{env: MMS_PASSWORD}", f"{{file: {place}}}")
    assert read(text=text).accounts["main"].password.kind is SecretKind.FILE


@pytest.mark.parametrize(
    "url",
    ["mms.example.cn", "ftp://mms.example.cn", "http://", "http://a b/", "http://u:p@h/", "''"],
)
def test_a_url_that_is_none_is_refused(refused, url):
    [fault] = refused(text=SETTINGS.replace("http://mms.example.cn:8888", url))
    assert (fault.rule, fault.span.line) == ("wrong-form", 4)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("batch_size: 0", "out-of-range"),
        ("batch_size: 2001", "out-of-range"),
        ("batch_size: 10.0", "wrong-type"),
        ("concurrency: 0", "out-of-range"),
        ("rate: 0", "out-of-range"),
        ("rate: fast", "wrong-type"),
        ("message_limit: 0", "out-of-range"),
        ("timeout: {total: soon}", "wrong-form"),
        ("timeout: {total: 0s}", "wrong-form"),
        ("timeout: {total: 9999999d}", "wrong-duration"),
        ("retry: {tries: 0}", "out-of-range"),
        ("reports: {page: 10001}", "out-of-range"),
        ("reports: {collect: yes}", "ambiguous-value"),
        ("on_code_8: retri", "not-allowed-value"),
        ("exclusive: null", "no-value"),
        ("extno: 12a", "wrong-form"),
        ('ca_file: "a\\0b"', "wrong-form"),
        ("proxy: proxy.example.cn", "wrong-form"),
        ("pace: 0/min", "wrong-form"),
        ("pace: 5000/h", "wrong-form"),
        ("pace: 5000", "wrong-type"),
        ("hours: 08:00-08:00", "wrong-hours"),
        ("hours: 24:00-08:00", "wrong-form"),
        ("hours: whenever", "wrong-form"),
        ("bach_size: 10", "unknown-field"),
    ],
)
def test_a_key_of_an_account_that_is_wrong_is_told_once_in_its_line(refused, line, rule):
    [fault] = refused(line)
    assert (fault.rule, fault.span.line) == (rule, 8)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("timezone: Asia/Peking", "unknown-timezone"),
        ("timezone: ../etc/passwd", "unknown-timezone"),
        ("timezone: Asia", "unknown-timezone"),
        ("timezone: ''", "unknown-timezone"),
        ("state: postgresql://db.example.cn/mms", "unsupported-state"),
        ("state: mysql://db.example.cn/mms", "unsupported-state"),
        ("lists: {members: {max_age: 3d}}", "missing-field"),
        ("lists: {members: {file: /srv/members.csv, max_age: 0s}}", "wrong-form"),
        ("lists: {members: {file: /srv/members.csv, max_age: 9999d}}", "wrong-duration"),
        ("lists: {members: {file: /srv/members.csv, min_rows: -1}}", "out-of-range"),
        ("lists: {members: /srv/members.csv}", "wrong-type"),
        ("always_exclude: [optout]", "unknown-list"),
        ("always_exclude: optout", "wrong-type"),
        ("name: a/b", "wrong-form"),
        ('name: "a\\0b"', "wrong-form"),
        ('state: "a\\0b"', "wrong-form"),
    ],
)
def test_a_key_of_the_file_that_is_wrong_is_told_once_in_its_line(refused, line, rule):
    text = SETTINGS.removeprefix("name: shop\n")
    [fault] = refused(text=f"{line}\n{text}")
    assert (fault.rule, fault.span.line) == (rule, 1)


@pytest.mark.parametrize("line", ["lists: {}", "always_exclude: []"])
def test_lists_may_be_there_and_empty(read, line):
    settings = read(text=f"{line}\n{SETTINGS}")
    assert (settings.lists, settings.always_exclude) == ({}, ())


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        ("name: shop\n", "missing-field", 1),
        ("name: shop\naccounts:\n", "no-value", 2),
        ("name: shop\naccounts: {}\n", "missing-field", 2),
        ("name: shop\nacounts:\n  main: {}\n", "unknown-field", 2),
        ("name: shop\naccounts:\n  main:\n", "no-value", 3),
        ("- accounts\n", "wrong-type", 1),
        ("", "empty-file", 1),
    ],
)
def test_without_accounts_there_is_one_fault(refused, text, rule, line):
    [fault] = refused(text=text)
    assert (fault.rule, fault.span.line) == (rule, line)


def test_whoever_misses_the_accounts_is_told_that_another_file_may_hold_them(refused):
    [fault] = refused(text="name: shop\nalways_exclude: [optout]\n")
    assert "--settings" in fault.hint


def test_all_faults_of_the_file_are_told_at_once(refused):
    text = f"timezone: Nowhere\nstate: postgres://x\ncolour: red\n{SETTINGS}"
    text = text.replace("{env: MMS_PASSWORD}", "hunter2").replace("    userid", "    user-id")
    rules = [fault.rule for fault in refused("batch_size: 0\npace: 1/h\nrate: NO", text)]
    assert sorted(rules) == [
        "ambiguous-value",
        "literal-password",
        "out-of-range",
        "unknown-field",
        "unknown-field",
        "unknown-timezone",
        "unsupported-state",
        "wrong-form",
    ]


def test_settings_that_are_not_there_as_a_file_are_a_fault(shop):
    (shop.root / "runner.yaml").unlink()
    (shop.root / "runner.yaml").mkdir()
    with pytest.raises(FaultyFiles) as error:
        load_settings(shop.root)
    assert [fault.rule for fault in error.value.diagnostics] == ["not-a-file"]


@given(data=st.data())
@hypothesis_settings(max_examples=100, deadline=None)
def test_no_damage_to_the_file_is_worse_than_a_fault(tmp_path_factory, data):
    """Pieces of it are cut out, doubled and replaced; it is read, or its faults are told."""
    shop = Shop(tmp_path_factory.mktemp("shop").resolve())
    text = f"timezone: UTC\nstate: x.db\n{SETTINGS}    timeout: {{total: 60s}}\n"
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 12)))
    piece = data.draw(
        st.sampled_from(
            ["", "\t", ": ", "[", "}", "null", "~x/y", "9" * 5000, '"\\0"', "&a ", "!x ", "\n- "]
        )
        | st.text(max_size=6)
    )
    shop.write("runner.yaml", (text[:start] + piece + text[end:]).encode(errors="replace"))
    workspace = shop.load()
    assert (workspace.settings is None) == bool(workspace.errors)
