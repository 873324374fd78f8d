"""What a user gets: the wheel, the locks, the set-up and a README that names every command."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import click
import pytest
from packaging.requirements import Requirement

from runner.cli import main

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
HATCHLING = [sys.executable, "-m", "hatchling", "build"]
LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-fuzz.lock"]
PIN = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>\S+)(?P<hashes>.*?)(?=^\S|\Z)", re.DOTALL | re.MULTILINE
)

SETTINGS = """\
accounts:
  main:
    url: http://127.0.0.1:8888
    userid: "12"
    account: zhouyang
    password: {env: MMS_PASSWORD}
"""
CAMPAIGN = """\
title: 中秋快乐
frames:
  - duration: 3
    text: 【某商场】中秋快乐，会员专享。拒收请回复R
recipients:
  numbers: ["13800138000"]
"""


def build(kind: str, source: Path, folder: Path) -> Path:
    """Build a ``wheel`` or an ``sdist`` of source as pip would without isolation."""
    command = [*HATCHLING, "--target", kind, "--directory", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    return next(folder.iterdir())


def contents(wheel: Path) -> dict[str, int]:
    """Each file of a wheel with its checksum."""
    with zipfile.ZipFile(wheel) as archive:
        return {entry.filename: entry.CRC for entry in archive.infolist()}


def pins(lock: str) -> dict[str, tuple[str, int]]:
    """Each package of a lock file with its version and its number of hashes."""
    text = (ROOT / lock).read_text("utf-8")
    return {
        m["name"]: (m["version"], m["hashes"].count("--hash=sha256:")) for m in PIN.finditer(text)
    }


def declared(group: str) -> list[Requirement]:
    """The requirements of a dependency group, included groups among them."""
    entries = PROJECT["dependency-groups"][group]
    included = [
        each for e in entries if isinstance(e, dict) for each in declared(e["include-group"])
    ]
    return included + [Requirement(e) for e in entries if isinstance(e, str)]


def unmet(requirements: list[Requirement], lock: str) -> list[str]:
    """The requirements that a lock file does not pin, with hashes, to a version that they allow."""
    locked = pins(lock)
    versions = [locked.get(each.name.lower(), ("0", 0)) for each in requirements]
    return [
        str(each)
        for each, (version, hashes) in zip(requirements, versions, strict=True)
        if not hashes or version not in each.specifier
    ]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def site(wheel, tmp_path_factory) -> Path:
    """The site-packages of an environment that holds the wheel, and of ours only the dependencies.

    Our folder is on its path by a .pth file, whose folders' own .pth files (that of the editable
    install of this checkout) are not read.
    """
    environment = tmp_path_factory.mktemp("installed")
    venv.create(environment, symlinks=True)
    paths = {"base": str(environment), "platbase": str(environment)}
    folder = Path(sysconfig.get_path("purelib", "venv", vars=paths))
    ours = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (folder / "dependencies.pth").write_text("\n".join(sorted(ours)), "utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(environment / "bin/python"), "install"]
    subprocess.run(
        [*pip, "--quiet", "--no-index", "--no-deps", "--ignore-installed", wheel], check=True
    )
    return folder


def installed(
    site: Path, program: str, *arguments: str, folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run a program of the installed environment in a folder outside the checkout."""
    foreign = ("PYTHON", "MMS_RUNNER")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    command = [str(site.parents[2] / "bin" / program), *arguments]
    return subprocess.run(
        command, cwd=folder, env=clean, capture_output=True, text=True, check=False
    )


@pytest.fixture
def workspace(tmp_path) -> Path:
    """A workspace with one sound campaign, ``moon``."""
    (tmp_path / "runner.yaml").write_text(SETTINGS, "utf-8")
    (tmp_path / "moon.yaml").write_text(CAMPAIGN, "utf-8")
    return tmp_path


def test_the_installed_package_is_the_wheel_and_not_the_checkout(site, tmp_path):
    answer = installed(
        site, "python", "-c", "import runner; print(runner.__file__)", folder=tmp_path
    )
    assert answer.stdout.strip() == str(site / "runner" / "__init__.py")


def test_the_installed_wheel_accepts_a_sound_campaign(site, workspace, tmp_path):
    answer = installed(site, "mms-runner", "-C", str(workspace), "validate", folder=tmp_path)
    assert answer.returncode == 0, answer.stderr


def test_the_installed_wheel_writes_a_workspace(site, tmp_path):
    for words in (("init", "shop"), ("-C", "shop", "add", "spring"), ("-C", "shop", "validate")):
        answer = installed(site, "mms-runner", *words, folder=tmp_path)
        assert answer.returncode == 0, answer.stderr
    assert os.access(tmp_path / "shop" / "rehearse", os.X_OK)


