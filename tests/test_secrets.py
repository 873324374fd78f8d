"""Secrets are looked up where the settings say, and one that is missing is named."""

from dataclasses import replace

import pytest

from runner.errors import WrongUsage
from runner.model.account import Account, SecretKind, SecretRef
from runner.workspace.secrets import resolve_credentials


def account(
    url="http://mms.example.cn:8888", userid="12", name="zhouyang", password="MMS_PASSWORD"
):
    if isinstance(password, str):
        password = SecretRef(kind=SecretKind.ENV, name=password)
    return Account(name="main", url=url, userid=userid, account=name, password=password)


def file(name):
    return SecretRef(kind=SecretKind.FILE, name=str(name))


def env(name):
    return SecretRef(kind=SecretKind.ENV, name=name)


def credential(name):
    return SecretRef(kind=SecretKind.CREDENTIAL, name=name)


def test_what_is_written_is_taken_and_what_is_referred_to_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("MMS_URL", "https://gateway.example.cn")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "mms-account").write_text("zhouyang")
    (tmp_path / "password").write_text("hunter2\n")
    found = resolve_credentials(
        account(env("MMS_URL"), "12", credential("mms-account"), file(tmp_path / "password"))
    )
    assert (found.url, found.userid) == ("https://gateway.example.cn", "12")
    assert (found.account, found.password) == ("zhouyang", "hunter2")


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        ("hunter2\r\n", "hunter2"),
        ("\ufeffhunter2\n", "hunter2"),
        ("hunter2\nlogin: zhouyang\n", "hunter2"),
        (" hunter 2 \n", " hunter 2 "),
        ("猎人\u20282\n", "猎人\u20282"),
    ],
)
def test_the_first_line_of_a_file_is_the_secret_as_it_stands(tmp_path, content, secret):
    (tmp_path / "password").write_bytes(content.encode())
    assert resolve_credentials(account(password=file(tmp_path / "password"))).password == secret


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set_is_named(monkeypatch, value):
    monkeypatch.delenv("MMS_PASSWORD", raising=False)
    if value is not None:
        monkeypatch.setenv("MMS_PASSWORD", value)
    with pytest.raises(WrongUsage, match="the password of account main is not set") as error:
        resolve_credentials(account())
    assert error.value.hint == "set the environment variable MMS_PASSWORD"


def test_all_that_are_missing_are_named_at_once(monkeypatch):
    for name in ("MMS_URL", "MMS_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(WrongUsage) as error:
        resolve_credentials(account(url=env("MMS_URL"), userid=file("/nowhere")))
    for field in ("url", "userid", "password"):
        assert f"the {field} of account main" in str(error.value)
    assert "MMS_URL" in error.value.hint
    assert "MMS_PASSWORD" in error.value.hint


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file"),
        (b"", "is empty"),
        (b"\nhunter2\n", "is empty"),
        (b"\xff\xfehunter2", "not UTF-8"),
    ],
)
def test_a_file_without_a_secret_is_named_with_the_reason(tmp_path, content, why):
    if content is not None:
        (tmp_path / "password").write_bytes(content)
    with pytest.raises(WrongUsage, match=rf"the password of account main.*{why}") as error:
        resolve_credentials(account(password=file(tmp_path / "password")))
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("name", [".", "a\0b", "~nobody-at-all/password"])
def test_a_path_that_is_no_file_is_named_with_the_reason(name):
    with pytest.raises(WrongUsage, match="the password of account main cannot be read"):
        resolve_credentials(account(password=file(name)))


def test_a_file_without_an_end_is_not_read_for_ever():
    with pytest.raises(WrongUsage, match="longer than 4096"):
        resolve_credentials(account(password=file("/dev/zero")))


@pytest.mark.parametrize(
    ("of_file", "of_folder", "who"),
    [
        (0o620, 0o700, "its group"),
        (0o602, 0o700, "everybody on this machine"),
        (0o600, 0o730, "its group"),
        (0o600, 0o703, "everybody on this machine"),
    ],
)
def test_a_secret_that_others_may_change_is_refused(tmp_path, of_file, of_folder, who):
    """They would choose the account that pays, or learn the password that somebody types next."""
    secret = tmp_path / "etc" / "password"
    secret.parent.mkdir()
    secret.write_text("hunter2")
    secret.chmod(of_file)
    secret.parent.chmod(of_folder)
    with pytest.raises(WrongUsage, match=f"the password of account main .* {who} may") as error:
        resolve_credentials(account(password=file(secret)))
    wrong = secret if of_file & 0o022 else secret.parent
    assert error.value.hint == f"take that right away: chmod go-w {wrong}"
    assert "hunter2" not in str(error.value)


def test_a_credential_that_others_may_change_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "mms").write_text("hunter2")
    (tmp_path / "mms").chmod(0o666)
    with pytest.raises(WrongUsage, match="the password of account main cannot be trusted"):
        resolve_credentials(account(password=credential("mms")))


def test_authorities_that_others_may_change_are_refused(tmp_path, monkeypatch):
    """They would be shown the password by whoever they then vouch for."""
    monkeypatch.setenv("MMS_PASSWORD", "hunter2")
    (tmp_path / "ca.pem").write_text("")
    (tmp_path / "ca.pem").chmod(0o666)
    trusting = replace(account(), ca_file=str(tmp_path / "ca.pem"))
    with pytest.raises(WrongUsage, match="the ca_file of account main cannot be trusted"):
        resolve_credentials(trusting)


def test_a_secret_that_others_may_read_is_used(tmp_path):
    """In a container a mounted secret often looks so; who reads it is settled outside."""
    (tmp_path / "password").write_text("hunter2")
    (tmp_path / "password").chmod(0o644)
    assert resolve_credentials(account(password=file(tmp_path / "password"))).password == "hunter2"


def test_a_credential_without_a_folder_of_credentials_says_who_makes_it(monkeypatch):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(WrongUsage, match="CREDENTIALS_DIRECTORY") as error:
        resolve_credentials(account(password=credential("mms")))
    assert "LoadCredential=mms" in error.value.hint


def test_a_credential_stays_in_its_folder(tmp_path, monkeypatch):
    (tmp_path / "password").write_text("hunter2")
    (tmp_path / "credentials").mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    with pytest.raises(WrongUsage, match="a name, not a path"):
        resolve_credentials(account(password=credential("../password")))


def test_credentials_show_nothing_of_themselves(monkeypatch):
    monkeypatch.setenv("MMS_PASSWORD", "hunter2")
    assert "hunter2" not in repr(resolve_credentials(account()))
