"""The names of states and of what a plan would do, in the language that is spoken.

JSON has them as they are: `in_doubt`. People read them in tables, which in English show the same
word, and in sentences.
"""

from __future__ import annotations

from runner.language import N_, _

# Of campaigns, batches, accounts, recipients and answers with reports; for the catalogues, which
# find messages in sources alone.
_STATES = (
    *(N_("scheduled"), N_("held"), N_("missed"), N_("running"), N_("halted"), N_("finished")),
    *(N_("paused"), N_("cancelled"), N_("planned"), N_("submitting"), N_("accepted")),
    *(N_("rejected"), N_("in_doubt"), N_("in doubt"), N_("pending"), N_("submitted")),
    *(N_("delivered"), N_("failed"), N_("unreported"), N_("active"), N_("low_balance")),
    *(N_("low balance"), N_("suspended"), N_("received"), N_("applied"), N_("quarantined")),
)


_ACTIONS = (
    *(N_("schedule"), N_("draft"), N_("change"), N_("unchanged"), N_("frozen"), N_("drifted")),
    *(N_("late"), N_("held"), N_("paused"), N_("cancel"), N_("done"), N_("unknown")),
)
_CHANGES = (
    *(N_("added"), N_("removed"), N_("changed")),
    *(N_("duration"), N_("text"), N_("image"), N_("order")),
)


def name_state(state: str) -> str:
    """Name a state in a table."""
    return _(str(state))


def name_action(action: str) -> str:
    """Name what a plan would do with a campaign."""
    return _(str(action))


def name_change(change: str) -> str:
    """Name what a change does to a campaign or a frame, or what of a frame it changes."""
    return _(str(change))


def say_state(state: str) -> str:
    """Name a state within a sentence."""
    return _(state.replace("_", " "))
