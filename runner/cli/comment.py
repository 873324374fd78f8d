"""Shows plans as Markdown, for a comment in a merge request: what a reviewer is about to allow.

A forge refuses a comment that is too long, so what does not fit is left out, and counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.changes import Kind
from runner.cli.differences import list_differences
from runner.cli.markdown import code, code_lines, prose, table
from runner.cli.names import name_action, name_change
from runner.cli.preview import (
    count_people,
    describe_action,
    describe_error,
    list_not_checked,
    list_times,
    list_warnings,
    say_not_checked,
)
from runner.cli.tables import add_remark, count, enumerate_all, render_fact
from runner.language import _
from runner.model.campaign import PartType
from runner.model.recipient import mask_mobiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.cli.differences import Difference
    from runner.cli.since import Comparison
    from runner.model.account import Settings
    from runner.model.campaign import Campaign, Part
    from runner.model.outcome import Balance
    from runner.plan import CampaignPlan

_MOST_CHARACTERS = 60_000  # GitHub takes 65,536
_MOST_ROWS = 100  # and as many errors
_LONGEST_TEXT = 500  # characters of one text
_PICTURES = {PartType.JPG: "JPEG", PartType.GIF: "GIF"}


def write_comment(
    plans: Sequence[CampaignPlan],
    settings: Settings,
    balances: Mapping[str, Balance],
    comparison: Comparison | None = None,
) -> str:
    """Write plans as a comment.

    balances: by account, those that were asked. comparison: where only what a change changes is
    wanted; plans are then those of what it adds or changes.
    """
    sheet = _Sheet(settings=settings, balances=balances, comparison=comparison)
    rows = [sheet.row(plan) for plan in plans] + list(sheet.removed_rows())
    blocks = [sheet.headline(plans), *sheet.notes()]
    if rows:
        blocks.append(table(sheet.head(), rows[:_MOST_ROWS]))
    if len(rows) > _MOST_ROWS:
        more = _("and {campaigns} more")
        blocks.append(more.format(campaigns=count(len(rows) - _MOST_ROWS, "campaign")))
    room = _MOST_CHARACTERS - sum(map(len, blocks))
    sections = []
    for plan in plans:
        section = sheet.section(plan)
        room -= len(section) + 2
        if room > 0:
            sections.append(section)
    if left := len(plans) - len(sections):
        more = _("No room is left for {campaigns}: `mms-runner plan` shows all.")
        sections.append(more.format(campaigns=count(left, "campaign")))
    return "\n\n".join(blocks + sections)


class _Sheet:
    def __init__(
        self,
        *,
        settings: Settings,
        balances: Mapping[str, Balance],
        comparison: Comparison | None,
    ) -> None:
        self._settings = settings
        self._balances = balances
        self._comparison = comparison

    def headline(self, plans: Sequence[CampaignPlan]) -> str:
        people = sum(len(plan.campaign.audience.mobiles) for plan in plans)
        title = _("MMS plan")
        what = _("{campaigns}, {people} recipients").format(
            campaigns=count(len(plans), "campaign"), people=f"{people:,}"
        )
        if self._comparison:
            since = _("{campaigns} since `{commit}`")
            what = since.format(campaigns=what, commit=self._comparison.commit[:8])
        return "\n\n".join([f"### {title}", what])

    def notes(self) -> Iterator[str]:
        """Say what concerns all campaigns."""
        comparison = self._comparison
        if comparison is None:
            return
        told = comparison.errors[:_MOST_ROWS]
        if told:
            word = _("error")
            yield "\n".join(f"- **{word}** {prose(describe_error(each))}" for each in told)
        if comparison.new_workspace:
            yield _("The workspace was not there: every campaign is new.")
        if comparison.new_settings:
            yield _("`runner.yaml` has changed too: look at it, it is not compared here.")

    def head(self) -> list[str]:
        change = [_("change")] if self._comparison else []
        numbers = [f"{name}:" for name in (_("recipients"), _("requests"), _("bytes"))]
        return [_("campaign"), *change, _("start"), *numbers, _("account")]

    def row(self, plan: CampaignPlan) -> list[str]:
        campaign = plan.campaign
        limit = self._settings.accounts[campaign.account].message_limit
        return [
            code(campaign.id),
            *self._kind(campaign.id),
            self._start(campaign),
            f"{len(campaign.audience.mobiles):,}",
            f"{len(plan.batches):,}",
            _("{size} of {limit}").format(size=f"{plan.message.size:,}", limit=f"{limit:,}"),
            code(campaign.account),
        ]

    def removed_rows(self) -> Iterator[list[str]]:
        for change in self._comparison.changes.values() if self._comparison else ():
            if change.kind is not Kind.REMOVED:
                continue
            cells = ["", "", "", "", ""]
            if campaign := change.before:
                people = f"{len(campaign.audience.mobiles):,}"
                cells = [self._start(campaign), people, "", "", code(campaign.account)]
            yield [code(change.id), name_change(change.kind), *cells]

    def section(self, plan: CampaignPlan) -> str:
        times = (render_fact(*each) for each in list_times(plan, self._settings))
        unchecked = enumerate_all(map(prose, self._not_checked(plan))) or _("nothing")
        lines = [
            f"#### {code(plan.campaign.id)}",
            "",
            f"- {prose(render_fact(name_action(plan.action), describe_action(plan)))}",
            f"- {render_fact(_('title'), code(mask_mobiles(plan.campaign.message.title)))}",
            *(f"- **{_('changed')}** {_describe(each)}" for each in self._differences(plan)),
            *(f"- {prose(time)}" for time in times),
            *(f"- **{_('warning')}** {prose(mask_mobiles(each))}" for each in self._warnings(plan)),
            f"- {_count_people(plan.campaign)}",
            f"- {render_fact(_('not checked'), unchecked)}",
            "",
            f"<details><summary>{count(len(plan.campaign.message.frames), 'frame')}</summary>",
            "",
            *_list_frames(plan.campaign),
            "",
            "</details>",
        ]
        return "\n".join(lines)

    def _kind(self, name: str) -> list[str]:
        return [name_change(self._comparison.changes[name].kind)] if self._comparison else []

    def _start(self, campaign: Campaign) -> str:
        if campaign.starts_now:
            return _("now")
        if campaign.start is None:
            return _("draft")
        start = campaign.start.astimezone(self._settings.zone)
        return start.isoformat(sep=" ", timespec="minutes")

    def _differences(self, plan: CampaignPlan) -> Sequence[Difference]:
        if self._comparison is None:
            return []
        change = self._comparison.changes[plan.campaign.id]
        return [*list_differences(change, self._settings.zone)]

    def _warnings(self, plan: CampaignPlan) -> Sequence[str]:
        return list_warnings(plan, self._settings, self._balances)

    def _not_checked(self, plan: CampaignPlan) -> Sequence[str]:
        words = list_not_checked(plan, self._balances, self._comparison)
        return [say_not_checked(each) for each in words]


def _describe(difference: Difference) -> str:
    remark = prose(difference.remark) if difference.remark else ""
    if difference.before is None or difference.after is None:
        return render_fact(prose(difference.name), remark)
    values = f"{code(difference.before)} → {code(difference.after)}"
    return render_fact(prose(difference.name), add_remark(values, remark) if remark else values)


def _count_people(campaign: Campaign) -> str:
    counted = _(
        "{total} recipients: {given} given, {twice} duplicates, {invalid} invalid,"
        " {excluded} excluded"
    )
    return counted.format(**count_people(campaign.audience))


def _list_frames(campaign: Campaign) -> Iterator[str]:
    for number, frame in enumerate(campaign.message.frames, start=1):
        yield f"{number}. " + _("{seconds} s").format(seconds=frame.duration)
        for part in frame.parts:
            yield f"   - {_show_part(part)}"


def _show_part(part: Part) -> str:
    if part.type is not PartType.TXT:
        picture = _("{kind}, {size} bytes")
        return picture.format(kind=_PICTURES[part.type], size=f"{len(part.payload):,}")
    # GBK reads what GB2312 wrote, and has `—` and `·` as people type them.
    text = mask_mobiles(part.payload.decode("gbk", errors="replace"))
    return code_lines(text[:_LONGEST_TEXT]) + ("…" if len(text) > _LONGEST_TEXT else "")
