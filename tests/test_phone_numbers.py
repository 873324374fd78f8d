"""Phone numbers are shown to whoever asks for them: `report`, `reports show`, `reports export`.

Each number here has one place: 138 are recipients, 139 are what somebody wrote into a text.
"""

import re
import signal
import sqlite3
from contextlib import closing
from itertools import cycle

import pytest
from cli_workspace import opening_office
from daemons import daemon_at_work
from peers import answer, serving

from runner.model.recipient import holds_mobile, mask_mobiles

NUMBER = re.compile(r"1[389]\d[ -]?1111[ -]?\d{4}|139111199")

_BOX = (
    "<statusbox><mobile>{}</mobile><taskid>5550001</taskid><status>20</status>"
    "<receivetime>2035-09-16 09:00:00</receivetime><errorcode>13911110001</errorcode></statusbox>"
)
_REPORTS = (
    f"<returnsms>{_BOX.format(13811110001)}{_BOX.format(13811110009)}<x>13911110002</x></returnsms>",
    "<returnsms><errorstatus><error>3</error><remark>13911110003</remark></errorstatus></returnsms>",
)
_REFUSED_BALANCE = (
    "<returnsms><returnstatus>Faild</returnstatus><message>13911110004</message></returnsms>"
)
_BALANCE = (
    "<returnsms><returnstatus>Success</returnstatus><message/><payinfo>13911110005</payinfo>"
    "<overage>5</overage><sendTotal>139 1111 0006</sendTotal></returnsms>"
)
_SENDS = ("5:5550001", "<p>13911110007</p>", "6")
_SETTINGS = """\
name: shop
lists:
  stop: {file: ../stop.csv}
  old: {file: ../old.csv, min_rows: 9}
always_exclude: [stop]
"""
_MESSAGE = """\
title: 客服 13911110008
frames:
  - {duration: 3, text: 【某店】13911110009 你好，拒收请回复R}
recipients:
  invalid: skip
  files: [lists/members.csv]
"""

office = pytest.fixture(opening_office)


@pytest.fixture
def serve():
    yield from serving()


@pytest.fixture
def shop(office, serve):
    """A workspace with numbers wherever one can be written, and a gateway that says some more."""
    reports, balances, sends = iter(_REPORTS), cycle([_REFUSED_BALANCE, _BALANCE]), iter(_SENDS)

    def script(call):
        while body := call.hear():
            if b"mmsStatusApi" in call.peer.heads[-1]:
                call.say(answer(next(reports, "").encode()))
            elif b"overage" in body:
                call.say(answer(next(balances).encode()))
            else:
                call.say(answer(next(sends, "6").encode()))

    office.environment["MMS_URL"] = serve(script).url
    office.settings("batch_size: 1\nconcurrency: 1\nreports: {every: 1s}", head=_SETTINGS)
    (office.folder / "stop.csv").write_text("mobile\n13811110003\n")
    (office.folder / "old.csv").write_text("mobile\n13811110004\n")
    office.write("lists/members.csv", "mobile\n13811110001\n13811110002\n13811110003\n139111199\n")
    office.write("news.yaml", _MESSAGE)
    held = "start: now\nexpect: {recipients: 9}\n" + _MESSAGE.replace(
        "files", "lists: [old]\n  files"
    )
    office.write("held.yaml", held)
    return office


def numbers_in(ran):
    return NUMBER.findall(ran.out + ran.err)


def test_no_command_shows_a_number_that_nobody_asked_for(shop):
    for words in (
        *(["validate"], ["plan"], ["plan", "--json"], ["plan", "--balance"], ["balance"]),
        *(["balance", "--json"], ["balance"], ["run", "news", "--wait", "1s"], ["run"]),
        *(["status"], ["status", "--json"], ["status", "news"], ["status", "13911110010"]),
        *(["reports"], ["reports", "--all"], ["reports", "--json"], ["reports", "apply", "--all"]),
        *(["pause", "--all", "--reason", "+86 139 1111 0011 rang"], ["status"], ["plan"]),
        *(["resolve", "2", "--accepted"], ["resume", "--all"], ["state"]),
        ["cancel", "held", "--yes", "--reason", "13911110012"],
    ):
        assert numbers_in(shop.run(*words)) == [], words
    with closing(sqlite3.connect(shop.state)) as state:
        told = [
            *state.execute("SELECT * FROM events"),
            *state.execute("SELECT reason FROM campaigns UNION ALL SELECT reason FROM accounts"),
        ]
    assert len(told) > 10
    assert NUMBER.findall(str(told)) == []


def test_whoever_asks_for_numbers_has_them_whole(shop):
    shop.run("run", "news", "--wait", "1s")
    assert "13811110001" in numbers_in(shop.run("report", "news"))
    assert "13811110009" in numbers_in(shop.run("reports", "show", "1"))
    assert "13811110009" in numbers_in(shop.run("reports", "export"))


def test_the_log_of_a_daemon_shows_no_number(shop):
    with daemon_at_work(shop, "--log-format", "json") as daemon:
        daemon.hear("held")
        shop.run("run", "news")
        daemon.hear("in_doubt")
        ran = daemon.end(signal.SIGTERM)
    assert numbers_in(ran) == []


def test_faults_of_files_show_no_number(shop):
    shop.write(
        "bad.yaml",
        "title: 13911110013\nfrmes: 13911110014\nagain: 13911110015\n"
        "recipients:\n  numbers: [13911110016x, '1391111 0017']\n"
        "  files: [lists/13911110018.csv]\n",
    )
    shop.write("13911110019.yaml", _MESSAGE)
    for words in (["validate"], ["validate", "--format", "json"], ["run"], ["plan"]):
        ran = shop.run(*words)
        assert (ran.status, numbers_in(ran)) == (1, []), words


def test_a_list_of_the_settings_is_not_named_by_a_number(shop):
    shop.settings(head="name: shop\nlists:\n  stop: {file: ../13911110020.csv}\n")
    ran = shop.run("validate", "--format", "json")
    assert "unusable-name" in [fault["rule"] for fault in ran.json]
    assert numbers_in(ran) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to 13800138000.", "to 138****8000."),
        ("+86 138-0013-8000", "138****8000"),
        ("0086 13800138000,13800138001", "138****8000,138****8001"),
        ("１３８００１３８０００", "１３８****８０００"),
    ],
)
def test_a_number_is_masked_in_each_form(text, shown):
    assert holds_mobile(text)
    assert mask_mobiles(text) == shown


@pytest.mark.parametrize("text", ["27349872349823", "113800138000", "12800138000", "20350916-0900"])
def test_other_numbers_stay(text):
    assert not holds_mobile(text)
    assert mask_mobiles(text) == text
