"""A message on the wire: what GB2312 can hold, how frames are written, and what all of it weighs.

What we write is read back by the sandbox's own decoder, which shares no code with ours.
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from urllib.parse import unquote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_gb2312 import GB2312_CHARACTERS

from runner.codec.content import PackedMessage, message_size, pack_message
from runner.codec.gb2312 import encode_text
from runner.model.campaign import Frame, Message, Part, PartType
from runner.sandbox.content import decode_content

JPG = b"\xff\xd8\xff\xe0\x00\x10JFIF"
GIF = b"GIF89a\x01\x00\x01\x00"
EVERY_BASE64_CHARACTER = bytes.fromhex(
    "00108310518720928b30d38f41149351559761969b71d79f8218a39259a7a29aabb2dbafc31cb3d35db7e39ebbf3dfbf"
)


def text_part(text: str) -> Part:
    return Part(type=PartType.TXT, payload=encode_text(text))


def message_of(*parts: Part, title: str = "t", duration: int = 3) -> Message:
    return Message(title=title, frames=(Frame(duration=duration, parts=parts),))


def content_of(message: Message) -> str:
    return unquote_plus(pack_message(message).content.decode())


texts = st.text(st.sampled_from(["\n", *GB2312_CHARACTERS]), min_size=1, max_size=60)
text_parts = texts.map(text_part)
pictures = st.one_of(
    st.binary(max_size=90).map(lambda rest: Part(type=PartType.JPG, payload=JPG + rest)),
    st.binary(max_size=90).map(lambda rest: Part(type=PartType.GIF, payload=GIF + rest)),
)
frames = st.builds(
    Frame,
    duration=st.integers(1, 255),
    parts=st.lists(text_parts | pictures, min_size=1, max_size=4).map(tuple),
)
titles = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
messages = st.builds(
    Message, title=titles, frames=st.lists(frames, min_size=1, max_size=4).map(tuple)
)


# ---- the grammar


def test_a_frame_is_its_seconds_and_its_parts_each_a_type_and_base64():
    """The document's own example: 3,txt|zsSxvg==,jpg|4AAQ..."""
    message = message_of(text_part("文本"), Part(type=PartType.JPG, payload=b"\xe0\x00\x10"))
    assert content_of(message) == "3,txt|zsSxvg==,jpg|4AAQ"


def test_frames_stand_in_playing_order_with_a_semicolon_between_and_no_blank():
    first = Frame(duration=3, parts=(text_part("a"),))
    second = Frame(duration=15, parts=(Part(type=PartType.GIF, payload=b"GIF"), text_part("b")))
    message = Message(title="t", frames=(first, second))
    assert content_of(message) == "3,txt|YQ==;15,gif|R0lG,txt|Yg=="


def test_parts_stand_in_the_order_in_which_they_were_given():
    picture = Part(type=PartType.GIF, payload=b"GIF")
    assert content_of(message_of(picture, text_part("a"))) == "3,gif|R0lG,txt|YQ=="
    assert content_of(message_of(text_part("a"), picture)) == "3,txt|YQ==,gif|R0lG"


def test_every_character_that_a_form_would_change_is_escaped():
    """An unescaped + arrives as a space and ruins the base64."""
    parts = (
        Part(type=PartType.JPG, payload=EVERY_BASE64_CHARACTER),
        Part(type=PartType.JPG, payload=b"\x00"),
    )
    content = pack_message(message_of(*parts)).content
    assert content == (
        b"3%2Cjpg%7CABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%2B%2F"
        b"%2Cjpg%7CAA%3D%3D"
    )


@settings(deadline=None)
@given(messages)
def test_the_form_bytes_are_those_of_urlencode(message):
    packed = pack_message(message)
    fields = {"title": message.title, "content": content_of(message)}
    spliced = b"title=" + packed.title + b"&content=" + packed.content
    assert spliced == urlencode(fields).encode()


@settings(deadline=None)
@given(messages)
def test_another_decoder_reads_back_exactly_what_went_in(message):
    decoded = decode_content(content_of(message))
    assert [frame.duration for frame in decoded] == [frame.duration for frame in message.frames]
    assert [[(part.type, part.payload) for part in frame.parts] for frame in decoded] == [
        [(part.type.value, part.payload) for part in frame.parts] for frame in message.frames
    ]


@settings(deadline=None)
@given(texts)
def test_another_decoder_reads_back_every_text(text):
    (frame,) = decode_content(content_of(message_of(text_part(text))))
    assert [part.text for part in frame.parts] == [text]


# ---- texts in GB2312


def test_a_text_travels_as_base64_of_its_gb2312_bytes():
    encoded = content_of(message_of(text_part("中秋快乐"))).partition("|")[2]
    assert b64decode(encoded) == b"\xd6\xd0\xc7\xef\xbf\xec\xc0\xd6"


# ---- sizes and digests


def test_the_size_is_the_title_in_utf_8_the_texts_in_gb2312_and_the_pictures_as_they_are():
    message = message_of(
        text_part("中秋"), Part(type=PartType.JPG, payload=bytes(1000)), title="中秋ok"
    )
    assert message_size(message) == (3 + 3 + 2) + 4 + 1000


def test_a_packed_message_knows_its_size():
    message = message_of(text_part("中秋"), title="节")
    assert pack_message(message).size == message_size(message) == 3 + 4


def packed(**changes: object) -> PackedMessage:
    message = message_of(text_part("你好"), title="节日")
    return pack_message(replace(message, **changes))


def test_the_digest_is_the_same_for_the_same_message():
    assert packed().digest == packed().digest
    assert packed().digest.startswith("sha256:")


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "假日"},
        {"frames": (Frame(duration=4, parts=(text_part("你好"),)),)},
        {"frames": (Frame(duration=3, parts=(text_part("您好"),)),)},
        {"frames": (Frame(duration=3, parts=(text_part("你"), text_part("好"))),)},
    ],
)
def test_the_digest_changes_with_whatever_the_recipient_would_see(changes):
    assert packed(**changes).digest != packed().digest
