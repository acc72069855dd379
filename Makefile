# `make demo`: install, draw an example wet and dried, print it on the simulated rig.  `make test`: install what tests need and pass them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
WP     := $(BIN)/wp
PYTEST := $(BIN)/python -m pytest -q -n 2 --dist worksteal
APT    := apt-get install -y -qq --no-install-recommends
OUT    := out
DEMO   := examples/au_cdse_lattice.wp

.PHONY: demo test lint soak bench gallery vsix docs clean system-base system-test
.DELETE_ON_ERROR:

demo: $(VENV)/.run
	@mkdir -p $(OUT)
	$(WP) check $(DEMO)
	$(WP) preview $(DEMO) --state wet --png $(OUT)/au_cdse_wet.png
	$(WP) preview $(DEMO) --state dried --png $(OUT)/au_cdse_dried.png
	$(WP) export $(DEMO) --rig sim -o $(OUT)/au_cdse.pgm
	$(WP) print $(DEMO) --rig sim --yes --runs $(OUT)/runs
	@echo
	@echo "pictures:        $(OUT)/au_cdse_wet.png  $(OUT)/au_cdse_dried.png"
	@echo "motion program:  $(OUT)/au_cdse.pgm"
	@echo "run record:      $(OUT)/runs   (look at it: $(WP) runs --runs $(OUT)/runs)"

test: $(VENV)/.test lint
	$(PYTEST) tests

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache > $(VENV)/.lint-imports.log || { cat $(VENV)/.lint-imports.log; exit 1; }

soak: $(VENV)/.test
	WP_HYPOTHESIS=soak $(BIN)/python -m pytest -q --soak -m soak -s tests

bench: $(VENV)/.test
	$(BIN)/python bench/run.py

gallery: $(VENV)/.run
	@mkdir -p docs/pictures
	$(BIN)/python docs/gallery.py

docs: $(VENV)/.run
	$(BIN)/python -m wetprint.lang.reference > docs/reference.md.part && mv docs/reference.md.part docs/reference.md
	$(BIN)/python docs/pictures.py

vsix:
	$(PYTHON) editors/vscode/package.py

clean:
	rm -rf $(VENV) $(OUT) build dist *.egg-info

# Two stamps, so that a demo does not wait for the tools of the tests.
$(VENV)/.run: pyproject.toml | system-base
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -e .
	@$(BIN)/python -m compileall -q __init__.py cli.py lang kernel backends
	@touch $@

$(VENV)/.test: pyproject.toml $(VENV)/.run | system-test
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[test,lsp,studio,camera]'
	@touch $@

# Debian packages: installed when root, named when not. A package that is there already costs nothing.
system-base:
	@sh .ci/system.sh base "$(PYTHON)"

system-test:
	@sh .ci/system.sh test "$(PYTHON)"
