"""The jobs of `docs/ci.md` work: each line of each is run, in a repository with a change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
import yaml
from checkouts import commit_all, git
from cli_workspace import opening_office

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli_workspace import Office

ROOT = Path(__file__).parent.parent
CI = ROOT / "deploy" / "ci"
GITLAB = yaml.safe_load((CI / "gitlab-ci.yml").read_text("utf-8"))
GITHUB = yaml.safe_load((CI / "github-workflow.yml").read_text("utf-8"))
BIN = Path(sys.executable).parent

FAULTY = (
    "title: 中秋\nframes:\n  - {duration: 3, txt: 你好}\nrecipients: {numbers: ['13800138000']}\n"
)

office = pytest.fixture(opening_office)


@pytest.fixture
def checkout(office: Office) -> Office:
    """A workspace in `campaigns` of a repository; the change is to come."""
    office.campaign(more="start: 2035-09-18 09:00\n")
    commit_all(office.folder)
    git(office.folder, "branch", "--force", "-m", "main")
    return office


class Notes(BaseHTTPRequestHandler):
    """GitLab's API, as far as a comment needs it."""

    received: list[tuple[str, str | None, str]]

    def do_POST(self) -> None:
        body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.received.append((self.path, self.headers["PRIVATE-TOKEN"], body["body"][0]))
        self.send_response(201)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def notes() -> Iterator[tuple[str, list[Any]]]:
    """An address of GitLab's API, and the comments that it was given."""
    received: list[Any] = []
    handler = type("Handler", (Notes,), {"received": received})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()
        thread.join()


