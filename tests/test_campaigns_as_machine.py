"""Whatever files, people, clocks and the gateway do, in any order: what must always hold holds."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from builders import (
    ACCOUNT,
    EVERYTHING,
    NOW,
    ZONE,
    begin_scheduled,
    claim,
    follow,
    make_brake,
    make_campaign,
    make_message,
    rows_of,
    run,
)
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from runner.errors import WrongUsage
from runner.lifecycle import AccountEvent, BatchEvent, BrakeSource, CampaignState
from runner.model.campaign import Expectation, Wish
from runner.store.accounts import (
    change_standing,
    ensure_accounts,
    read_standing,
    release_account,
)
from runner.store.brakes import read_brakes
from runner.store.claims import cancel_recipients, load_mobiles
from runner.store.database import open_database
from runner.store.outcomes import BatchChange, change_batch, doubt_abandoned, find_claimed
from runner.store.planning import read_facts
from runner.store.progress import read_campaigns, read_recipients
from runner.store.resolution import send_again_by_hand
from runner.store.steering import cancel_for_good, may_cancel, pause, resume
from runner.timing import parse_hours

HOUR = timedelta(hours=1)
ALL_NAMES = ["moon", "sun", "star"]
NAMES = st.sampled_from(ALL_NAMES)
STARTS = {
    "draft": {},
    "now": {"starts_now": True, "start_as_written": "now"},
    "soon": {"start": NOW + HOUR, "start_as_written": "soon"},
    "later": {"start": NOW + 9 * HOUR, "start_as_written": "later"},
}
FILES = st.fixed_dictionaries(
    {
        "people": st.sampled_from([2, 3, 5]),
        "text": st.sampled_from(["你好", "再见"]),
        "start": st.sampled_from(list(STARTS)),
        "at_gateway": st.booleans(),
        "wish": st.sampled_from([None] * 6 + [*Wish]),
        "guarded": st.sampled_from([False] * 5 + [True]),
        "until": st.sampled_from([None] * 3 + [NOW + 4 * HOUR]),
        "hours": st.sampled_from([None] * 3 + ["08:00-21:00"]),
    }
)
BRAKES = st.sampled_from([EVERYTHING, ACCOUNT, *(make_brake(name=name) for name in ALL_NAMES)])
FROZEN = """
    SELECT c.id, c.message, b.id, r.mobile
    FROM campaigns AS c
    JOIN batches AS b ON b.campaign = c.id
    JOIN recipients AS r ON r.batch = b.id
    WHERE c.frozen_at IS NOT NULL ORDER BY c.id, b.id, r.mobile
"""
STATES = """
    SELECT DISTINCT c.state, b.state
    FROM campaigns AS c JOIN batches AS b ON b.campaign = c.id
