"""A declarative campaign runner for MMS: read, check, plan, submit, collect, show.

The layers and what each may know stand in ``pyproject.toml`` (import-linter). Data flows one way:
``workspace`` reads a campaign file, ``plan`` makes a value of it, ``store`` keeps that,
``dispatch`` submits it through ``gateway``, ``reports`` collects what became of it, and ``cli``
shows everything.
"""

__version__ = "0.1.0"