def test_the_installed_wheel_refuses_a_campaign_that_its_schema_does_not_allow(
    site, workspace, tmp_path
):
    (workspace / "moon.yaml").write_text(CAMPAIGN.replace("text:", "txt:"), "utf-8")
    answer = installed(site, "mms-runner", "-C", str(workspace), "validate", folder=tmp_path)
    assert answer.returncode == 1, answer.stderr
    assert "unknown field `txt`" in answer.stdout + answer.stderr


def test_the_program_also_runs_as_a_module(site, tmp_path):
    answer = installed(site, "python", "-m", "runner", "--help", folder=tmp_path)
    assert answer.returncode == 0, answer.stderr


def test_the_packaged_schemas_are_the_published_ones(site):
    published = {path.name: path.read_bytes() for path in (ROOT / "schemas").iterdir()}
    packaged = {path.name: path.read_bytes() for path in (site / "runner" / "schemas").iterdir()}
    assert packaged == published
    assert {"campaign.schema.json", "settings.schema.json"} <= published.keys()


def test_the_wheel_tells_type_checkers_that_it_is_typed(wheel):
    assert "runner/py.typed" in contents(wheel)


def _is_packaged(file):
    """Tell whether a file belongs to the package; how the example was made does not."""
    inside = file.relative_to(ROOT).parts
    made_by_hand = not (inside[1] == "example" and any(part.startswith("_") for part in inside))
    return file.is_file() and made_by_hand and "__pycache__" not in inside


def test_the_wheel_holds_every_file_of_the_package_and_nothing_beside_it(wheel):
    links = (ROOT / "runner" / name for name in ("schemas", "example", "templates/ci"))
    files = {file for folder in (ROOT / "runner", *links) for file in folder.rglob("*")}
    package = {str(file.relative_to(ROOT)) for file in files if _is_packaged(file)}
    about = f"mms_campaign_runner-{wheel.name.split('-')[1]}.dist-info/"
    assert {name for name in contents(wheel) if not name.startswith(about)} == package


def test_a_wheel_made_from_the_source_distribution_is_the_same(wheel, tmp_path):
    sdist = build("sdist", ROOT, tmp_path / "sdist")
    (tmp_path / "unpacked").mkdir()
    subprocess.run(["tar", "-xf", sdist, "-C", tmp_path / "unpacked"], check=True)
    source = next((tmp_path / "unpacked").iterdir())
    assert contents(build("wheel", source, tmp_path / "again")) == contents(wheel)


def test_every_dependency_is_locked_with_hashes_at_a_version_it_allows():
    dependencies = [Requirement(each) for each in PROJECT["project"]["dependencies"]]
    assert unmet(dependencies, "requirements.lock") == []


def test_the_build_back_end_is_locked_too():
    back_end = [Requirement(each) for each in PROJECT["build-system"]["requires"]]
    assert unmet(back_end + declared("build"), "requirements.lock") == []


def test_the_tools_of_the_tests_are_locked_too():
    assert unmet(declared("dev"), "requirements-dev.lock") == []
    assert unmet(declared("fuzz"), "requirements-fuzz.lock") == []


def test_the_tests_run_on_the_very_versions_that_users_get():
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_index(lock):
    text = (ROOT / lock).read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash=)", text, re.MULTILINE)


def test_every_command_has_help():
    commands = {
        name: main.get_command(click.Context(main), name)
        for name in main.list_commands(click.Context(main))
    }
    assert commands
    assert [name for name, command in commands.items() if not (command and command.help)] == []


def test_every_command_stands_in_the_readme():
    readme = (ROOT / "README.md").read_text("utf-8")
    commands = main.list_commands(click.Context(main))
    assert commands
    assert [name for name in commands if not re.search(rf"(mms-runner |`){name}\b", readme)] == []


def test_an_older_python_is_told_which_one_is_needed_and_how_to_choose_it(tmp_path):
    for name in ("Makefile", "pyproject.toml", *LOCKS):
        shutil.copy(ROOT / name, tmp_path)
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\ncase "$2" in *print*) echo 3.9.18 ;; *) exit 1 ;; esac\n', "utf-8")
    old.chmod(0o755)
    make = ["make", "-C", str(tmp_path), f"PYTHON={old}", "demo"]
    answer = subprocess.run(make, capture_output=True, text=True, check=False)
    assert answer.returncode != 0
    assert f"Python 3.11 or later is needed, but {old} is 3.9.18." in answer.stderr
    assert "make PYTHON=python3.12 demo" in answer.stderr
    assert not (tmp_path / ".venv").exists()


def test_help_lists_every_command():
    done = subprocess.run(
        [sys.executable, "-m", "runner", "--help"], capture_output=True, text=True, check=True
    )
    listed = re.findall(r"^  (\w+)", done.stdout.partition("Commands:\n")[2], re.MULTILINE)
    assert main.list_commands(click.Context(main)) == listed