def run_line(line: str, folder: Path, **environment: str) -> Any:
    """Run a line, or several, as the runners of both do: in a shell that ends where one fails."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", line],
        cwd=folder,
        env={
            "PATH": f"{folder.parent}/tools:{BIN}:{os.environ['PATH']}",
            "HOME": str(folder),
            "PIP_NO_INDEX": "1",  # pip finds that the program is there
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.gitlab-ci", CI / "gitlab-ci.yml"),
        ("vendor.github-workflows", CI / "github-workflow.yml"),
    ],
)
def test_a_recipe_is_what_the_forge_s_schema_allows(schema: str, file: Path) -> None:
    command = [BIN / "check-jsonschema", "--builtin-schema", schema, file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "ok -- validation done\n")


def test_each_job_begins_by_installing_the_program(tmp_path: Path) -> None:
    """Only here is that line run: it takes as long as all others."""
    [line] = GITLAB[".mms"]["before_script"]
    for job in GITHUB["jobs"].values():
        assert next(step["run"] for step in job["steps"] if "run" in step) == line

    assert run_line(line, tmp_path, **GITHUB["env"]).returncode == 0
    assert run_line(line, tmp_path, MMS_RUNNER="mms-campaign-runner==0").returncode == 1


def test_what_a_recipe_sets_is_what_the_program_reads() -> None:
    from runner.cli import main

    known = {option.envvar for option in main.params if hasattr(option, "envvar")}
    for variables in (GITLAB[".mms"]["variables"], GITHUB["env"]):
        assert {name for name in variables if name.startswith("MMS_RUNNER_")} <= known


# ---- GitLab


def run_gitlab(office: Office, job: str, **environment: str) -> Any:
    """Run a job of the recipe, whose `.mms` it extends."""
    shared = GITLAB[GITLAB[job]["extends"]]
    lines = "\n".join(GITLAB[job]["script"])
    return run_line(lines, office.folder, **shared["variables"], **environment)


def reports(office: Office) -> tuple[list[Any], str]:
    """Give what the job hands to GitLab, by the names that it says."""
    named = GITLAB["mms-validate"]["artifacts"]["reports"]
    quality = json.loads((office.folder / named["codequality"]).read_text("utf-8"))
    return quality, (office.folder / named["junit"]).read_text("utf-8")


def test_gitlab_validates_a_sound_workspace(checkout: Office) -> None:
    done = run_gitlab(checkout, "mms-validate")

    assert done.returncode == 0, done.stderr
    quality, tests = reports(checkout)
    assert quality == []
    assert 'failures="0"' in tests


def test_gitlab_shows_a_fault_at_its_line_and_fails(checkout: Office) -> None:
    checkout.write("faulty.yaml", FAULTY)

    done = run_gitlab(checkout, "mms-validate")

    assert done.returncode == 1
    [fault], tests = reports(checkout)
    assert fault["location"]["path"] == "campaigns/faulty.yaml"
    assert 'failures="1"' in tests
    assert "error[unknown-field]" in done.stdout


def test_gitlab_comments_on_what_the_merge_request_changes(
    checkout: Office, notes: tuple[str, list[Any]]
) -> None:
    base = git(checkout.folder, "rev-parse", "HEAD")
    checkout.campaign("autumn")
    url, received = notes

    done = run_gitlab(
        checkout,
        "mms-plan",
        CI_MERGE_REQUEST_DIFF_BASE_SHA=base,
        CI_API_V4_URL=url,
        CI_PROJECT_ID="7",
        CI_MERGE_REQUEST_IID="42",
        MMS_COMMENT_TOKEN="let-me-in",
    )

    assert done.returncode == 0, done.stderr
    [(path, token, body)] = received
    assert (path, token) == ("/projects/7/merge_requests/42/notes", "let-me-in")
    assert "| `autumn` | added | draft | 3 |" in body
    assert "`news`" not in body


def test_gitlab_comments_even_where_a_file_was_sent_already_and_then_fails(
    checkout: Office, notes: tuple[str, list[Any]]
) -> None:
    checkout.campaign(more="start: 2024-09-16 09:00\n")
    base = commit_all(checkout.folder)
    checkout.campaign(title="another", more="start: 2035-09-18 09:00\n")
    url, received = notes

    done = run_gitlab(
        checkout,
        "mms-plan",
        CI_MERGE_REQUEST_DIFF_BASE_SHA=base,
        CI_API_V4_URL=url,
        CI_PROJECT_ID="7",
        CI_MERGE_REQUEST_IID="42",
        MMS_COMMENT_TOKEN="let-me-in",
    )

    assert done.returncode == 1
    assert "**error** news" in received[0][2]


# ---- GitHub

GH = """\
#!/bin/sh
# Stands for GitHub's own client: keeps what it was told to say, and where.
echo "$@" > "$HOME/gh-words"
cp mms-plan.md "$HOME/gh-body"
"""


def run_github(office: Office, job: str) -> list[Any]:
    """Run the steps of a job as far as they are lines, all of them, and give how each ended."""
    tools = office.folder.parent / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "gh").write_text(GH)
    (tools / "gh").chmod(0o755)
    environment = {
        **GITHUB["env"],
        "GITHUB_STEP_SUMMARY": str(office.folder / "summary"),
        "GH_TOKEN": "token",
        "NUMBER": "42",
    }
    assert GITHUB["defaults"]["run"]["shell"] == "bash"
    steps = [step["run"] for step in GITHUB["jobs"][job]["steps"] if "run" in step]
    return [run_line(step, office.folder, **environment) for step in steps[1:]]


def test_github_validates_a_sound_workspace(checkout: Office) -> None:
    done = run_github(checkout, "validate")

    assert [each.returncode for each in done] == [0, 0], done


def test_github_shows_a_fault_at_its_line_and_hands_it_to_code_scanning(checkout: Office) -> None:
    checkout.write("faulty.yaml", FAULTY)

    shown, written = run_github(checkout, "validate")

    assert (shown.returncode, written.returncode) == (1, 1)
    assert shown.stdout.startswith("::error file=campaigns/faulty.yaml,line=3,")
    inputs = [step.get("with", {}) for step in GITHUB["jobs"]["validate"]["steps"]]
    [file] = [given["sarif_file"] for given in inputs if "sarif_file" in given]
    log = json.loads((checkout.folder / file).read_text("utf-8"))
    assert len(log["runs"][0]["results"]) == 1


def merge_a_change(office: Office) -> None:
    """Leave the checkout as GitHub's action does: at the merge of the change that is tried."""
    git(office.folder, "checkout", "--quiet", "-b", "change")
    office.campaign("autumn")
    commit_all(office.folder)
    git(office.folder, "checkout", "--quiet", "main")
    office.campaign("meanwhile")
    commit_all(office.folder)
    git(office.folder, "merge", "--quiet", "--no-ff", "--message", "try it", "change")


