# Two commands: `make report` and `make test`. Each first makes .venv from requirements.lock.
# Variables are given on the command line: make report PROFILE=mine LANGUAGE=zh REGION="CN-44 CN-S"
PROFILE = sample
RAW = data/raw/$(PROFILE)
PROCESSED = data/processed/$(PROFILE)
LANGUAGE =
REGION =
AS_OF =
WORKERS =
BENCH = *
UPGRADE =

PYTHON = python3
RUN = .venv/bin/python -m
AFTERSALES = .venv/bin/aftersales
COMPILE = .venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --quiet \
	--no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

# Kernels start twice as fast with byte code, and no path of another Python may leak in.
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME VIRTUAL_ENV
export PYTHON
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup spark report tables test test-fast lint format lab bench docs messages notebooks lock
.PHONY: clean distclean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' Makefile

setup:
	@tools/setup

spark: setup  ## PySpark into .venv: 400 MB, needs Java 17 or newer
	@tools/setup spark

report: tables  ## HTML reports for every region: PROFILE, LANGUAGE, REGION, AS_OF, WORKERS
	$(AFTERSALES) render --profile $(PROFILE) $(if $(LANGUAGE),--language $(LANGUAGE)) \
		$(foreach region,$(REGION),--region $(region)) $(if $(AS_OF),--as-of $(AS_OF)) \
		$(if $(WORKERS),--workers $(WORKERS))

# Sample tables where none are; clean tables where there are none, or older than what made them.
tables: setup
	@if [ $(PROFILE) = sample ] && [ ! -f $(RAW)/truth.json ]; then \
		echo $(AFTERSALES) sample; $(AFTERSALES) sample; \
	fi
	@if [ ! -f $(PROCESSED)/manifest.json ] || find $(RAW)/ config/$(PROFILE)/ lib/aftersales/data/ \
		-name '*[!c]' -type f -newer $(PROCESSED)/manifest.json 2>/dev/null | grep -q .; then \
		echo $(AFTERSALES) clean --profile $(PROFILE) --raw $(RAW); \
		$(AFTERSALES) clean --profile $(PROFILE) --raw $(RAW); \
	fi

test: lint  ## format, lint, unit tests and examples, notebooks
	$(RUN) pytest -n auto --dist loadscope
	$(RUN) pytest --nbval -p no:cacheprovider notebooks

test-fast: setup  ## two to three minutes: no browser, no sample, no rendering, fewer examples
	HYPOTHESIS_PROFILE=quick $(RUN) pytest -n auto --dist loadscope -m "not slow and not browser"

lint: setup
	$(RUN) ruff format --check .
	$(RUN) ruff check .

format: setup  ## put the code into its format
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

lab: tables  ## JupyterLab on the notebooks
	.venv/bin/jupyter lab --LabApp.default_url=/lab/tree/notebooks

bench: setup  ## the benchmarks, side by side; BENCH=speed, truth or warning: one folder
	@set -e; for file in $(filter-out %/same_findings.py,$(wildcard benchmarks/$(BENCH)/[a-z]*.py)); do \
		echo "== $$file"; .venv/bin/python $$file; \
	done

docs: setup  ## docs/tables.md, docs/metrics.md and docs/notebooks.md from the code
	.venv/bin/python tools/docs.py

notebooks: setup  ## the outputs that notebooks are committed with, from a small sample
	.venv/bin/python tools/notebooks.py

messages: setup  ## the catalogues in lib/aftersales/locale, from the code and the notebooks
	.venv/bin/python tools/messages.py

lock: setup  ## requirements*.lock and environment.yml from pyproject.toml; UPGRADE=1 for newer ones
	$(COMPILE) pyproject.toml --group setup --extra postgres --extra cluster --extra test \
		--output-file requirements.lock $(if $(UPGRADE),--upgrade)
	$(COMPILE) --group spark --output-file requirements-spark.lock $(if $(UPGRADE),--upgrade)
	.venv/bin/python tools/environment.py
	@tools/setup

# Folders stay, and so do raw files but for the sample: they cannot be made again.
clean:  ## remove what was built: .venv, the sample, processed tables; reports stay
	find data/processed -mindepth 1 -maxdepth 1 ! -name .gitkeep -exec rm -rf {} +
	rm -rf .venv data/raw/sample build dist .pytest_cache .ruff_cache .hypothesis
	find lib tests tools benchmarks notebooks -name __pycache__ -prune -exec rm -rf {} +
	find notebooks -name .ipynb_checkpoints -prune -exec rm -rf {} +

distclean: clean  ## clean, and the reports: with them goes what is new, still open or gone
	find reports -mindepth 1 -maxdepth 1 ! -name .gitkeep -exec rm -rf {} +
