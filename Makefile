# Every task works on a fresh machine with Python 3.11 or later and make:
# it first makes the virtual environment from constraints.txt, which takes about two minutes once.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
PORT ?= 8000
WORKERS ?= 2
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
READY := $(VENV)/.ready
PEERS := $(VENV)-peers
PEERS_READY := $(PEERS)/.ready
QUICK := not book and not browser and not slow

export PATH := $(BIN):$(PATH)
export OMP_NUM_THREADS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# A build must not depend on what else the machine has installed.
export PYTHONNOUSERSITE := 1

.PHONY: help book serve lab demo check quick test bench peers release constraints system clean

help: ## List the tasks
	@echo "make TASK, where TASK is one of"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

book: $(READY) ## Build the book into _build/html and say where it is
	@start=$$SECONDS; jupyter-book build . -W --keep-going -n; \
	echo "The book is at $(CURDIR)/_build/html/index.html" \
	  "($$((SECONDS - start)) s, $$(du -sh _build/html | cut -f1))"

serve: ## Serve the built book on this machine, at PORT=8000; Ctrl-C ends it
	@test -f _build/html/index.html || $(MAKE) book
	@$(PYTHON) book/serve.py --port $(PORT)

lab: $(READY) ## Open JupyterLab on the exercises
	@jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) --ServerApp.root_dir=book/exercises \
	  --LabApp.news_url=None --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate

demo: system $(READY) ## Grade the sample class and say where its page is
	@autograder demo

check: $(READY) ## Lint, types, imports, exercise sheets, spelling
	ruff check .
	ruff format --check .
	mypy
	lint-imports --no-cache
	autograder release --check
	codespell

quick: system $(READY) ## The part of the tests that takes two minutes: check and the unit tests
	@$(MAKE) check
	pytest tests -m "$(QUICK)" -n $(WORKERS)

test: system $(READY) $(PEERS_READY) ## Everything that decides: quick first, then the book, the browser, the slow tests
	@$(MAKE) quick
	@$(MAKE) book
	pytest tests -m "not ($(QUICK))" -n $(WORKERS) --dist loadgroup

bench: system $(READY) $(PEERS_READY) ## Run the side-by-side measurements
	@for script in benchmarks/*.py; do [ -e "$$script" ] || continue; echo "== $$script"; python "$$script"; done

peers: $(PEERS_READY) ## Install what ours is compared with, nbgrader, otter and attention packages, beside .venv

release: $(READY) ## Make the learner's notebooks from solutions/
	@autograder release

constraints: $(READY) ## Pin in constraints.txt what the environment holds now
	@.ci/pin-dependencies > constraints.new
	@mv constraints.new constraints.txt
	@git --no-pager diff --stat -- constraints.txt

system: ## Install or name what pip cannot install: bubblewrap, libseccomp, a Chromium
	@.ci/system-packages sandbox browser

clean: ## Remove what was built; the virtual environment stays
	rm -rf _build build .mypy_cache .ruff_cache .pytest_cache .hypothesis

# torch comes first and alone: its version decides which build is fetched, so it must be exact.
$(READY): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or later is needed, $(PYTHON) is $$($(PYTHON) -V 2>&1); try make PYTHON=python3.12" >&2; exit 1; }
	@.ci/system-packages venv
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet $$(grep '^torch==' constraints.txt)
	@$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[autograder,postgresql,scale,book,test,dev]'
	@touch $@

# A second torch would cost minutes: what .venv holds is found through a .pth file, after their own.
$(PEERS_READY): benchmarks/peers/requirements.txt $(READY)
	@test -x $(PEERS)/bin/python || $(BIN)/python -m venv --without-pip $(PEERS)
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
	  > "$$($(PEERS)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/shared.pth"
	@$(BIN)/python -m pip --python $(PEERS)/bin/python install --quiet --no-deps --ignore-installed \
	  -r benchmarks/peers/requirements.txt
	@$(BIN)/python -m pip --python $(PEERS)/bin/python check
	@touch $@
