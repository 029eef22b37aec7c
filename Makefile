# Two commands matter: `make demo` and `make test`. Both set up what they need in .venv.
PYTHON ?= python3
BIN := .venv/bin
# hundreds of short processes start faster with their bytecode kept
unexport PYTHONDONTWRITEBYTECODE
# tests of kernels that are quick enough without compiling
KERNELS := $(addprefix tests/maths/test_, $(addsuffix .py, decisions leiden partition prediction segments validity ward))

.PHONY: install demo test test-fast torture audit check bench bench-80k format guides picture coverage release clean

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

test-fast: install
	$(BIN)/pytest -n $$(($$(nproc) + 1)) --dist worksteal -m 'not slow and not peers'

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

# the tables of settings, columns, files and readers, from the code
guides: install
	$(BIN)/python -m tests.guides

picture: install
	$(BIN)/python -m tests.picture

# kernels are compiled, and seen only by the second run, which takes them as plain Python
coverage: install
	mkdir -p build
	$(BIN)/pip install --quiet --disable-pip-version-check 'coverage>=7.6'
	$(BIN)/coverage run --source crocs_cli --data-file build/coverage.fast -m pytest -q -m 'not slow and not peers and not engine'
	NUMBA_DISABLE_JIT=1 $(BIN)/coverage run --source crocs_cli --data-file build/coverage.kernels -m pytest -q $(KERNELS)
	$(BIN)/coverage combine --keep --data-file build/coverage build/coverage.fast build/coverage.kernels
	$(BIN)/coverage report --data-file build/coverage --skip-covered --sort miss | tee build/coverage.txt

# builds and checks; tags and uploads nothing
release: install .venv-release/installed
	rm -rf build/dist
	.venv-release/bin/python -m build --outdir build/dist
	.venv-release/bin/twine check --strict build/dist/*
	CROCS_ENGINES=required $(BIN)/pytest -q tests/test_wheel.py
	@version=$$($(BIN)/python -c 'import crocs_cli; print(crocs_cli.__version__)'); \
		grep -q "^## $$version, 20" crocs_cli/docs/changelog.md && grep -q "^version: $$version$$" .github/CITATION.cff \
		|| { echo "give version $$version and its date in crocs_cli/docs/changelog.md and .github/CITATION.cff"; exit 1; }; \
		echo "now: git tag -a v$$version -m 'crocs $$version' && git push --tags && .venv-release/bin/twine upload build/dist/*"

.venv-release/installed:
	$(PYTHON) -m venv .venv-release
	.venv-release/bin/pip install --quiet --disable-pip-version-check 'build>=1.2' 'twine>=6'
	touch $@

clean:
	rm -rf .venv .venv-peers .venv-audit .venv-release build runs
