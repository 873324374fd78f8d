"""Whatever files, people, clocks and the gateway do, in any order: what must always hold holds."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from builders import (
    ACCOUNT,
    EVERYTHING,
    FIRST,
    NOW,
    ZONE,
    begin_scheduled,
    follow,
    make_account,
    make_brake,
    make_campaign,
    make_credentials,
    make_message,
    make_pump,
    rows_of,
)
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from torture.simulation.actors import Actor, Killed, current_actor
from torture.simulation.folders import quick_folder
from torture.simulation.promises import Promises, read_boxes
from torture.simulation.steps import hearing_steps
from torture.simulation.wire import REFUSED, Wire

from runner.dispatch.begin import begin_campaign
from runner.dispatch.line import take_up
from runner.errors import WrongUsage
from runner.lifecycle import AccountEvent, BrakeSource, CampaignState
from runner.model.account import NamedList, OnCode8, ReportPolling, Retry
from runner.model.campaign import Expectation, Wish
from runner.plan import plan_campaign
from runner.reports import apply_left_over, may_poll, poll_reports
from runner.sandbox.faults import Call
from runner.sandbox.reports import DELIVERED, FAILED, Report
from runner.sandbox.settings import SandboxSettings
from runner.store.accounts import change_standing, read_standing
from runner.store.brakes import read_brakes
from runner.store.claims import load_message, read_numbers
from runner.store.custody import take_custody
from runner.store.database import open_database
from runner.store.doubt import Scales, settle_doubt
from runner.store.planning import list_campaigns, read_facts
from runner.store.resolution import accept_by_hand, send_again_by_hand
from runner.store.steering import cancel_for_good, may_cancel, pause, resume
from runner.timing import parse_hours

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.sandbox import Submission
    from runner.store.database import Database

HOUR = timedelta(hours=1)
ALL_NAMES = ["moon", "sun", "star", "rain", "snow", "wind"]
NAMES = st.sampled_from(ALL_NAMES)
STARTS = {
    "draft": {},
    "now": {"starts_now": True, "start_as_written": "now"},
    "soon": {"start": NOW + HOUR, "start_as_written": "soon"},
    "later": {"start": NOW + 9 * HOUR, "start_as_written": "later"},
}
FILES = st.fixed_dictionaries(
    {
        "people": st.sampled_from([2, 5, 12, 24]),
        "title": st.sampled_from([None, None, "moon cakes"]),
        "start": st.sampled_from(list(STARTS)),
        "at_gateway": st.booleans(),
        "wish": st.sampled_from([None] * 6 + [*Wish]),
        "guarded": st.sampled_from([False] * 5 + [True]),
        "until": st.sampled_from([None] * 3 + [NOW + 4 * HOUR]),
        "hours": st.sampled_from([None] * 3 + ["08:00-21:00"]),
    }
)
BRAKES = st.sampled_from([*(make_brake(name=name) for name in ALL_NAMES), EVERYTHING, ACCOUNT])

# Every row of the protocol's tables. What says for certain that nothing was taken never lies.
SEND_FAULTS = [
    *(str(code) for code in range(12)),
    *(f"http-{status}" for status in (204, 302, 404, 413, 502)),
    *(f"taken-http-{status}" for status in (302, 500)),
    *("html", "empty", "garbage", "taken-html", "taken-empty", "taken-garbage", "taken-11"),
    *("timeout-before", "timeout-after", "reset-before", "reset-after", "cut", "padded", REFUSED),
]
BALANCE_FAULTS = ["timeout", "html", "faild", "sucess", "negative", "decimal", "http-500", REFUSED]
REPORT_FAULTS = [
    *("cut", "short", "gb2312", "bom", "cdata", "html", "http-502", "timeout", REFUSED),
    *("timeout-after", "reset-after", "error-1", "error-3"),
]


def mostly_none(faults: list[str]) -> st.SearchStrategy[str | None]:
    return st.sampled_from([None] * len(faults) + faults)


FAULTS = st.fixed_dictionaries(
    {
        Call.SEND: mostly_none(SEND_FAULTS),
        Call.BALANCE: mostly_none(BALANCE_FAULTS),
        Call.REPORT: mostly_none(REPORT_FAULTS),
    }
)
NO_FAULTS = dict.fromkeys(Call)

WHAT_HAPPENED = "SELECT max(id) FROM events UNION ALL SELECT count(*) FROM report_journal"

INDEX = st.integers(0, 23)
PASSED = [timedelta(seconds=1), HOUR, 3 * HOUR, 14 * HOUR, -HOUR]


def act(name: str, weight: int, /, **words: st.SearchStrategy[object]) -> list[st.SearchStrategy]:
    return [st.tuples(st.just(name), st.fixed_dictionaries(words))] * weight


# One rule draws from them all: hypothesis would leave out half of many rules from each example.
ACTS = st.one_of(
    *act("send", 6, times=st.integers(1, 4), far=st.sampled_from([0, 1, 2, 2]), faults=FAULTS),
    *act("send", 3, times=st.integers(2, 6), far=st.just(2), faults=st.just(NO_FAULTS)),
    *act("poll", 3, far=st.sampled_from([0, 1, 9, 9]), faults=FAULTS),
    *act("poll", 3, far=st.just(9), faults=st.just(NO_FAULTS)),
    *act("let_one_go_on", 5, index=INDEX, faults=FAULTS),
    *act("let_a_process_die_after", 3, steps=st.integers(1, 25)),
    *act("make_way_for_another_process", 2, asleep=st.booleans()),
    *act("write_a_file", 2, name=NAMES, said=FILES),
    *act("change_the_state_in_a_file", 1, name=NAMES, wish=st.sampled_from([None, None, *Wish])),
    *act(
        "copy_or_rename_a_file",
        1,
        name=NAMES,
        other=NAMES,
        stays=st.booleans(),
        people=st.sampled_from([None, 2, 30]),
    ),
    *act("say_that_a_file_repeats_another", 1, name=NAMES, other=NAMES),
    *act("remove_files", 1, name=NAMES, forced=st.booleans(), everything=st.booleans()),
    *act("run_one", 1, name=NAMES, named=st.booleans()),
    *act("let_time_pass", 2, passed=st.sampled_from(PASSED)),
    *act("opt_out", 1, index=INDEX),
    *act(
        "hinder",
        1,
        hindrance=st.sampled_from(["pause", "suspend", "lose a list", "cancel"]),
        brake=BRAKES,
    ),
    *act("resume_something", 1, brake=BRAKES),
    *act("help_everything_on", 3),
    *act("settle_a_batch", 3, index=INDEX, was_sent=st.booleans(), says_task=st.booleans()),
    *act(
        "let_a_report_be_made",
        3,
        index=INDEX,
        kind=st.sampled_from(["once more", "once more", "foreign", "stray"]),
        good=st.booleans(),
    ),
)

NEWEST_CLAIM = """
    SELECT b.id, b.campaign, c.account, c.message, c.until, c.hours, c.starts_at_gateway
    FROM events AS e JOIN batches AS b ON b.id = CAST(e.name AS INTEGER)
    JOIN campaigns AS c ON c.id = b.campaign
    WHERE e.subject = 'batch' AND e.new_state = 'submitting' ORDER BY e.id DESC LIMIT 1
