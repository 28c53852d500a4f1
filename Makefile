# What users of this project type. Needs Python 3.11+, make and git; the rest it installs.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
PLAYERS ?= 1000
DAPHNES ?= 2
BIN := .venv/bin
FAST := not (browser or nginx or servers or gettext or staff or attacks)
CATALOGS := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/django.po))

.PHONY: help play dev serve rush test test-fast fuzz lock clean
help:
	@echo "make play    the product on this machine alone, at http://$(HOST):$(PORT)"
	@echo "make dev     the same for work on the code: starts again when it changes"
	@echo "make serve   as in production: nginx, daphnes, PostgreSQL, Redis; a trial"
	@echo "make rush    a thousand players at once against make serve;"
	@echo "             DOORS=1 has them join, sign in and check in too (2 minutes)"
	@echo "make test    the gate: all set-up, every check and every test"
	@echo "make test-fast  the tests that need nothing but Python"
	@echo "make fuzz    100,000 junk inputs; FUZZ_SEED and FUZZ_INPUTS choose others"
	@echo "make lock    write the locked dependencies anew"
	@echo "make clean   forget the environment; the data in var/ stays"

play: .venv/ready $(CATALOGS) var/secret-key
	@SECRET_KEY="$$(cat var/secret-key)" $(BIN)/python manage.py play $(HOST) $(PORT)

# The data is that of `make play`. Nothing is kept, so that a page shows what its template
# says now.
dev: export DEBUG = true
dev: export GAME_CACHE_SECONDS = 0
dev: .venv/ready $(CATALOGS) var/secret-key
	@SECRET_KEY="$$(cat var/secret-key)" $(BIN)/python manage.py play --reload $(HOST) $(PORT)

# As in production, on this machine; another terminal then runs `make rush`.
serve rush: export PORT = 8080
serve rush: export HOST := $(HOST)
serve rush: export DAPHNES := $(DAPHNES)
serve: .venv/ready $(CATALOGS) var/secret-key
	@exec deploy/serve

rush: .venv/ready $(CATALOGS) var/secret-key
	@exec deploy/trial rehearse http://$(HOST):$(PORT) --players $(PLAYERS) \
	  $(if $(DOORS),--doors) --report var/serve/rehearsal.html

test: .venv/ready-dev $(CATALOGS)
	@deploy/services
	@deploy/gate

# In this process alone, on SQLite and local memory: quick, and nothing to install.
test-fast: export TEST_POSTGRES =
test-fast: export TEST_REDIS =
test-fast: .venv/ready-dev $(CATALOGS)
	@env -u DATABASE_URL -u REDIS_URL $(BIN)/pytest -n 2 -m "$(FAST)"

# As in `make test`, but more and each time others. FUZZ_SEED has them again.
fuzz: export FUZZ_INPUTS ?= 100000
fuzz: export FUZZ_SEED ?= $(shell date +%s)
fuzz: .venv/ready-dev $(CATALOGS)
	@deploy/services
	@. deploy/test-environment && $(BIN)/pytest tests/attacks/test_fuzz.py

# The environment, made again when the locked dependencies change.
.venv/ready: requirements.txt deploy/environment
	@PYTHON="$(PYTHON)" deploy/environment requirements.txt
	@touch $@

.venv/ready-dev: requirements-dev.txt .venv/ready
	@PYTHON="$(PYTHON)" deploy/environment requirements-dev.txt
	@touch $@

%.mo: %.po .venv/ready
	@$(BIN)/pybabel -q compile -i $< -o $@

var/secret-key:
	@mkdir -p var
	@(umask 077; $(PYTHON) -c "import secrets; print(secrets.token_urlsafe(50))" > $@)

lock:
	uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header -q -o requirements.txt
	uv pip compile pyproject.toml --group dev --universal --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header -q -c requirements.txt \
	  -o requirements-dev.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
