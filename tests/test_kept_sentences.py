"""A sentence of which only the English text was kept is found again, and said in any language."""

import string
from collections import defaultdict

import pytest
from babel.messages.extract import extract_from_dir
from translations.catalogues import KEYWORDS, PROJECT, TRANSLATED

from runner.language import N_, join_clauses, speak, translate

BELOW_THE_COMMAND_LINE = [("cli/**", "ignore"), ("example/**", "ignore"), ("**.py", "python")]
LETTERS_TO_BE_FOUND_BY = 4
ROUNDS = 10  # of values for each message


def list_fields(message):
    return {name for _, name, _, _ in string.Formatter().parse(message) if name}


MESSAGES = sorted(
    {
        message
        for *_, message, _, _ in extract_from_dir(
            PROJECT / "runner", BELOW_THE_COMMAND_LINE, keywords=KEYWORDS
        )
        if isinstance(message, str) and list_fields(message)
    }
)

OWNER = N_("process {process} on {host}").format(process=4711, host="mms-1.example.org")
PROXY = N_("the proxy {address}").format(address="10.0.0.8:3128")
REFUSED = N_("connection refused by {peer}").format(peer=PROXY)
NOT_SENT = N_("not sent: {why}").format(why=REFUSED)
FULL = N_("the state {path} cannot be used: {complaint}").format(
    path="/var/lib/mms-runner/shop.sqlite", complaint=N_("the disk is full")
)
CANCELLED = N_("`state: cancelled` in {file}").format(file="campaigns/sommer/neu.yaml")
IN_QUARANTINE = N_(
    "an answer could not be read whole: {count} in quarantine, see `mms-runner reports`"
).format(count=3)
PAUSED = N_("`state: paused` in {file}: take it out to let it go on").format(file="a.yaml")
CLOCK = N_(
    "this machine's clock is about {time} ahead of the gateway's: set the one that is wrong; it"
    " goes on by itself (`clock_skew` of the account says how far apart they may be)"
).format(time=N_("{count} hours").format(count=8))

ANY = ("spring/sale-2035", "2734", "lists/会员.csv", "shop")
NUMBER = ("1", "12", "2,000", "150000")
PEER = ("gateway.example.com:8888", "[2001:db8::1]:443", PROXY)
PERSON = ("anna", "mms-runner", "李雷")
SENTENCE = (
    REFUSED,
    NOT_SENT,
    "the list is wrong, says anna",
    N_("the answer names the task of batch {batch}").format(batch=17),
    CANCELLED,
    FULL,
    CLOCK,
    join_clauses(NOT_SENT, IN_QUARANTINE),
    N_("this process has closed it"),
    "the price is wrong; ask anna",
)
TIME = ("2035-09-16 09:00", "2035-09-16 09:00 CST", "2035-01-01 23:59:59 UTC")

VALUES = defaultdict(
    lambda: ANY,
    actor=PERSON,
    address=("127.0.0.1:8888", "[::1]:80"),
    answer=("2 用户名或密码错误", "1 no such user: 12"),
    clause=SENTENCE,
    command=("daemon", "run"),
    complaint=(N_("it is damaged"), N_("the disk is full"), N_("it cannot be opened")),
    count=NUMBER,
    error=(*SENTENCE, "No such file or directory", "day is out of range for month"),
    evidence=SENTENCE,
    file=("lists/会员.csv", "/srv/lists/opt outs.csv", "campaigns/a: b.yaml"),
    folder=("/srv/mms", "/home/anna/mms and more"),
    holder=(
        N_("`{command}`, process {process} on {host}, since {moment}").format(
            command="daemon", process=4711, host="mms-1", moment="2035-09-16 09:00:00 CST"
        ),
        N_("a process that has just started"),
    ),
    guard=(PAUSED, CLOCK),
    hours=("08:00-21:00", "22:00-06:00"),
    lack=(
        N_("{wanted} are wanted").format(wanted=5),
        N_("{wanted} are wanted, or that {wait} after the first it is still so").format(
            wanted=50, wait="1d"
        ),
        N_("but so do those of another"),
    ),
    latest=("1h", "30m", "1d12h"),
    limit=NUMBER,
    lost=NUMBER,
    meaning=(N_("balance too low"), N_("other error"), N_("over 2000 numbers")),
    message=("`title` is missing", "no frame, and no text", "this is no list: it is empty"),
    missing=(
        N_(
            "list {names} of the settings cannot be found on this machine: bring the file back"
        ).format(names="`vip`"),
    ),
    moment=TIME,
    more=NUMBER,
    names=("`vip`, `optouts`", "spring, summer/sale, …"),
    one=("08:00-12:00",),
    opening=TIME,
    other=("13:00-18:00",),
    path=("/var/lib/mms-runner/shop.sqlite", "/srv/my state/a.sqlite"),
    paused=(
        N_("paused by {actor}").format(actor="anna"),
        N_("paused by {actor} since {since}: {reason}").format(
            actor="anna", since=TIME[1], reason="the price is wrong"
        ),
    ),
    peer=PEER,
    people=(N_("1 recipient"), N_("{count} recipients").format(count=2000)),
    place=("campaigns/a.yaml:3:5", "campaigns/夏.yaml:12:1"),
    places=("lists/a.csv:3, lists/a.csv:17", "lists/会员.csv:2"),
    problem=("No such file or directory", "Permission denied", "database or disk is full"),
    process=("4711", "1"),
    reason=SENTENCE,
    remark=("busy", "user name or password: wrong", "余额不足"),
    seconds=("5", "0.5", "60"),
    setting=("url", "proxy"),
    since=TIME,
    tasks=("2734, 2735", "27349872349823, 1"),
    time=(N_("{count} hours").format(count=3), N_("{count} days").format(count=2)),
    why=SENTENCE,
)
VALUES["owner"] = (OWNER, "daemon on an older mms-runner")


@pytest.fixture(autouse=True, params=TRANSLATED)
def language(request):
    speak(request.param)
    yield request.param
    speak("en")


def fill(message):
    """Give the message with several values for each of its fields."""
    for turn in range(ROUNDS):
        names = sorted(list_fields(message))
        values = {
            name: VALUES[name][(turn + place) % len(VALUES[name])]
            for place, name in enumerate(names)
        }
        yield N_(message).format(**values)


def is_found_again(message):
    words = "".join(text for text, *_ in string.Formatter().parse(message))
    return sum(map(str.isalpha, words)) >= LETTERS_TO_BE_FOUND_BY


@pytest.mark.parametrize("message", [each for each in MESSAGES if is_found_again(each)])
def test_a_sentence_is_translated_by_its_words_as_by_its_message(message):
    for sentence in fill(message):
        kept = sentence[:]
        assert translate(kept) == translate(sentence)
        assert translate(kept) != kept


def test_clauses_that_were_joined_are_translated_each():
    joined = join_clauses(NOT_SENT, IN_QUARANTINE)
    assert translate(joined[:]) == translate(joined)
    assert translate(joined) == f"{translate(NOT_SENT)}；{translate(IN_QUARANTINE)}"


def test_the_words_of_an_error_are_still_a_sentence():
    assert str(RuntimeError(NOT_SENT)) is NOT_SENT


def test_a_name_that_is_also_a_word_of_the_catalogue_stays_a_name():
    told = N_("there is no batch {batch}").format(batch="file")
    assert "file" in translate(told)
