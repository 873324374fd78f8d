"""Shows plans to a person before anything is sent, in the language that is spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.changes import Kind
from runner.cli.differences import list_differences
from runner.cli.names import name_action, name_change
from runner.cli.tables import add_remark, count, enumerate_all, render_fact
from runner.cli.width import display_width
from runner.dispatch.policy import covers
from runner.language import N_, _, join_clauses, ngettext, translate
from runner.model.recipient import mask_mobiles
from runner.plan import Action, StoredCampaign
from runner.workspace.masking import show_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from runner.cli.since import Comparison
    from runner.model.account import Settings
    from runner.model.campaign import Audience, Source
    from runner.model.diagnostic import Diagnostic
    from runner.model.outcome import Balance
    from runner.plan import CampaignPlan

_COUNTED = {
    Kind.ADDED: N_("{count} added"),
    Kind.REMOVED: N_("{count} removed"),
    Kind.CHANGED: N_("{count} changed"),
}
_ACTION_WORDS = {
    Action.SCHEDULE: N_("would go out at its start"),
    Action.DRAFT: N_("only `mms-runner run {id}` sends it"),
    Action.CHANGE: N_("the file has changed; the new plan replaces the kept one"),
    Action.UNCHANGED: N_("kept as it is"),
    Action.FROZEN: N_("has begun, with this very content"),
    Action.DRIFTED: N_("has begun with another content"),
    Action.LATE: N_("would not go out by itself"),
    Action.HELD: N_("would not go out"),
    Action.PAUSED: N_("does not go out for as long as that stands"),
    Action.CANCEL: N_("what is not sent of it stays unsent"),
    Action.DONE: N_("nothing is left to send"),
    Action.UNKNOWN: N_("whether it was sent cannot be told"),
}
_LIST = N_("list")  # of what cannot be checked, before its name
# What stands in front of a line of a plan.
_LABELS = (
    *(N_("title"), N_("start"), N_("recipients"), N_("message"), N_("requests"), N_("hours")),
    *(
        N_("until"),
        N_("submission"),
        N_("again"),
        N_("labels"),
        N_("pace"),
        N_("warning"),
        N_("balance"),
    ),
    N_("not checked"),
)


def describe_plans(
    plans: Sequence[CampaignPlan],
    settings: Settings,
    balances: Mapping[str, Balance],
    comparison: Comparison | None = None,
) -> str:
    """Tell a person what would be sent.

    balances: by account, those that were asked. comparison: where only what a change changes is
    wanted; plans are then those of what it adds or changes.
    """
    if not plans and not comparison:
        return _("The workspace has no campaign.")
    blocks = list(_describe_comparison(comparison)) if comparison else []
    blocks += [_describe_plan(plan, settings, balances, comparison) for plan in plans]
    return "\n\n".join(blocks)


def _describe_comparison(comparison: Comparison) -> Iterator[str]:
    """Say what concerns no single plan."""
    kinds = [change.kind for change in comparison.changes.values()]
    counts = [_(_COUNTED[kind]).format(count=kinds.count(kind)) for kind in Kind if kind in kinds]
    told = (
        _("Since {commit}: {changes}.") if counts else _("Since {commit}: no campaign has changed.")
    )
    yield told.format(commit=comparison.commit[:8], changes=enumerate_all(counts))
    if comparison.new_workspace:
        yield _("The workspace was not there: every campaign is new.")
    if comparison.new_settings:
        yield _("runner.yaml has changed too: look at it, it is not compared here.")
    for change in comparison.changes.values():
        if change.kind is Kind.REMOVED:
            yield f"{change.id}: {name_change(change.kind)}"


def describe_error(error: Diagnostic) -> str:
    """Say in one line what is wrong with a file, and what to do."""
    told = join_clauses(error.message, *filter(None, [error.hint]))
    return f"{error.file}: {translate(told)}"


def describe_action(plan: CampaignPlan) -> str:
    """Say what would be done with a campaign."""
    return _(_ACTION_WORDS[plan.action]).format(id=plan.campaign.id)


def _describe_changes(plan: CampaignPlan, settings: Settings) -> list[str]:
    """Say what would be another than what was scheduled; nothing for one that was not."""
    stored = plan.stored
    if plan.action is not Action.CHANGE or not isinstance(stored, StoredCampaign):
        return []
    campaign = plan.campaign
    pairs = {
        "title": (mask_mobiles(stored.title), mask_mobiles(campaign.message.title)),
        "account": (stored.account, campaign.account),
        "start": (_moment(stored.start, settings), _moment(campaign.start, settings)),
        "recipients": (f"{stored.recipients:,}", f"{len(campaign.audience.mobiles):,}"),
    }
    if campaign.starts_now:
        del pairs["start"]
    changes = [
        _("changed: {name} {old} -> {new}").format(name=_(name), old=old, new=new)
        for name, (old, new) in pairs.items()
        if old != new
    ]
    return changes or [_("changed: the message, or who gets it")]


def _moment(moment: datetime | None, settings: Settings) -> str:
    return f"{moment.astimezone(settings.zone):%F %R}" if moment else _("none")


def list_not_checked(
    plan: CampaignPlan, balances: Mapping[str, Balance], comparison: Comparison | None = None
) -> list[str]:
    """Name what this machine, or this command, cannot judge, in words for scripts."""
    missing = plan.campaign.audience.missing
    names: list[str] = [] if plan.campaign.account in balances else [N_("balance")]
    names += [f"{_LIST} {name}" for name in missing]
    if missing and plan.campaign.expect:
        names.append(N_("expect"))
    if comparison and plan.campaign.id in comparison.uncertain:
        names.append(N_("whether it was sent before"))
    return names


def say_not_checked(words: str) -> str:
    """Say the same to a person."""
    kind, space, name = words.partition(" ")
    return f"{_(kind)}{space}{name}" if kind == _LIST else _(words)


def list_warnings(
    plan: CampaignPlan, settings: Settings, balances: Mapping[str, Balance]
) -> list[str]:
    """Say why it would not go out as it stands, and what somebody should look at."""
    warnings = [translate(plan.reason)] if plan.reason else []
    warnings += _describe_changes(plan, settings)
    warnings += map(translate, plan.warnings)
    balance = balances.get(plan.campaign.account)
    total = len(plan.campaign.audience.mobiles)
    if balance and not covers(balance, total):
        short = _("the balance of {left} does not cover {total} recipients")
        warnings.append(short.format(left=balance.left, total=total))
    return warnings


def _describe_plan(
    plan: CampaignPlan,
    settings: Settings,
    balances: Mapping[str, Balance],
    comparison: Comparison | None,
) -> str:
    facts = [
        *_describe_change(plan.campaign.id, comparison, settings),
        *_describe_content(plan, settings),
        *list_times(plan, settings),
        *((_("warning"), warning) for warning in list_warnings(plan, settings, balances)),
    ]
    if balance := balances.get(plan.campaign.account):
        facts.append((_("balance"), str(balance.left)))
    unchecked = map(say_not_checked, list_not_checked(plan, balances, comparison))
    facts += [(_("not checked"), what) for what in unchecked]
    head = add_remark(name_action(plan.action), describe_action(plan))
    return "\n".join([f"{plan.campaign.id}: {head}", *_align(facts)])


def _align(facts: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Align them in every plan alike."""
    width = max(display_width(_(label)) for label in _LABELS) + 1
    for label, value in facts:
        yield f"  {label}{' ' * (width - display_width(label))}{value}"


