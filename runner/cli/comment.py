"""Shows plans as Markdown, for a comment in a merge request: what a reviewer is about to allow.

A forge refuses a comment that is too long, so what does not fit is left out, and counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.changes import Kind
from runner.cli.differences import list_differences
from runner.cli.markdown import code, code_lines, prose, table
from runner.cli.preview import ACTION_WORDS, list_not_checked, list_times, list_warnings
from runner.cli.tables import count
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
        blocks.append(f"and {count(len(rows) - _MOST_ROWS, 'campaign')} more")
    room = _MOST_CHARACTERS - sum(map(len, blocks))
    sections = []
    for plan in plans:
        section = sheet.section(plan)
        room -= len(section) + 2
        if room > 0:
            sections.append(section)
    if left := len(plans) - len(sections):
        more = f"No room is left for {count(left, 'campaign')}: `mms-runner plan` shows all."
        sections.append(more)
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
        since = f" since `{self._comparison.commit[:8]}`" if self._comparison else ""
        what = f"{count(len(plans), 'campaign')}, {people:,} recipients{since}"
        return f"### MMS plan\n\n{what}"

    def notes(self) -> Iterator[str]:
        """Say what concerns all campaigns."""
        comparison = self._comparison
        if comparison is None:
            return
        told = comparison.errors[:_MOST_ROWS]
        lines = [f"{error.file}: {error.message}; {error.hint}" for error in told]
        if lines:
            yield "\n".join(f"- **error** {prose(line)}" for line in lines)
        if comparison.new_workspace:
            yield "The workspace was not there: every campaign is new."
        if comparison.new_settings:
            yield "`runner.yaml` has changed too: look at it, it is not compared here."

    def head(self) -> list[str]:
        change = ["change"] if self._comparison else []
        return ["campaign", *change, "start", "recipients:", "requests:", "bytes:", "account"]

    def row(self, plan: CampaignPlan) -> list[str]:
        campaign = plan.campaign
        limit = self._settings.accounts[campaign.account].message_limit
        return [
            code(campaign.id),
            *self._kind(campaign.id),
            self._start(campaign),
            f"{len(campaign.audience.mobiles):,}",
            f"{len(plan.batches):,}",
            f"{plan.message.size:,} of {limit:,}",
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
            yield [code(change.id), change.kind, *cells]

    def section(self, plan: CampaignPlan) -> str:
        words = ACTION_WORDS[plan.action].format(id=plan.campaign.id)
        lines = [
            f"#### {code(plan.campaign.id)}",
            "",
            f"- {prose(f'{plan.action}: {words}')}",
            f"- title: {code(mask_mobiles(plan.campaign.message.title))}",
            *(f"- **changed** {_describe(difference)}" for difference in self._differences(plan)),
            *(f"- {prose(f'{name}: {value}')}" for name, value in list_times(plan, self._settings)),
            *(f"- **warning** {prose(mask_mobiles(text))}" for text in self._warnings(plan)),
            f"- {_count_people(plan.campaign)}",
            f"- not checked: {', '.join(map(prose, self._not_checked(plan))) or 'nothing'}",
            "",
            f"<details><summary>{count(len(plan.campaign.message.frames), 'frame')}</summary>",
            "",
            *_list_frames(plan.campaign),
            "",
            "</details>",
        ]
        return "\n".join(lines)

    def _kind(self, name: str) -> list[str]:
        return [self._comparison.changes[name].kind] if self._comparison else []

    def _start(self, campaign: Campaign) -> str:
        if campaign.starts_now:
            return "now"
        if campaign.start is None:
            return "draft"
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
        return list_not_checked(plan, self._balances, self._comparison)


def _describe(difference: Difference) -> str:
    remark = prose(difference.remark) if difference.remark else ""
    if difference.before is None or difference.after is None:
        return f"{prose(difference.name)}: {remark}"
    values = f"{code(difference.before)} → {code(difference.after)}"
    return f"{prose(difference.name)}: {values}{', ' if remark else ''}{remark}"


def _count_people(campaign: Campaign) -> str:
    audience = campaign.audience
    return (
        f"{len(audience.mobiles):,} recipients: {audience.given:,} given,"
        f" {audience.duplicates:,} duplicates, {audience.invalid:,} invalid,"
        f" {audience.excluded:,} excluded"
    )


def _list_frames(campaign: Campaign) -> Iterator[str]:
    for number, frame in enumerate(campaign.message.frames, start=1):
        yield f"{number}. {frame.duration} s"
        for part in frame.parts:
            yield f"   - {_show_part(part)}"


def _show_part(part: Part) -> str:
    if part.type is not PartType.TXT:
        return f"{_PICTURES[part.type]}, {len(part.payload):,} bytes"
    # GBK reads what GB2312 wrote, and has `—` and `·` as people type them.
    text = mask_mobiles(part.payload.decode("gbk", errors="replace"))
    return code_lines(text[:_LONGEST_TEXT]) + ("…" if len(text) > _LONGEST_TEXT else "")
