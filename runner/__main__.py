"""`python -m runner` is `mms-runner`."""

from runner.cli import main

main(prog_name="mms-runner")