def test_github_says_what_the_pull_request_changes_and_nothing_else(checkout: Office) -> None:
    merge_a_change(checkout)

    done = run_github(checkout, "plan")

    assert [each.returncode for each in done] == [0, 0], done
    summary = (checkout.folder / "summary").read_text("utf-8")
    assert "| `autumn` | added | draft | 3 |" in summary
    assert "meanwhile" not in summary
    assert (checkout.folder / "gh-body").read_text("utf-8") == summary
    assert (checkout.folder / "gh-words").read_text().split()[:3] == ["pr", "comment", "42"]


def test_github_fails_where_a_file_was_sent_already(checkout: Office) -> None:
    checkout.campaign(more="start: 2024-09-16 09:00\n")
    commit_all(checkout.folder)
    checkout.campaign(title="another")
    commit_all(checkout.folder)

    shown, said = run_github(checkout, "plan")

    assert (shown.returncode, said.returncode) == (1, 0)
    assert "sent-file-reused" in shown.stderr
    assert "**error** news" in (checkout.folder / "gh-body").read_text("utf-8")


# ---- pre-commit

HOOKS = ROOT / ".pre-commit-hooks.yaml"


@pytest.fixture
def hooked(checkout: Office, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A repository whose hooks come from ours; only the installing is left out."""
    source = tmp_path_factory.mktemp("source")
    (source / HOOKS.name).write_bytes(HOOKS.read_bytes())
    hook = {"id": "mms-runner-validate", "language": "system"}
    config = {"repos": [{"repo": str(source), "rev": commit_all(source), "hooks": [hook]}]}
    (checkout.folder / ".pre-commit-config.yaml").write_text(json.dumps(config))
    return checkout


def pre_commit(office: Office) -> Any:
    """Run it on what is staged."""
    git(office.folder, "add", "--all")
    return subprocess.run(
        [BIN / "pre-commit", "run"],
        cwd=office.folder,
        env={
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(office.folder),
            "PRE_COMMIT_HOME": str(office.folder.parent / "hooks"),
            "XDG_CACHE_HOME": str(office.folder.parent / "cache"),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_our_hooks_are_a_manifest_that_pre_commit_reads() -> None:
    command = [BIN / "pre-commit", "validate-manifest", HOOKS]
    assert subprocess.run(command, check=False).returncode == 0


def test_pre_commit_stops_a_commit_with_a_fault_and_shows_its_place(hooked: Office) -> None:
    hooked.write("faulty.yaml", FAULTY)

    done = pre_commit(hooked)

    assert done.returncode == 1
    assert "--> campaigns/faulty.yaml:3:19" in done.stdout


def test_pre_commit_lets_a_sound_workspace_pass(hooked: Office) -> None:
    hooked.campaign("autumn")

    done = pre_commit(hooked)

    assert done.returncode == 0
    assert "Passed" in done.stdout


def test_pre_commit_reads_the_campaigns_when_only_a_list_of_theirs_is_changed(
    hooked: Office,
) -> None:
    hooked.write("lists/members.csv", "mobile\n13800138000\n")
    people = "numbers: ['13800138000']"
    text = FAULTY.replace("txt", "text").replace(people, "files: [lists/members.csv]")
    hooked.write("autumn.yaml", text)
    commit_all(hooked.folder)
    hooked.write("lists/members.csv", "mobile\n12345\n")

    done = pre_commit(hooked)

    assert done.returncode == 1
    assert "--> campaigns/lists/members.csv:2:1" in done.stdout


def test_pre_commit_lets_alone_what_is_no_part_of_a_workspace(hooked: Office) -> None:
    hooked.write("faulty.yaml", FAULTY)
    commit_all(hooked.folder)
    (hooked.folder / "notes.md").write_text("about something else")

    done = pre_commit(hooked)

    assert done.returncode == 0
    assert "Skipped" in done.stdout