"""
SETTLEABLE = """
    SELECT b.id, c.title FROM batches AS b JOIN campaigns AS c ON c.id = b.campaign
    WHERE b.state IN ('in_doubt', 'rejected') OR b.settled_by IS NOT NULL ORDER BY b.id
"""
IN_DOUBT = "SELECT id FROM batches WHERE state = 'in_doubt' ORDER BY id"
UNSETTLED = """
    SELECT id, state FROM batches WHERE state IN ('submitting', 'in_doubt')
    UNION SELECT id, state FROM report_journal WHERE state = 'received'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What a file of the workspace says; again: the campaigns that it names there."""

    said: Mapping[str, object]
    again: tuple[str, ...] = ()

    def read(self, name):
        said = self.said
        guard = Expectation(least=99, most=99) if said["guarded"] else None
        start = STARTS[said["start"]]
        return make_campaign(
            said["people"],
            name=name,
            message=make_message(title=said["title"]),
            wish=said["wish"],
            expect=guard,
            until=said["until"],
            hours=parse_hours(said["hours"]) if said["hours"] else None,
            starts_at_gateway=said["at_gateway"] and "start" in start,
            again=self.again,
            **start,
        )


class Campaigns(RuleBasedStateMachine):
    """A workspace of a few files, an account and its gateway, a clock, and everybody at work."""

    @initialize(
        batch_size=st.sampled_from([3, 6]),
        extno=st.sampled_from([None, "90"]),
        exclusive=st.booleans(),
        on_code_8=st.sampled_from(OnCode8),
    )
    def open(self, batch_size, extno, exclusive, on_code_8):
        self.stack = ExitStack()
        folder = self.stack.enter_context(quick_folder())
        self.state = folder / "state.db"
        self.opt_out_list = folder / "optout.csv"
        self.opted_out = ["13900000000"]
        self.write_opt_out_list()
        self.account = make_account(
            batch_size=batch_size,
            concurrency=2,
            extno=extno,
            exclusive=exclusive,
            on_code_8=on_code_8,
            retry=Retry(tries=2),
            reports=ReportPolling(page=3),
        )
        self.now = NOW
        self.wire = Wire(
            SandboxSettings(balance=400, report_delay=0, failed_share=0.5),
            seed=1,
            clock=lambda: self.now,
            credentials=make_credentials(""),
            way=self,
        )
        self.promises = Promises(self.state, [self.wire], awakes=True)
        self.files = {name: File(said=self.say_by_default(name)) for name in ALL_NAMES[:3]}
        self.faults = NO_FAULTS
        self.fuse = None  # steps until a process dies
        self.is_mortal = False
        self.deaths = 0
        self.stack.enter_context(hearing_steps(self.hear))
        self.sleepers = []  # of processes that were given up, and have not died
        self.left_open = []  # their states
        self.office = open_database(self.state, actor="anna")
        self.start()
        self.read_the_files(forced=False)

    def say_by_default(self, name):
        said = {"people": 24, "start": "now", "at_gateway": False, "wish": None}
        return said | {"title": name, "guarded": False, "until": None, "hours": None}

    def teardown(self):
        if not hasattr(self, "office"):
            return
        try:
            if sys.exception() is None:
                self.come_to_an_end()
        finally:
            self.fuse = None
            for actor in (*self.sending, *self.polling, *self.sleepers):
                actor.kill()
            for database in (self.database, self.office, *self.left_open):
                database.close()
            self.stack.close()

    @rule(act=ACTS)
    def happen(self, act):
        name, words = act
        getattr(self, name)(**words)

    # ---- processes, and how they end

    def start(self):
        """Be a new process: take up what is there, whatever became of the last one."""
        self.sending, self.polling = [], []
        while True:
            self.database = open_database(self.state, actor="daemon")
            try:
                with self.mortal():
                    assert take_custody(self.database) is None
                    take_up(self.database, ["main"], self.now)
                    apply_left_over(self.database, self.now)
            except Killed:
                self.database.close()
                continue
            break
        optout = NamedList(name="optout", file=str(self.opt_out_list))
        self.scales = Scales()
        self.pump = make_pump(
            self.database, self.wire, self.account, self.tell_time, scope=None, opt_outs=[optout]
        )

    def tell_time(self):
        return self.now

    @contextmanager
    def mortal(self) -> Iterator[None]:
        self.is_mortal = True
        try:
            yield
        finally:
            self.is_mortal = False

    @contextmanager
    def process(self) -> Iterator[Database]:
        """Do something as the one that sends; where it dies, another takes its place."""
        try:
            with self.mortal():
                yield self.database
        except Killed:
            self.die()

    @contextmanager
    def command(self) -> Iterator[Database]:
        """Do something as a command beside it, which may die, or be refused."""
        with suppress(Killed, WrongUsage), self.mortal():
            yield self.office

    def hear(self, step):
        if step == "collector.answer-safe" and not self.is_taking_up():
            self.wire.note_safe()
        if self.is_mortal and self.fuse is not None:
            self.fuse -= 1
            if self.fuse == 0:
                self.fuse = None
                self.deaths += 1
                raise Killed

    def is_taking_up(self):
        return not (self.polling or self.sleepers)

    def let_a_process_die_after(self, steps):
        self.fuse = steps

    def make_way_for_another_process(self, asleep):
        if asleep:
            self.be_given_up_in_ones_sleep()
        else:
            self.die()

    def die(self):
        for actor in (*self.sending, *self.polling):
            actor.kill()
        self.database.close()
        self.start()

    def be_given_up_in_ones_sleep(self):
        """Somebody deleted the lock of a process that stood still, and another takes over."""
        self.sleepers += [*self.sending, *self.polling]
        self.left_open.append(self.database)
        self.start()

    # ---- files

    def write_a_file(self, name, said):
        self.files[name] = File(said={**said, "title": said["title"] or name})
        self.read_the_files(forced=False)

    def change_the_state_in_a_file(self, name, wish):
        if name in self.files:
            file = self.files[name]
            self.files[name] = replace(file, said={**file.said, "wish": wish})
            self.read_the_files(forced=False)

    def copy_or_rename_a_file(self, name, other, stays, people):
        if name in self.files and name != other:
            file = self.files[name] if stays else self.files.pop(name)
            more = {"people": people} if people else {}
            self.files[other] = File(said={**file.said, **more})
            self.read_the_files(forced=False)

    def say_that_a_file_repeats_another(self, name, other):
        if name in self.files and name != other:
            file = self.files[name]
            self.files[name] = replace(file, again=(*file.again, other))
            self.promises.repeats[file.said["title"]] += 1
            self.read_the_files(forced=False)

    def remove_files(self, name, forced, everything):
        """One of them; or all for a moment, while another branch is checked out."""
        before = dict(self.files)
        for gone in ALL_NAMES if everything else [name]:
            self.files.pop(gone, None)
        self.read_the_files(forced=forced and not everything)
        if everything:
            self.files = before

    def read_the_files(self, *, forced):
        before = rows_of(self.database, "SELECT count(*) FROM events")
        campaigns = [file.read(name) for name, file in self.files.items()]
        with self.process() as database:
            refused = follow(
                database, *campaigns, now=self.now, forced=forced, account=self.account
            )
            if refused:
                assert not forced
                assert rows_of(database, "SELECT count(*) FROM events") == before

    def run_one(self, name, named):
        if name not in self.files:
            return
        campaign = self.files[name].read(name)
        plan = plan_campaign(campaign, self.account, None, self.now, ZONE, sending=True)
        with self.process() as database, database.writing() as transaction:
            begin_campaign(transaction, plan, {"main": self.account}, ZONE, self.now, named=named)

    # ---- time, the account and the lists

    def let_time_pass(self, passed):
        self.now += passed
        self.begin_what_is_due()

    def begin_what_is_due(self):
        with self.process() as database:
            begin_scheduled(database, self.now, self.account)

    def opt_out(self, index):
        self.opted_out.append(str(FIRST + index))
        self.write_opt_out_list()

    def write_opt_out_list(self):
        self.opt_out_list.write_text("\n".join(["mobile", *self.opted_out, ""]), "utf-8")

    # ---- people

    def hinder(self, hindrance, brake):
        if hindrance == "suspend":
            self.suspend_the_account()
        elif hindrance == "lose a list":
            self.opt_out_list.unlink(missing_ok=True)
        elif hindrance == "cancel":
            self.cancel_one(brake.name)
        else:
            with self.command() as database, database.writing() as transaction:
                pause(transaction, brake, self.now)

    def suspend_the_account(self):
        with self.process() as database, database.writing() as transaction:
            standing = read_standing(transaction, "main")
            change_standing(transaction, standing, AccountEvent.SUSPEND, self.now)

    def cancel_one(self, name):
        with self.command() as database, database.writing() as transaction:
            if name in read_facts(transaction, list_campaigns(transaction)) and may_cancel(
                transaction, name
            ):
                cancel_for_good(transaction, name, self.now, reason="a test")

    def resume_something(self, brake):
        with self.command() as database, database.writing() as transaction:
            resume(transaction, brake, self.now)
        self.begin_what_is_due()

    def help_everything_on(self):
        self.write_opt_out_list()
        self.wire.desk.top_up(100)
        for brake in (EVERYTHING, ACCOUNT, *(make_brake(name=name) for name in ALL_NAMES)):
            self.resume_something(brake)

    def settle_a_batch(self, index, was_sent, says_task):
        """By a person's word, be it true or not."""
        settleable = rows_of(self.office, SETTLEABLE)
        if not settleable:
            return
        batch, title = settleable[index % len(settleable)]
        tasks = [*(each.task_id for each in self.taken() if each.title == title), "77"]
        if was_sent:
            self.call_taken(batch, tasks[index % len(tasks)] if says_task else None)
        else:
            self.call_unsent(batch, title)

    def call_unsent(self, batch, title):
        with self.office.reading() as transaction:
            people = [int(number) for number in read_numbers(transaction, batch).split(",")]
        before = rows_of(self.office, f"SELECT state FROM batches WHERE id = {batch}")
        with self.command() as database, database.writing() as transaction:
            send_again_by_hand(transaction, batch, now=self.now)
        if rows_of(self.office, f"SELECT state FROM batches WHERE id = {batch}") != before:
            self.promises.words.update((title, mobile) for mobile in people)

    def call_taken(self, batch, task):
        with self.command() as database, database.writing() as transaction:
            accept_by_hand(transaction, batch, task_id=task, reports_within=72 * HOUR, now=self.now)
            settle_doubt(transaction, self.account, self.now)

    # ---- requests

    def send(self, times, far, faults):
        """Take steps to send, and let each come as far: set out, be taken, be answered."""
        self.begin_what_is_due()
        for _ in range(times):
            if len(self.sending) > self.account.concurrency:
                self.let_go_on(self.sending[0], 1 + far, faults)
            else:
                self.let_begin(Actor(self.pump.step), self.sending, far, faults)

    def poll(self, far, faults):
        database = self.database

        def ask():
            full = True
            while full:
                with database.reading() as transaction:
                    willing = may_poll(transaction, self.account)
                full = willing and self.poll_once(database).full

        self.let_begin(Actor(ask), self.polling, far, faults)

    def fetch(self, database):
        full = True
        while full:
            with database.reading() as transaction:
                if not may_poll(transaction, self.account):
                    return
            full = self.poll_once(database).full

    def poll_once(self, database):
        return poll_reports(database, self.account, self.wire, self.now, self.scales)

    def let_one_go_on(self, index, faults):
        everybody = [*self.sleepers, *self.sending, *self.polling]
        if everybody:
            self.let_go_on(everybody[index % len(everybody)], 1, faults)

    def let_begin(self, actor, others, far, faults):
        others.append(actor)
        self.let_go_on(actor, 1 + far, faults)

    def let_go_on(self, actor, times, faults):
        """Let it go on a few times, with this going wrong on its way."""
        self.faults = faults
        for _ in range(times):
            if actor.has_ended:
                break
            self.let_go_on_once(actor)
        self.faults = NO_FAULTS
        for others in (self.sending, self.polling, self.sleepers):
            others[:] = [each for each in others if not each.has_ended]

    def let_go_on_once(self, actor):
        if actor in self.sleepers:
            with suppress(Killed), self.mortal():
                actor.go_on()
        else:
            with self.process():
                actor.go_on()

    def set_out(self, call, body):
        """Be the way of a request: the gateway has it when the next rule lets it go on."""
        if call is Call.SEND:
            self.check_request(parse_qs(body.decode()))
        current_actor().rest()
        fault = self.faults[call]
        retried = self.account.on_code_8 is OnCode8.RETRY
        return None if fault == "taken-8" and retried else fault

    def come_back(self, _call):
        current_actor().rest()

    def check_request(self, fields):
        """What goes out is what was claimed just now, and nothing speaks against it."""
        with self.database.reading() as transaction:
            claim = transaction.execute(NEWEST_CLAIM).one()
            stored = read_facts(transaction, list_campaigns(transaction))[claim.campaign]
            brakes = read_brakes(transaction)
            mobiles = read_numbers(transaction, claim.id).split(",")
            message = load_message(transaction, claim.message)
        stops = [brake for brake in brakes if brake.source is not BrakeSource.GUARD]
        assert not any(brake.covers(claim.campaign, stored.account) for brake in stops)
        assert stored.state is CampaignState.RUNNING
        assert fields["mobile"] == [",".join(mobiles)]
        assert fields["content"] == parse_qs(f"content={message.content.decode()}")["content"]
        assert self.opt_out_list.exists()
        assert not set(mobiles).intersection(self.opted_out)
        self.check_live(claim)

    def check_live(self, claim):
        assert claim.until is None or claim.until > self.now.isoformat()[:19]
        local = self.now.astimezone(ZONE)
        assert claim.hours is None or claim.starts_at_gateway or 8 <= local.hour < 21

    # ---- reports

    def let_a_report_be_made(self, index, kind, good):
        """One that repeats or contradicts another, or is of somebody else's task or number."""
        heard = [box for body in self.wire.handed_out for box in read_boxes(body)]
        if not heard or (kind == "foreign" and self.account.exclusive):
            return
        task, mobile, _ = heard[-1 - index % len(heard)]
        self.wire.desk.outbox.add_ready(
            Report(
                mobile="13700000000" if kind == "stray" else str(mobile),
                task_id="99" if kind == "foreign" else task,
                status=DELIVERED if good else FAILED,
                received_at=self.now,
                errorcode="DELIVRD",
            )
        )

    def taken(self) -> list[Submission]:
        return [each for each in self.wire.desk.submissions if each.taken]

    # ---- what must always hold

    @invariant()
    def what_must_always_hold_holds(self):
        assert self.promises.look() == []

    def come_to_an_end(self):
        """When everybody has done what is theirs to do, every campaign is accounted for."""
        self.fuse = None
        for actor in (*self.sending, *self.polling, *self.sleepers):
            self.let_go_on(actor, 10, NO_FAULTS)
        self.files = {name: self.put_right(file) for name, file in self.files.items()}
        self.write_opt_out_list()
        self.wire.desk.top_up(10_000)
        done = None
        for hours in range(0, 150, 5):
            before, done = done, self.do_what_is_left()
            if before == done and hours > 20:  # whatever was to start has started
                break
        assert self.promises.look() == []
        assert rows_of(self.database, UNSETTLED) == []
        assert len(self.wire.desk.outbox) == 0
        self.check_ends()

    def put_right(self, file):
        open_end = {"wish": None, "guarded": False, "until": None, "hours": None}
        return replace(file, said=file.said | open_end)

    def do_what_is_left(self):
        self.now += 5 * HOUR
        self.read_the_files(forced=True)
        for brake in (EVERYTHING, ACCOUNT, *(make_brake(name=name) for name in ALL_NAMES)):
            self.resume_something(brake)
        for (batch,) in rows_of(self.office, IN_DOUBT):
            self.settle_by_truth(batch)
        while self.work(Actor(self.pump.step)):
            pass
        self.work(Actor(partial(self.fetch, self.database)))
        return rows_of(self.database, WHAT_HAPPENED)

    def work(self, actor):
        """Do something to its end; says whether there may be more."""
        requests = self.wire.requests
        while not actor.has_ended:
            actor.go_on()
        return self.wire.requests > requests

    def settle_by_truth(self, batch):
        with self.office.reading() as transaction:
            people = set(read_numbers(transaction, batch).split(","))
        tasks = [each.task_id for each in self.taken() if set(each.mobiles) == people]
        known = {task for (task,) in rows_of(self.office, "SELECT task_id FROM batches")}
        unknown = [task for task in tasks if task not in known]
        if unknown:
            self.call_taken(batch, unknown[0])
        elif tasks:
            self.call_taken(batch, None)
        else:
            title = "SELECT c.title FROM batches b JOIN campaigns c ON c.id = b.campaign"
            self.call_unsent(batch, rows_of(self.office, f"{title} WHERE b.id = {batch}")[0][0])

    def check_ends(self):
        """What has not come to its end has a reason that a person is told."""
        states = dict(rows_of(self.database, "SELECT id, state FROM campaigns"))
        for name, state in states.items():
            waits = state in ("held", "missed", "halted")
            file_is_gone = name not in self.files
            drawn_up = state == "scheduled" and self.files[name].said["start"] == "draft"
            ended = state in ("finished", "cancelled")
            over = rows_of(self.database, f"SELECT until FROM campaigns WHERE id = '{name}'")
            assert ended or waits or file_is_gone or drawn_up or over[0][0], (name, state)


def test_what_must_always_hold_holds_in_any_order():
    run_state_machine_as_test(
        Campaigns,
        settings=settings(
            max_examples=15,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
