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
    OnCode8,
    ReportPolling,
    Retry,
    SecretKind,
    SecretRef,
    Timeouts,
)
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
    )


def test_every_key_is_read(read):
    account = read(
        "batch_size: 500\nconcurrency: 2\nrate: 0.5\nmessage_limit: 100000\n"
        "timeout: {connect: 1s, total: 2m}\nretry: {tries: 3, first: 5, most: 1h30m}\n"
        "reports: {collect: false, every: 90s, page: 10000, deadline: 3d}\n"
        "limits: {recipients: 50000}\nproxy: http://proxy.example.cn:3128\n"
        "ca_file: /etc/ca.pem\nextno: 007\non_code_8: retry\nexclusive: true"
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
    )


def test_a_relative_ca_file_starts_at_the_workspace(read, shop):
    assert read("ca_file: ../ca.pem").accounts["main"].ca_file == f"{shop.root}/../ca.pem"


def test_null_stands_for_no_limit_where_the_contract_has_it(read):
    account = read(
        "rate: null\npace: null\nhours: null\nlimits: {recipients: null}\n"
        "proxy: null\nca_file: null\nextno: null"
    ).accounts["main"]
    assert (account.rate, account.recipient_limit, account.proxy) == (None, None, None)
    assert (account.ca_file, account.extno) == (None, None)


def test_the_name_is_the_folders_where_it_is_left_out(read):
    assert read(text=SETTINGS.replace("name: shop\n", "timezone: UTC\n")).name == "shop"


def test_zone_and_state_are_taken_from_the_file(read):
    settings = read(text=f"timezone: Europe/Berlin\nstate: ../state/state.db\n{SETTINGS}")
    assert (settings.zone, settings.state) == (ZoneInfo("Europe/Berlin"), "../state/state.db")


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
    assert read(text=text).accounts["main"].password.name == place


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
        ("pace: 5000/min", "not-yet-supported"),
        ("hours: 08:00-21:00", "not-yet-supported"),
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
        ("lists: {members: {file: /srv/members.csv}}", "not-yet-supported"),
        ("always_exclude: [optout]", "not-yet-supported"),
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
def test_what_comes_later_may_be_there_and_empty(read, line):
    assert read(text=f"{line}\n{SETTINGS}").name == "shop"


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


def test_all_faults_of_the_file_are_told_at_once(refused):
    text = f"timezone: Nowhere\nstate: postgres://x\ncolour: red\n{SETTINGS}"
    text = text.replace("{env: MMS_PASSWORD}", "hunter2").replace("    userid", "    user-id")
    rules = [fault.rule for fault in refused("batch_size: 0\npace: 1/min\nrate: NO", text)]
    assert sorted(rules) == [
        "ambiguous-value",
        "literal-password",
        "not-yet-supported",
        "out-of-range",
        "unknown-field",
        "unknown-field",
        "unknown-timezone",
        "unsupported-state",
    ]


def test_settings_that_are_not_there_as_a_file_are_a_fault(shop):
    (shop.root / "runner.yaml").unlink()
    (shop.root / "runner.yaml").mkdir()
    with pytest.raises(FaultyFiles) as error:
        load_settings(shop.root)
    assert [fault.rule for fault in error.value.diagnostics] == ["not-a-file"]


@given(data=st.data())
@hypothesis_settings(max_examples=150, deadline=None)
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
