"""A mobile number is one recipient, however people write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.recipient import looks_like_a_number, parse_mobile, parse_mobiles, why_no_mobile


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "+8613800138000",
        "008613800138000",
        "8613800138000",
        "86 138-0013-8000",
        "+86 138 0013 8000",
        "１３８００１３８０００",
        "＋８６　１３８－００１３－８０００",
        "  13800138000\t",
        "138\u00a00013\u00a08000",
    ],
)
def test_every_form_that_people_write_means_the_same_recipient(text):
    assert parse_mobile(text) == 13800138000


@given(
    st.lists(
        st.sampled_from(
            [
                *("13800138000", "13900139000", "+8613800138000", "１３８００１３８０００"),
                *("12800138000", "", "\n", "13800138000\n"),
                *("13800138000\n13900139000", "13800138000\n1390013900"),
            ]
        )
    )
)
def test_many_numbers_are_read_as_each_alone(texts):
    assert parse_mobiles(texts) == list(map(parse_mobile, texts))


@pytest.mark.parametrize("second", "3456789")
def test_a_mobile_number_begins_with_1_and_3_to_9(second):
    assert parse_mobile(f"1{second}800138000") == int(f"1{second}800138000")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        ("　", "it is empty"),
        ("1380013800", "it has 10 digits; a mobile number has 11"),
        ("+86 1380 0138 0001", "it has 12 digits; a mobile number has 11"),
        ("13800138000 13900139000", "it has 22 digits; a mobile number has 11"),
        ("12800138000", "a mobile number begins with 1 and 3 to 9"),
        ("23800138000", "a mobile number begins with 1 and 3 to 9"),
        ("+86 02812345678", "it is a landline or service number, which shows no MMS"),
        ("1380013800O", "a letter stands for a digit in it, such as O for 0 or l for 1"),
        ("张三", "it holds letters"),
        ("13800138000/2", "something else stands beside the number"),
        (
            "13800138000/13900139000",
            "it holds more than one number; each stands in a row or an item of its own",
        ),
        ("12800138000/2", "it holds characters that are no digits"),
        ("021-62345678", "it is a landline or service number, which shows no MMS"),
        ("400-820-8820", "it is a landline or service number, which shows no MMS"),
        ("3800138000", "the 1 in front is missing: it has 10 digits; a mobile number has 11"),
        ("13800138000.0", "a spreadsheet put `.0` behind it: format the column as text"),
        ("\u200b13800138000", "an invisible character stands in it: type the number anew"),
        ("+", "it holds characters that are no digits"),
        ("١٣٨٠٠١٣٨٠٠٠", "it holds characters that are no digits"),
        ("-13800138000", "it begins or ends with a dash"),
        ("+852 91234567", "its country code is not 86"),
        ("001 2025550123", "its country code is not 86"),
    ],
)
def test_what_is_no_mobile_number_says_why(text, why):
    assert parse_mobile(text) is None
    assert why_no_mobile(text) == why


@pytest.mark.parametrize("text", ["1.38E+10", "1.38001e10", "13800138000.0"])
def test_a_number_that_a_spreadsheet_spoilt_names_the_cure(text):
    assert parse_mobile(text) is None
    assert "format the column as text" in why_no_mobile(text)


@pytest.mark.parametrize("text", ["13800138000", "+86 1380", "1.38E+10", "1380013800O", "１３８"])
def test_a_faulty_number_still_looks_like_one(text):
    assert looks_like_a_number(text)


@pytest.mark.parametrize("text", ["mobile", "手机号", "phone 2", "2035年会员手机", ""])
def test_a_heading_does_not_look_like_a_number(text):
    assert not looks_like_a_number(text)


@given(st.text(alphabet="0123456789+-. 　８６E张", max_size=20))
def test_no_reason_repeats_the_number(text):
    reason = why_no_mobile(text)
    assert len(text) < 5 or text not in reason


@given(st.text())
def test_any_text_is_a_mobile_number_of_11_digits_or_none(text):
    mobile = parse_mobile(text)
    assert mobile is None or 13_000_000_000 <= mobile <= 19_999_999_999
