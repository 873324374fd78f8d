"""The states of campaigns, batches and accounts, and the only ways between them."""

from __future__ import annotations

import pytest

from runner.lifecycle import (
    ACCOUNT,
    BATCH,
    CAMPAIGN,
    PAUSED,
    AccountEvent,
    AccountState,
    BatchEvent,
    BatchState,
    CampaignEvent,
    CampaignState,
    IllegalTransition,
    RecipientState,
    after,
)

WAYS_OF_A_BATCH = """
    planned     claim     submitting
    planned     cancel    cancelled
    submitting  accept    accepted
    submitting  reject    rejected
    submitting  not sent  planned
    submitting  doubt     in_doubt
    submitting  cancel    cancelled
    in_doubt    accept    accepted
    in_doubt    reject    rejected
    in_doubt    not sent  planned
    in_doubt    doubt     in_doubt
    in_doubt    cancel    cancelled
    rejected    not sent  planned
    rejected    cancel    cancelled
    accepted    overrule  in_doubt
"""

WAYS_OF_A_CAMPAIGN = """
    scheduled  plan      scheduled
    scheduled  hold      held
    scheduled  miss      missed
    scheduled  begin     running
    scheduled  cancel    cancelled
    held       plan      scheduled
    held       hold      held
    held       cancel    cancelled
    missed     plan      scheduled
    missed     hold      held
    missed     resume    running
    missed     cancel    cancelled
    running    plan      scheduled
    running    miss      missed
    running    halt      halted
    running    complete  finished
    running    reopen    running
    running    cancel    cancelled
    halted     halt      halted
    halted     reopen    running
    halted     resume    running
    halted     cancel    cancelled
    finished   halt      halted
    finished   reopen    running
    cancelled  plan      scheduled
    cancelled  halt      cancelled
"""

WAYS_OF_AN_ACCOUNT = """
    active       run low  low_balance
    active       suspend  suspended
    low_balance  run low  low_balance
    low_balance  top up   active
    low_balance  suspend  suspended
    low_balance  release  active
    suspended    run low  suspended
    suspended    suspend  suspended
    suspended    release  active
"""


def read_ways(table):
    """Read the columns: state, event (of one or two words), state."""
    rows = [line.split() for line in table.strip().splitlines()]
    return {(row[0], " ".join(row[1:-1]), row[-1]) for row in rows}


def ways(table):
    return {
        (state.value, event.value, following.value)
        for state, row in table.items()
        for event, following in row.items()
    }


TABLES = [
    pytest.param(BATCH, BatchState, BatchEvent, WAYS_OF_A_BATCH, id="batch"),
    pytest.param(CAMPAIGN, CampaignState, CampaignEvent, WAYS_OF_A_CAMPAIGN, id="campaign"),
    pytest.param(ACCOUNT, AccountState, AccountEvent, WAYS_OF_AN_ACCOUNT, id="account"),
]
FIRST = {
    BatchState: BatchState.PLANNED,
    CampaignState: CampaignState.SCHEDULED,
    AccountState: AccountState.ACTIVE,
}
FINAL = {
    # Whoever wants what was cancelled sent after all plans it anew.
    BatchState: {BatchState.CANCELLED},
    CampaignState: set(),
    AccountState: set(),
}


@pytest.mark.parametrize(("table", "states", "events", "written"), TABLES)
def test_these_are_all_the_ways_there_are(table, states, events, written):
    assert ways(table) == read_ways(written)


@pytest.mark.parametrize(("table", "states", "events", "written"), TABLES)
def test_every_way_is_taken_and_every_other_refused(table, states, events, written):
    legal = {(state, event): following for state, event, following in read_ways(written)}
    for state in states:
        for event in events:
            if (state.value, event.value) in legal:
                assert after(table, state, event) is states(legal[state.value, event.value])
            else:
                with pytest.raises(IllegalTransition, match=event.value):
                    after(table, state, event)


@pytest.mark.parametrize(("table", "states", "events", "written"), TABLES)
def test_every_state_can_be_reached(table, states, events, written):
    reached, new = set(), {FIRST[states]}
    while new:
        reached |= new
        new = {following for state in new for following in table[state].values()} - reached
    assert reached == set(states)


@pytest.mark.parametrize(("table", "states", "events", "written"), TABLES)
def test_every_state_but_the_final_ones_can_be_left(table, states, events, written):
    stuck = {state for state in states if not set(table[state].values()) - {state}}
    assert stuck == FINAL[states]


@pytest.mark.parametrize(("table", "states", "events", "written"), TABLES)
def test_every_event_happens_somewhere(table, states, events, written):
    assert {event for row in table.values() for event in row} == set(events)


def test_a_batch_goes_out_again_only_where_it_was_not_sent():
    """Nothing leads back to `planned` but the certainty that it did not arrive."""
    back = {(state, event) for state, event, following in ways(BATCH) if following == "planned"}
    assert back == {("submitting", "not sent"), ("in_doubt", "not sent"), ("rejected", "not sent")}


def test_a_batch_is_submitted_only_out_of_planned():
    assert [row for row in ways(BATCH) if row[2] == "submitting"] == [
        ("planned", "claim", "submitting")
    ]


def test_a_cancelled_campaign_comes_back_only_by_a_new_plan():
    """Nothing that an answer in flight brings lets it go on."""
    back = {
        event
        for event, following in CAMPAIGN[CampaignState.CANCELLED].items()
        if following is not CampaignState.CANCELLED
    }
    assert back == {CampaignEvent.PLAN}


def test_every_way_to_running_is_a_start_or_a_persons_word():
    ways_there = {
        (state, event)
        for state, event, following in ways(CAMPAIGN)
        if following == "running" and state != "running"
    }
    assert ways_there == {
        ("scheduled", "begin"),
        ("missed", "resume"),
        ("halted", "reopen"),
        ("halted", "resume"),
        ("finished", "reopen"),
    }


def test_paused_is_no_state_but_how_a_brake_is_shown():
    assert PAUSED not in set(CampaignState) | set(AccountState)


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (BatchState, "planned submitting accepted rejected in_doubt cancelled"),
        (CampaignState, "scheduled held missed running halted finished cancelled"),
        (AccountState, "active low_balance suspended"),
        (
            RecipientState,
            "pending submitted delivered failed rejected in_doubt cancelled unreported",
        ),
    ],
)
def test_the_states_are_the_words_of_the_contract(states, words):
    assert [state.value for state in states] == words.split()
