# `make demo` and `make test` set everything up by themselves, in .venv.
# The machine needs python3 (3.11 or later) with pip; GNU Make 3.81 is enough.

PYTHON ?= python3
UV ?= uv
LOCK_FLAGS ?=
PROOFS ?=
SEEDS ?= 20
ONLY ?=
MINUTES ?= 60
JSON ?=
DOCS ?=
FOLDER ?=
QUICK ?=
FUZZING := $(if $(PROOFS),$(filter fuzz,$(PROOFS)),fuzz)

# The environment for the tests can run the demo too, so an existing one is not replaced by a smaller one.
ENVIRONMENT := $(firstword $(wildcard .venv/dev) .venv/run)

.PHONY: help demo test tools torture soak bench bench-tools docs holidays translations lint lock clean
.NOTPARALLEL: # one .venv, one terminal

help: ## show these targets (the default)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile
	@echo "Another Python: make PYTHON=python3.12 TARGET"

demo: $(ENVIRONMENT) ## send the example campaign to a local gateway, start to end
	.venv/bin/mms-runner demo

test: lint ## lint, types, layers and all tests
	.venv/bin/python -m pytest -n auto --dist loadfile

tools: ## install what some tests use where it is there: strace and node, from Debian's packages, and an editor's yaml-language-server
	@tests/install-tools

torture: .venv/dev $(FUZZING:fuzz=.venv/fuzz) ## crash the program everywhere, at length (SEEDS=2 is shorter, PROOFS=crashes only that)
	@PYTHONPATH=tests .venv/bin/python -m torture --seeds $(SEEDS) $(if $(ONLY),--only '$(ONLY)') $(PROOFS)

docs: .venv/dev ## write anew what is made of tables, rules and schemas, and what the guide's commands show
	@PYTHONPATH=tests .venv/bin/python -m hostile
	@PYTHONPATH=tests .venv/bin/python -m shared_schemas
	@PYTHONPATH=tests .venv/bin/python -m rules_page
	@PYTHONPATH=tests .venv/bin/python -m field_page
	@PYTHONPATH=tests .venv/bin/python -m guide_page
	@PYTHONPATH=tests .venv/bin/python -m readme_page

holidays: .venv/dev ## write the table of China's public holidays anew from the `holidays` package
	@PYTHONPATH=tests .venv/bin/python -m days_off

translations: .venv/dev ## add new messages to the catalogues in runner/locale, and compile them
	@PYTHONPATH=tests .venv/bin/python -m translations

soak: .venv/dev ## let the daemon live long under load and faults: does anything grow? (MINUTES=2 is shorter)
	@PYTHONPATH=tests .venv/bin/python -m torture.soak --minutes $(MINUTES)

bench: .venv/dev ## measure each hot path beside its limit (ONLY=send, QUICK=1 to try it, JSON=PATH keeps the values; ONLY=growth: by size)
	@.venv/bin/python -m $(if $(filter growth,$(ONLY)),benchmarks.growth,benchmarks $(ONLY)) $(if $(QUICK),--quick) $(if $(JSON),--json '$(JSON)') $(if $(DOCS),--docs) $(if $(FOLDER),--folder '$(FOLDER)')

bench-tools: ## install what the limits are made with, from Debian's packages: gcc, wrk, headers
	@benchmarks/install-tools

lint: .venv/dev ## lint, format, types and layers alone
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

lock: ## make the lock files anew with uv (LOCK_FLAGS=--upgrade: newest versions)
	$(compile) pyproject.toml --group build --output-file requirements.lock
	$(compile) pyproject.toml --group dev --constraint requirements.lock --output-file requirements-dev.lock
	$(compile) --group fuzz --output-file requirements-fuzz.lock

clean: ## remove the environment and what the tools left
	rm -rf .venv dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

.venv/run: requirements.lock pyproject.toml
	$(install)

.venv/dev: requirements-dev.lock pyproject.toml
	$(install)

# Not every Python has a wheel of it, and nothing but one proof needs it.
.venv/fuzz: requirements-fuzz.lock .venv/dev
	@$(pip) install --only-binary :all: --require-hashes --requirement $< && touch $@ \
		|| echo "atheris cannot be installed for this Python: the proof fuzz is skipped" >&2

# Debian splits ensurepip off; the pip of $(PYTHON) then installs into .venv from outside.
pip = $$(test -x .venv/bin/pip && echo .venv/bin/python -m pip \
	|| echo $(PYTHON) -m pip --python .venv/bin/python) -qq --disable-pip-version-check --no-input

# Always from an empty .venv: what a lock no longer names is gone, and the stamp of an earlier
# install goes with the folder, so an interrupted one is begun again.
define install
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo \
	"Python 3.11 or later is needed, but $(PYTHON) is" \
	"$$($(PYTHON) -c 'import sys; print(sys.version.split()[0])' 2>/dev/null || echo missing)." \
	"Choose another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
@echo "Setting up .venv from $<, once: this may take a minute"
@$(PYTHON) -m venv --clear .venv >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip .venv
@$(pip) install --require-hashes --requirement $<
@$(pip) install --no-index --no-deps --no-build-isolation --editable .
@.venv/bin/python -m compileall -q -x /example runner # as pip does with all else it installs
@touch $@
endef

# Pins that are in a lock stay unless LOCK_FLAGS says otherwise; no index is named in the result.
compile = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $(LOCK_FLAGS)
