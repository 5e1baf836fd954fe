# The only commands a newcomer needs. `make help` lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SPARK_STAMP := $(VENV)/.spark

OLD_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
# The first Python of the path that is new enough; say `make PYTHON=/path/to/python3.12 ...` for another one.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$name -c '$(OLD_ENOUGH)' >/dev/null 2>&1 && echo $$name && break; done)

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: run
run: $(STAMP) ## install, start the sandbox (SANDBOX_PORT, 8001) and the service (PORT, 8000), show demo cards (REGIMEN)
	@exec $(BIN)/nusinersen-cds demo $(if $(PORT),--port $(PORT)) $(if $(SANDBOX_PORT),--sandbox-port $(SANDBOX_PORT)) \
		$(if $(REGIMEN),--regimen "$(REGIMEN)")

.PHONY: test
test: $(SPARK_STAMP) ## install and run every test but those of test-hapi and test-openid
	$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

.PHONY: test-hapi
test-hapi: $(STAMP) ## build HAPI FHIR (Java 17, Maven), start it and run the tests against it
	$(BIN)/python -m pytest -m hapi tests/servers/hapi $(ARGS)

.PHONY: test-openid
test-openid: $(STAMP) ## install an OpenID Connect provider (Node.js, npm) and sign in by it
	$(BIN)/python -m pytest -m openid tests/servers/openid $(ARGS)

.PHONY: check
check: format-check lint types imports dead-code docs-check docs-build ## all that can be checked without running the service

.PHONY: bench
bench: $(STAMP) ## measure the service against a bare application
	$(BIN)/python -m tests.bench $(ARGS)

.PHONY: bench-audit
bench-audit: $(STAMP) ## measure the audit beside other ways to read an export (7 GB in the temporary folder)
	$(BIN)/python -m tests.bench_audit $(ARGS)

.PHONY: chaos
chaos: $(STAMP) ## try the service under faults, with real processes, and write docs/faults.md
	$(BIN)/python -m tests.chaos

COVERING := tests/spec tests/dosing tests/regimens tests/cards tests/fhir tests/sandbox/test_cases.py tests/cli/test_regimens.py

.PHONY: safety-proof
safety-proof: $(STAMP) ## take each control of the hazard log away, in a copy, and see that its tests fail
	$(BIN)/python -m tests.proof safety $(ARGS)

.PHONY: rules-proof
rules-proof: $(STAMP) ## the same for each rule of docs/rules.md
	$(BIN)/python -m tests.proof rules $(ARGS)

.PHONY: coverage
coverage: $(STAMP) ## branches of the dosing core and the regimens that no test takes
	$(BIN)/coverage run -m pytest $(COVERING) $(ARGS)
	$(BIN)/coverage report

.PHONY: mutants
mutants: $(STAMP) ## change the dosing core in many small ways, in a copy, and see which changes no test finds
	$(BIN)/python -m tests.proof.mutants --jobs $(or $(JOBS),2) $(ARGS)

.PHONY: docs
docs: $(STAMP) ## write the generated pages of docs/ again
	$(BIN)/python -m tests.spec.docs

.PHONY: format
format: $(STAMP) ## format the code and mend what ruff can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

.PHONY: format-check
format-check: $(STAMP)
	$(BIN)/ruff format --check

.PHONY: lint
lint: $(STAMP)
	$(BIN)/ruff check

.PHONY: types
types: $(STAMP)
	$(BIN)/mypy

.PHONY: imports
imports: $(STAMP)
	$(BIN)/lint-imports

.PHONY: dead-code
dead-code: $(STAMP)
	$(BIN)/vulture

.PHONY: docs-check
docs-check: $(STAMP)
	$(BIN)/python -m tests.spec.docs --check

# All pages anew each time, since Sphinx tells what is wrong only with those that it reads again.
.PHONY: docs-build
docs-build: $(STAMP) ## build the pages of docs/ for a browser, into build/docs; warnings are errors
	$(BIN)/sphinx-build -E -a -W --keep-going -n -q -b html -d build/doctrees docs build/docs

.PHONY: docs-serve
docs-serve: docs-build ## the same, and serve them on 127.0.0.1 (DOCS_PORT, 8002)
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory build/docs $(or $(DOCS_PORT),8002)

.PHONY: install
install: $(STAMP) ## make .venv, as every command does that needs it

# The files come from pyproject.toml: all.txt holds the service with its extras but Spark, service.txt the service alone,
# container.txt what the image holds, build.txt what makes the wheel for it, and spark.txt the audit with Spark, at the
# same versions. None names an index: which one is asked is a matter of the machine.
COMPILE := UV_CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--fork-strategy fewest --generate-hashes --no-emit-index-url --no-emit-find-links --no-header

.PHONY: lock
lock: $(STAMP) ## pin the dependencies again; UPGRADE=1 takes the current releases
	$(COMPILE) $(if $(UPGRADE),--upgrade) $(foreach extra,audit dev postgresql sandbox tracing units,--extra $(extra)) \
		pyproject.toml --output-file requirements/all.txt
	$(COMPILE) --upgrade --constraints requirements/all.txt pyproject.toml --output-file requirements/service.txt
	$(COMPILE) --upgrade --constraints requirements/all.txt \
		$(foreach extra,launch postgresql tracing units,--extra $(extra)) \
		pyproject.toml --output-file requirements/container.txt
	$(COMPILE) $(if $(UPGRADE),--upgrade) --constraints requirements/all.txt --extra spark pyproject.toml \
		--output-file requirements/spark.txt
	echo hatchling | $(COMPILE) --upgrade --constraints requirements/all.txt - --output-file requirements/build.txt

.PHONY: clean
clean: ## remove the environment, caches and builds
	rm -rf $(VENV) dist build mutants .coverage .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is written last, so an installation that was broken off starts again. An environment whose Python is gone or
# too old is made anew; any other one is brought up to date in place.
$(STAMP): pyproject.toml requirements/all.txt
	@test -n "$(PYTHON)" || { echo "nusinersen-cds needs Python 3.11 or newer, and none is on the PATH" \
		"(python3 is: $$(python3 --version 2>&1)). Install one, or say make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	@"$(PYTHON)" -c '$(OLD_ENOUGH)' || { echo "$(PYTHON) is $$("$(PYTHON)" --version 2>&1);" \
		"nusinersen-cds needs Python 3.11 or newer" >&2; exit 1; }
	@$(BIN)/python -c '$(OLD_ENOUGH)' >/dev/null 2>&1 && $(BIN)/python -m pip --version >/dev/null 2>&1 || \
		"$(PYTHON)" -m venv --clear $(VENV) || { echo "$(PYTHON) could not make $(VENV): on Debian and Ubuntu," \
		"install the package python3-venv first" >&2; exit 1; }
	@echo "Installing into $(VENV); the first time takes about a minute ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
		--requirement requirements/all.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Apart, since Spark is 500 MB and only its tests need it; it is built from its source, which runs setuptools.
$(SPARK_STAMP): $(STAMP) requirements/spark.txt
	@echo "Installing Spark for its tests; the first time takes about two minutes ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
		--no-binary pyspark --no-build-isolation --requirement requirements/spark.txt
	@touch $@