"""
SENT = {"submitting", "accepted", "in_doubt", "rejected"}
IMPOSSIBLE = {
    "finished": {"planned", "submitting"},
    "cancelled": {"planned"},
    "scheduled": SENT | {"cancelled"},
    "held": SENT | {"cancelled"},
    "missed": SENT | {"cancelled"},
}
OUTCOMES = st.sampled_from(
    [BatchEvent.ACCEPT, BatchEvent.REJECT, BatchEvent.NOT_SENT, BatchEvent.DOUBT]
)


def cancel(transaction, name, now):
    """Cancel for good, as the command does."""
    if may_cancel(transaction, name):
        cancel_for_good(transaction, name, now, reason="a test")


def read_file(name, said):
    """The campaign that a file says."""
    guard = Expectation(least=99, most=99) if said["guarded"] else None
    start = STARTS[said["start"]]
    return make_campaign(
        said["people"],
        name=name,
        message=make_message(said["text"]),
        wish=said["wish"],
        expect=guard,
        until=said["until"],
        hours=parse_hours(said["hours"]) if said["hours"] else None,
        starts_at_gateway=said["at_gateway"] and "start" in start,
        **start,
    )


class Campaigns(RuleBasedStateMachine):
    """A workspace of four files, an account, a clock, and everybody who has a hand in them."""

    @initialize()
    def open(self):
        self.folder = tempfile.TemporaryDirectory()
        self.database = open_database(Path(self.folder.name) / "state.db", actor="test")
        with self.database.writing() as transaction:
            ensure_accounts(transaction, ["main"], NOW)
        self.now = NOW
        self.files = {}
        self.claims = []  # those whose outcome is to come
        self.last_outcome = {}  # by batch
        self.frozen = {}  # message and people, by campaign
        self.may_have = Counter()  # how often a person may have got a campaign
        for name in ALL_NAMES:
            self.files[name] = make_campaign(5, name=name, **STARTS["now"])
        self.read_the_files(forced=False)

    def teardown(self):
        if hasattr(self, "database"):
            self.database.close()
            self.folder.cleanup()

    # ---- files

    @rule(name=NAMES, said=FILES)
    def write_a_file(self, name, said):
        self.files[name] = read_file(name, said)
        self.read_the_files(forced=False)

    @rule(name=NAMES, wish=st.sampled_from([None, None, *Wish]))
    def change_the_state_in_a_file(self, name, wish):
        if name in self.files:
            self.files[name] = replace(self.files[name], wish=wish)
            self.read_the_files(forced=False)

    @rule(name=NAMES, forced=st.booleans())
    def remove_a_file(self, name, forced):
        self.files.pop(name, None)
        self.read_the_files(forced=forced)

    @rule()
    def check_out_another_branch_for_a_moment(self):
        files, self.files = self.files, {}
        self.read_the_files(forced=False)
        self.files = files

    def read_the_files(self, *, forced):
        before = rows_of(self.database, "SELECT count(*) FROM events")
        refused = follow(self.database, *self.files.values(), now=self.now, forced=forced)
        if refused:
            assert not forced
            assert rows_of(self.database, "SELECT count(*) FROM events") == before

    @rule(name=NAMES, named=st.booleans())
    def run_one(self, name, named):
        if name in self.files:
            run(self.database, self.files[name], named=named, now=self.now)

    # ---- time and the account

    @rule(passed=st.sampled_from([timedelta(seconds=1), HOUR, 3 * HOUR, 14 * HOUR, -HOUR]))
    def let_time_pass(self, passed):
        self.now += passed
        begin_scheduled(self.database, self.now)

    @rule(trouble=st.booleans())
    def stop_or_release_the_account(self, trouble):
        with self.database.writing() as transaction:
            if trouble:
                standing = read_standing(transaction, "main")
                change_standing(transaction, standing, AccountEvent.SUSPEND, self.now)
            else:
                release_account(transaction, "main", self.now, reason="a test")

    # ---- people

    @rule(brake=BRAKES, hand=st.sampled_from([pause, resume, resume]))
    def pause_or_resume_something(self, brake, hand):
        self.steer(hand, brake, self.now)

    @rule(name=NAMES)
    def cancel_one(self, name):
        if name in self.facts():
            self.steer(cancel, name, self.now)

    @rule(data=st.data())
    def say_that_a_batch_was_not_sent(self, data):
        query = "SELECT id FROM batches WHERE state IN ('in_doubt', 'rejected')"
        doubtful = [batch for (batch,) in rows_of(self.database, query)]
        if not doubtful:
            return
        batch = data.draw(st.sampled_from(doubtful))
        with self.database.writing() as transaction:
            send_again_by_hand(transaction, batch, now=self.now)
        self.come_home(batch, BatchEvent.NOT_SENT)

    def steer(self, hand, *what):
        try:
            with self.database.writing() as transaction:
                hand(transaction, *what)
        except WrongUsage:
            pass  # there is nothing of it to pause or to cancel

    # ---- senders

    @rule(most=st.integers(1, 4))
    def claim_what_may_go(self, most):
        begin_scheduled(self.database, self.now)
        for _ in range(most):
            claimed = claim(self.database, scope=None, now=self.now)
            if claimed is None:
                return
            self.check_claim(claimed)
            self.claims.append(claimed)

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), event=OUTCOMES, halts=st.booleans())
    def record_an_outcome(self, data, event, halts):
        claimed = self.claims.pop(data.draw(st.integers(0, len(self.claims) - 1)))
        with self.database.writing() as transaction:
            batch = find_claimed(transaction, claimed)
            if batch is None:
                return  # a person settled it before
            task = f"{claimed.batch}" if event is BatchEvent.ACCEPT else None
            change = BatchChange(
                event=event, task_id=task, halts=halts and event is BatchEvent.REJECT
            )
            change_batch(transaction, batch, change, self.now)
        self.come_home(claimed.batch, event)

    @precondition(lambda self: self.claims)
    @rule(everybody=st.booleans())
    def leave_out_who_opted_out(self, everybody):
        """As the pump does between a claim and its request."""
        claimed = self.claims[-1]
        with self.database.writing() as transaction:
            batch = find_claimed(transaction, claimed)
            mobiles = load_mobiles(transaction, claimed.batch)
            unwanted = mobiles if everybody else mobiles[1:]
            if batch is None or batch.state != "submitting" or not unwanted:
                return
            cancel_recipients(transaction, claimed.batch, unwanted, "opted out", self.now)
            if everybody:
                change_batch(transaction, batch, BatchChange(event=BatchEvent.CANCEL), self.now)
                self.claims.pop()

    @rule()
    def die(self):
        """The next process finds what was in flight; late answers may still come."""
        with self.database.writing() as transaction:
            for batch in doubt_abandoned(transaction, self.now):
                self.last_outcome[batch.id] = BatchEvent.DOUBT

    def check_claim(self, claimed):
        with self.database.reading() as transaction:
            stored = read_facts(transaction)[claimed.campaign]
            brakes = read_brakes(transaction)
            people = load_mobiles(transaction, claimed.batch)
        stops = [brake for brake in brakes if brake.source is not BrakeSource.GUARD]
        assert not any(brake.covers(claimed.campaign, stored.account) for brake in stops)
        assert stored.state is CampaignState.RUNNING
        assert self.last_outcome.get(claimed.batch) in (None, BatchEvent.NOT_SENT)
        self.last_outcome[claimed.batch] = BatchEvent.CLAIM
        self.check_live(claimed.campaign)
        self.may_have.update((claimed.campaign, mobile) for mobile in people)
        assert not any(count > 1 for count in self.may_have.values()), "somebody got it twice"

    def check_live(self, campaign):
        query = f"SELECT until, hours, starts_at_gateway FROM campaigns WHERE id = '{campaign}'"
        [(until, hours, at_gateway)] = rows_of(self.database, query)
        assert until is None or until > self.now.isoformat()[:19]
        local = self.now.astimezone(ZONE)
        assert hours is None or at_gateway or 8 <= local.hour < 21

    def come_home(self, batch, event):
        """What was not sent may be sent again."""
        self.last_outcome[batch] = event
        if event is BatchEvent.NOT_SENT:
            [(campaign,)] = rows_of(
                self.database, f"SELECT campaign FROM batches WHERE id = {batch}"
            )
            people = rows_of(self.database, f"SELECT mobile FROM recipients WHERE batch = {batch}")
            for (mobile,) in people:
                self.may_have.pop((campaign, mobile), None)

    # ---- what must always hold

    def facts(self):
        with self.database.reading() as transaction:
            return read_facts(transaction)

    @invariant()
    def what_must_always_hold_holds(self):
        with self.database.reading() as transaction:
            self.check_counts(transaction)
            self.check_frozen(transaction)
            self.check_states(transaction)

    def check_counts(self, transaction):
        for status in read_campaigns(transaction):
            assert sum(status.recipients.values()) == status.total
            people = Counter(row.state for row in read_recipients(transaction, status.id))
            assert people == Counter(status.recipients)

    def check_frozen(self, transaction):
        """From its first claim on a campaign's message and people are what they are."""
        kept = {}
        for name, message, *person in transaction.exec_driver_sql(FROZEN):
            kept.setdefault(name, (message, []))[1].append(person)
        for name, (_, people) in kept.items():
            assert len({mobile for _, mobile in people}) == len(people)
            assert self.frozen.setdefault(name, kept[name]) == kept[name]
        assert set(self.frozen) == set(kept), "what was claimed of is never forgotten"

    def check_states(self, transaction):
        """Of what is over nothing is left; of what has not begun nothing was sent."""
        for state, batch in transaction.exec_driver_sql(STATES):
            assert batch not in IMPOSSIBLE.get(state, ()), (state, batch)


def test_what_must_always_hold_holds_in_any_order():
    run_state_machine_as_test(
        Campaigns,
        settings=settings(
            max_examples=25,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
