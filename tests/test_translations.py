"""The catalogues hold exactly what the program says, and all of it is translated."""

import re

import pytest
from translations.catalogues import TRANSLATED, list_messages, path_of, read_catalogue, renew, to_mo

LEFT_OUT = {"{number_type}"}  # an English name of click's
FIELD = re.compile(r"\{[^}]*\}|%\(\w+\)s|`[^`]*`")


@pytest.fixture(params=TRANSLATED)
def language(request):
    return request.param


def translations(language):
    """Give each message with its translation; of one with a plural, its second form."""
    return [
        (message.id[1], message.string[0])
        if isinstance(message.id, tuple)
        else (message.id, message.string)
        for message in read_catalogue(language)
        if message.id
    ]


def test_a_catalogue_holds_exactly_the_messages_of_the_program(language):
    known = {message.id for message in read_catalogue(language) if message.id}
    assert known == list_messages(), "`make translations` renews it"


def test_every_message_is_translated(language):
    assert [message for message, translation in translations(language) if not translation] == []


def test_a_translation_keeps_fields_and_everything_that_is_typed(language):
    for message, translation in translations(language):
        typed = [each for each in FIELD.findall(message) if each not in LEFT_OUT]
        assert sorted(FIELD.findall(translation)) == sorted(typed), message


def test_every_field_has_a_name(language):
    for message, _translation in translations(language):
        assert not re.search(r"\{\W|\{\d", re.sub(r"`[^`]*`", "", message)), message


def test_what_gettext_reads_is_compiled_from_it(language):
    same = path_of(language, "mo").read_bytes() == to_mo(renew(language))
    assert same, "`make translations`"  # what differs takes pytest minutes to show
