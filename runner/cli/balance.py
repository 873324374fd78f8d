"""`mms-runner balance`: what is left, in the gateway's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli.exits import Exit
from runner.cli.selection import no_account
from runner.cli.speech import warn, write_json, write_result
from runner.cli.tables import enumerate_all
from runner.gateway import Gateway
from runner.language import _, translate
from runner.model.outcome import Balance, NoAnswer, QueryRefused
from runner.workspace.secrets import resolve_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.cli.session import Session
    from runner.model.account import Account
    from runner.model.outcome import BalanceAnswer


@click.command()
@click.argument("account", required=False)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def command(session: Session, account: str | None, *, as_json: bool) -> Exit:
    """Ask the gateway what is left on ACCOUNT (default: on every account)."""
    _root, settings = session.load_settings()
    accounts = _select(account, settings.accounts)
    answers = {name: ask_balance(chosen) for name, chosen in accounts.items()}
    if as_json:
        rows = [_to_json(name, answer) for name, answer in answers.items()]
        write_json(rows)
    for name, answer in answers.items():
        if isinstance(answer, Balance) and not as_json:
            write_result(_describe(name, answer))
        elif not isinstance(answer, Balance):
            warn(_("account {name}: {problem}").format(name=name, problem=explain(answer)))
    return judge_answers(answers)


def ask_balance(account: Account) -> BalanceAnswer:
    """Ask one account's gateway."""
    with Gateway(account, resolve_credentials(account)) as gateway:
        return gateway.balance()


def explain(answer: QueryRefused | NoAnswer) -> str:
    """Say why a balance is not known."""
    if isinstance(answer, NoAnswer):
        return _("no balance: {why}").format(why=translate(answer.why))
    return _("the gateway refused the balance query: {remark}").format(remark=answer.remark)


def judge_answers(answers: Mapping[str, BalanceAnswer]) -> Exit:
    """Give the exit status that some answers call for."""
    failed = [answer for answer in answers.values() if not isinstance(answer, Balance)]
    if any(isinstance(answer, QueryRefused) and answer.wrong_credentials for answer in failed):
        return Exit.CREDENTIALS_REFUSED
    return Exit.PERSON_NEEDED if failed else Exit.OK


def _select(name: str | None, accounts: Mapping[str, Account]) -> Mapping[str, Account]:
    if name is None:
        return accounts
    if name not in accounts:
        raise no_account(name, accounts)
    return {name: accounts[name]}


def _describe(name: str, balance: Balance) -> str:
    bought = _("{number} bought in all").format(number=balance.bought) if balance.bought else None
    shown = enumerate_all(fact for fact in (balance.payment, bought) if fact)
    return f"{name}: {balance.left}" + (f" ({shown})" if shown else "")


def _to_json(name: str, answer: BalanceAnswer) -> dict[str, str | None]:
    if not isinstance(answer, Balance):
        return {"account": name, "balance": None, "problem": explain(answer)}
    return {"account": name, "balance": answer.left, "problem": None}