def _describe_content(plan: CampaignPlan, settings: Settings) -> Iterator[tuple[str, str]]:
    """Say what goes out, when and to whom."""
    campaign, audience = plan.campaign, plan.campaign.audience
    account = settings.accounts[campaign.account]
    yield _("title"), mask_mobiles(campaign.message.title)
    start = str(campaign.start.astimezone(settings.zone)) if campaign.start else None
    yield _("start"), start or (_("now") if campaign.starts_now else _("none"))
    counted = _(
        "{total} = {given} given - {twice} duplicates - {invalid} invalid - {excluded} excluded"
    )
    yield _("recipients"), counted.format(**count_people(audience))
    for source in audience.sources:
        rows = _("{rows} in {file}")
        yield "", rows.format(rows=count(source.rows, "row"), file=_name_source(source))
    size = _("{size} of {limit} bytes in {frames}").format(
        size=f"{plan.message.size:,}",
        limit=f"{account.message_limit:,}",
        frames=count(len(campaign.message.frames), "frame"),
    )
    yield _("message"), size
    yield _("requests"), _describe_batches(plan)


def count_people(audience: Audience) -> dict[str, str]:
    """Give how many people a campaign goes to, and who was left out, as fields of a message."""
    return {
        "total": f"{len(audience.mobiles):,}",
        "given": f"{audience.given:,}",
        "twice": f"{audience.duplicates:,}",
        "invalid": f"{audience.invalid:,}",
        "excluded": f"{audience.excluded:,}",
    }


def _name_source(source: Source) -> str:
    return f"{source.name}:{show_name(source.sheet)}" if source.sheet else source.name


def _describe_change(
    campaign: str, comparison: Comparison | None, settings: Settings
) -> Iterator[tuple[str, str]]:
    if comparison is None:
        return
    change = comparison.changes[campaign]
    yield name_change(change.kind), _("since {commit}").format(commit=comparison.commit[:8])
    for difference in list_differences(change, settings.zone):
        yield "", render_fact(difference.name, str(difference))


def list_times(plan: CampaignPlan, settings: Settings) -> Iterator[tuple[str, str]]:
    """Give what else decides when, and whether, it goes out, where it says so."""
    campaign, account = plan.campaign, settings.accounts[plan.campaign.account]
    hours = [str(stretch) for stretch in (account.hours, campaign.hours) if stretch]
    if hours:
        yield _("hours"), _(" and ").join(dict.fromkeys(hours))
    if campaign.until:
        yield _("until"), _moment(campaign.until, settings)
    if campaign.starts_at_gateway:
        yield _("submission"), _("now: the gateway itself waits for the start")
    if campaign.again:
        meant = _("{campaigns}, and that is meant")
        yield _("again"), meant.format(campaigns=enumerate_all(campaign.again))
    if campaign.labels:
        yield _("labels"), enumerate_all(campaign.labels)
    if account.pace:
        yield _("pace"), _("{count} people a minute").format(count=f"{account.pace:,}")


def _describe_batches(plan: CampaignPlan) -> str:
    if not plan.batches:
        return _("none, by account {account}").format(account=plan.campaign.account)
    sizes = [f"{batch.recipients:,}" for batch in plan.batches[:5]]
    more = ["…"] if len(plan.batches) > len(sizes) else []
    largest = max((batch.request_bytes for batch in plan.batches), default=0)
    told = ngettext(
        "{requests} ({shares} person), up to {largest} bytes each, by account {account}",
        "{requests} ({shares} people), up to {largest} bytes each, by account {account}",
        1 if sizes == ["1"] else 2,
    )
    return told.format(
        requests=f"{len(plan.batches):,}",
        shares=" + ".join(sizes + more),
        largest=f"{largest:,}",
        account=plan.campaign.account,
    )
