"""`make translations`: renews the catalogues, and says what is to be translated."""

from translations.catalogues import TRANSLATED, path_of, renew, to_mo, to_po

for language in TRANSLATED:
    catalogue = renew(language)
    for suffix, data in (("po", to_po(catalogue)), ("mo", to_mo(catalogue))):
        path = path_of(language, suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    empty = [message for message in catalogue if message.id and not any(message.string)]
    print(f"{path_of(language, 'po')}: {len(catalogue)} messages, {len(empty)} to be translated")  # noqa: T201 - what is asked for
