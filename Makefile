PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.installed

.PHONY: build test check format bench bench-training networks ledger memory clean

build: $(SETUP)  ## set up, then the main job: compile, run and audit Table 1 of GoogLeNet
	$(BIN)/archspec build specs/googlenet.yaml

test: $(SETUP)  ## set up, then the whole suite
	$(BIN)/pytest -n 2

check: $(SETUP)  ## lint, format, types, and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest tests/test_imports.py

format: $(SETUP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(SETUP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	$(BIN)/python -m compileall -q archspec
	touch $(SETUP)

bench: $(SETUP)  ## start-up and the language beside importing torch, the closed form beside other counters, sweeps beside both
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/language.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/analysis.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/sweep.py

bench-training: $(SETUP)  ## trains LeNet-5 and GoogLeNet for 32x32 on the digits (20 minutes), into docs/training.md
	$(BIN)/python benchmarks/training.py --write

networks: $(SETUP)  ## compares every shipped spec with a module that stands by itself, into docs/networks.md
	$(BIN)/python tests/networks_table.py

ledger: $(SETUP)  ## audits every shipped spec, into docs/ledger.md
	$(BIN)/python tests/ledger.py

memory: $(SETUP)  ## measures the peak memory of every shipped spec with torch's profiler, into docs/memory.md
	$(BIN)/python tests/memory_table.py

clean:
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache
