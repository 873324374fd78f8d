"""The command line: the composition root, and everything that people and scripts read.

Each command is a module of its own, imported when it is called, so that `validate` starts fast.
Every error of ours ends here in one message and the exit status of the contract.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import os
import resource
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from runner import __version__
from runner.cli.exits import Exit
from runner.cli.help import HelpContext, translate_help
from runner.cli.speech import (
    accept_every_character,
    drop_what_cannot_be_written,
    outliving_its_reader,
    warn,
    write_for_people,
)
from runner.errors import AnotherInstance, FaultyFiles, RunnerError, WrongUsage, locate_defect
from runner.language import LANGUAGES, N_, _, choose_language, speak, translate

if TYPE_CHECKING:
    from collections.abc import Callable

# Said here as well as in the commands, so that a list of them imports none.
_COMMANDS = {
    "init": N_("Write a new workspace, with a first campaign that explains itself."),
    "add": N_("Start a campaign: write a draft whose words are there to be replaced."),
    "validate": N_("Check campaign files: tell every fault at its line and column."),
    "rules": N_("Explain what each rule of `validate` is about, and what to do."),
    "plan": N_("Show what would be sent, to how many, when and at what size."),
    "copy": N_("Start a new campaign from an old one, as a draft."),
    "run": N_("Send what is due, and the drafts that are named."),
    "daemon": N_("Run until told to stop: start each campaign at its time, poll reports."),
    "status": N_("Show where everything stands, why, and the next command to type."),
    "report": N_("Write one row for each recipient of a campaign."),
    "reports": N_("Look after answers with delivery reports: list, show, read again, export."),
    "balance": N_("Ask the gateway what is left."),
    "pause": N_("Stop a campaign, an account or everything, until it is resumed."),
    "resume": N_("Let go on what was paused, halted, missed or suspended."),
    "cancel": N_("Leave unsent, for good, what is not sent of a campaign."),
    "resolve": N_("Settle a batch in doubt by hand."),
    "reload": N_("Let the daemon read the files at once."),
    "state": N_("Look after the state, which knows what was sent."),
    "schema": N_("Say what a field of a file means; without one, list them all."),
    "sandbox": N_("Run a local gateway for rehearsals, with faults on demand."),
    "demo": N_("Send the example campaign to a sandbox, start to end."),
}

_OBJECTS_A_COLLECTION = 10_000


class LazyGroup(click.Group):
    """A group whose commands live in modules of their names."""

    context_class = HelpContext  # click makes it before `--lang` is read

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the commands in the order in which a newcomer meets them."""
        del ctx
        return list(_COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, _(told)) for name, told in _COMMANDS.items()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command when it is asked for."""
        if cmd_name not in _COMMANDS:
            return super().get_command(ctx, cmd_name)
        module = importlib.import_module(f"runner.cli.{cmd_name}")
        command: click.Command = module.command
        return translate_help(command)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Give `--help` in the language of now: click makes it once, before `--lang` is read."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = _("Show this message and exit.")
        return option

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run a command, and turn every error of ours into a message and an exit status."""
        extra["standalone_mode"] = False
        speak(choose_language(None, os.environ))
        accept_every_character()
        _leave_no_core()
        _collect_seldom()
        translated = translate_help(self)
        status = _guard(lambda: click.Group.main(translated, *args, **extra))
        drop_what_cannot_be_written()
        sys.exit(int(status or Exit.OK))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that is named, whoever reads what it writes."""
        with outliving_its_reader():
            return super().invoke(ctx)
        return Exit.OK


def _speak(context: click.Context, _option: click.Parameter, language: str | None) -> None:
    """Speak what was named, before any help is written; the environment chose until here."""
    if language:
        speak(language)
        context.command = translate_help(main)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-C",
    "--workspace",
    metavar="DIR",
    envvar="MMS_RUNNER_WORKSPACE",
    help="The folder with runner.yaml (default: the nearest one upward, or ./campaigns).",
)
@click.option(
    "--settings",
    "settings_file",
    metavar="FILE",
    type=click.Path(),
    envvar="MMS_RUNNER_SETTINGS",
    help="The file with accounts, lists and state, where runner.yaml must not have them.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")
@click.option("--no-color", is_flag=True, help="No colours (as with NO_COLOR).")
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    is_eager=True,
    expose_value=False,
    callback=_speak,
    help="The language of messages (default: MMS_RUNNER_LANG, then the locale).",
)
@click.version_option(__version__, prog_name="mms-runner")
@click.pass_context
def main(
    context: click.Context,
    workspace: str | None,
    settings_file: str | None,
    *,
    quiet: bool,
    no_color: bool,
) -> None:
    """Send MMS campaigns that are files: check them, plan them, run them, see what came of it."""
    from pathlib import Path

    from runner.cli.session import Session

    context.obj = Session(
        named=workspace,
        settings_file=None if settings_file is None else Path(settings_file),
        quiet=quiet,
        no_color=no_color,
    )


def _guard(command: Callable[[], Any]) -> int:
    try:
        return command() or Exit.OK
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        _show(error)
        return Exit.WRONG_USAGE
    except (click.Abort, KeyboardInterrupt):
        warn(_("interrupted"))
        return Exit.INTERRUPTED
    except RunnerError as error:
        warn(_explain(error))
        return _exit_status(error)
    except OSError as error:
        # Whatever else the machine refuses: a full disk under stdout, a folder that has gone.
        warn(f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror))
        return Exit.WRONG_USAGE
    except Exception as error:  # noqa: BLE001 - the interpreter would show its words, see there
        told = _(
            "a defect of the program ended it: {place}\n"
            "  please report that line; what was in flight is in doubt, nothing is sent twice"
        )
        warn(told.format(place=locate_defect(error)))
        return Exit.DEFECT


def _leave_no_core() -> None:
    # What is in memory is the password, and whom the campaigns go to.
    with suppress(OSError, ValueError):
        _now, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, most))


def _collect_seldom() -> None:
    # Modules, and what was read of files, are no garbage: a tenth of the time went by looking for
    # any, at every 700 objects more, and in all of them once again at the very end.
    gc.set_threshold(_OBJECTS_A_COLLECTION)
    atexit.register(gc.freeze)


def _show(error: click.ClickException) -> None:
    """Show what is wrong with the words of a command: others may have named the files in it."""
    text = io.StringIO()
    error.show(text)
    write_for_people(text.getvalue().rstrip("\n"))


def _explain(error: RunnerError) -> str:
    told = translate(str(error))
    hint = error.hint if isinstance(error, WrongUsage) else None
    return f"{told}\n  {translate(hint)}" if hint else told


def _exit_status(error: RunnerError) -> Exit:
    if isinstance(error, AnotherInstance):
        return Exit.ANOTHER_INSTANCE
    if isinstance(error, FaultyFiles):
        return Exit.FAULTY_FILES
    return Exit.WRONG_USAGE
