# Two commands matter: `make demo` and `make test`. Both set up what they need in .venv.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: install demo test torture check bench bench-80k format clean

install: .venv/installed

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev,mpich,paper]'
	touch $@

# aeon and its like pin numpy and numba, so they live in an environment of their own
.venv-peers/installed: tests/peers.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/pip install --quiet --disable-pip-version-check -r tests/peers.txt
	touch $@

demo: install
	$(BIN)/crocs synth  -c configs/demo.yaml
	$(BIN)/crocs stage1 -c configs/demo.yaml
	$(BIN)/crocs stage2 -c configs/demo.yaml
	$(BIN)/crocs rrls   -c configs/demo.yaml
	$(BIN)/crocs score  --run runs/demo --clusters 5
	$(BIN)/crocs report --run runs/demo --clusters 5

test:
	$(MAKE) -j2 install .venv-peers/installed
	$(BIN)/pytest -n auto --dist worksteal

torture: install
	$(BIN)/python -m tests.torture

check: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: install .venv-peers/installed
	$(BIN)/python -m tests.bench

bench-80k: install
	$(BIN)/python -m tests.bench.eighty_thousand

format: install
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf .venv .venv-peers build runs
