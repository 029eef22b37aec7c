# Two commands matter: `make demo` and `make test`. Both set up what they need in .venv.
PYTHON ?= python3
BIN := .venv/bin
# hundreds of short processes start faster with their bytecode kept
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install demo test torture audit check bench bench-80k format clean

install: .venv/installed

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile -e '.[dev,mpich,paper]'
	-$(BIN)/python -m compileall -qq -j 0 .venv/lib crocs_cli # on all cores, which pip does not
	touch $@

# aeon and its like pin numpy and numba, so they live in an environment of their own
.venv-peers/installed: tests/peers.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/pip install --quiet --disable-pip-version-check --no-compile -r tests/peers.txt
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
	$(BIN)/pytest -n $$(($$(nproc) + 1)) --dist worksteal  # one more, for some tests wait

torture: install
	$(BIN)/python -m tests.torture

# known faults of the libraries that are installed; asks a public service, so it needs the network
audit: install .venv-audit/installed
	.venv-audit/bin/pip-audit --path $$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

.venv-audit/installed:
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/pip install --quiet --disable-pip-version-check 'pip-audit>=2.9'
	touch $@

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
	rm -rf .venv .venv-peers .venv-audit build runs
