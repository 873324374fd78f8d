"""Warns of words that a message to customers should have, and of what a phone reads wrongly."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING
from unicodedata import normalize

from runner.language import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.workspace.second_look import ShownFrame, ShownPart, Subject

# What phones show of a subject: AOSP, MmsConfig, mMaxSubjectLength.
_LONGEST_TITLE = 40

_SIGNATURE = re.compile(r"【[^【】]+】")
# How to refuse, with what to do about it, in one sentence: 拒收请回复R, 回T退订, 退订请致电400…,
# 如不想再收到请回N. That a ticket can be refunded (可随时退订) says nothing of it.
_ACT = r"(?:回|发送?|编辑|输入|按|致电|拨打?|点击?|联系|登录|扫)"
_REFUSE = (
    r"(?:拒收|拒绝|谢绝|退订|退定|屏蔽|免打扰|不再接收|[不勿][想愿]?再?(?:收到|接收|打扰)"
    r"|取消(?:订阅|接收|关注|推送))"
)
_OPT_OUT = re.compile(
    rf"{_REFUSE}[^。!?]{{0,12}}?{_ACT}|{_ACT}[^。!?]{{0,12}}?{_REFUSE}"
    r"|(?:退订|拒收):?[A-Z0-9]|[拒退]回复?[A-Z0-9]|回复?[A-Z0-9]{1,6}[拒退]"
    r"|\b(?:reply|text|send)\b.{0,20}\b(?:stop|unsubscribe|opt[ -]?out)\b",
    re.IGNORECASE,
)
_BESIDE_CHINESE = re.compile(r"(?<!\s)\s++(?=[^\x00-\x7f])|(?<=[^\x00-\x7f])\s++")
# Android, android.util.Patterns.WEB_URL: nearly every character but a blank goes on with a path.
_UNBROKEN = re.compile(r"(?<![!-~])[!-~]++(?=\S)")  # in one pass, however long the text is
_LINK = re.compile(r"https?://|(?<![\w@.-])(?:www\.|(?:[a-z0-9-]+\.)+[a-z]{2,}/)", re.IGNORECASE)
_MOST_LINKS = 20  # told of one text


def judge_wording(subject: Subject, frames: Sequence[ShownFrame]) -> None:
    """Note what is missing in the texts, or would be read wrongly."""
    texts = list(chain.from_iterable(frame.texts for frame in frames))
    _judge_title(subject)
    if texts:  # what a picture says is not known
        _judge_signature(subject, texts[0])
        _judge_opt_out(subject, texts)
    for text in texts:
        _judge_links(subject, text)


def _judge_title(subject: Subject) -> None:
    length = len(subject.campaign.message.title)
    if length > _LONGEST_TITLE:
        message = N_(
            "the title has {count} characters, and many phones show no more than 40"
        ).format(count=length)
        hint = N_("shorten it; the first text can say the rest")
        subject.faults.at_value(("title",), "title-too-long", message, hint)


def _judge_signature(subject: Subject, text: ShownPart) -> None:
    account, begin = subject.account, text.written.lstrip()
    if account.signature is not None:
        if begin.startswith(account.signature):
            return
        message = N_(
            "the first text does not begin with the signature of account {account}"
        ).format(account=account.name)
        given = subject.data.get("signature")
        if given and begin.startswith(given):
            hint = N_("write `signature: {words}`").format(words=account.signature)
            subject.faults.at_value(("signature",), "missing-signature", message, hint)
            return
        hint = N_("write `{words}` in front of it").format(words=account.signature)
    else:
        if _SIGNATURE.match(begin):
            return
        message = N_("the first text does not begin with a signature that says who sends it")
        hint = N_("write the name of your company or shop in front of it in 【】, such as 【某店】")
    subject.faults.at_use(text.path, "missing-signature", message, hint)


def _judge_opt_out(subject: Subject, texts: Sequence[ShownPart]) -> None:
    account, given = subject.account, subject.data.get("opt_out")
    plain = [_squeeze(text.written) for text in texts]
    if account.opt_out:
        if any(_squeeze(words) in text for words in account.opt_out for text in plain):
            return
        message = N_("no text has the opt-out words of account {account}").format(
            account=account.name
        )
        if given:
            hint = N_("write `opt_out: {words}`").format(words=account.opt_out[0])
            subject.faults.at_value(("opt_out",), "missing-opt-out", message, hint)
            return
        hint = N_("end the last text with `{words}`").format(words=account.opt_out[0])
    else:
        if given or any(map(_OPT_OUT.search, plain)):
            return
        message = N_("no text says how to refuse further messages")
        hint = N_(
            "end the last text with words such as 拒收请回复R, or write yours as `opt_out`,"
            " for all campaigns at once in _defaults.yaml"
        )
    subject.faults.at_use(texts[-1].path, "missing-opt-out", message, hint)


def _squeeze(text: str) -> str:
    """Take out what makes no other words: line breaks, blanks between Chinese, wide letters."""
    return _BESIDE_CHINESE.sub("", normalize("NFKC", text))


def _judge_links(subject: Subject, text: ShownPart) -> None:
    runs = _UNBROKEN.finditer(text.written)
    ends = [found.end() for found in runs if _LINK.search(found[0])][:_MOST_LINKS]
    if not ends:
        return
    message = N_("this character stands right behind a link, and phones take it for a part of it")
    hint = N_("put a blank or a new line behind the link")
    for span in subject.faults.document.locate_characters(text.path, ends):
        subject.faults.at_value(text.path, "link-runs-on", message, hint, span=span)
