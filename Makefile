# The commands of this repository. `make` alone lists them.
# Each makes sure of what it needs first (scripts/need): it installs what it may and names the exact command for the rest.

export PATH := $(HOME)/.cargo/bin:$(PATH)
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help demo build test check screenshots soak bench clean-services
NEXTEST_PROFILE := $(if $(CI),ci,default)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F"|" '{ printf "%-20s %s\n", $$1, $$2 }'

demo: ## build everything and run the main job end to end, then keep serving (ARGS="--once" exits after the story)
	@$(MAKE) --no-print-directory build
	@echo "==> the demo (make demo ARGS=--help lists its options)"
	@target/debug/metricis demo $(ARGS)

build: ## build the program, target/debug/metricis
	@scripts/need build
	@[ -d target/debug ] || echo "==> the first build compiles every library: some minutes, once"
	@echo "==> building metricis"
	@cargo build --locked --bin metricis

check: ## format, lints, freshness of generated files, sizes
	@scripts/need check
	@[ -d target/debug ] || echo "==> the first build compiles every library: some minutes, once"
	@echo "==> format"
	@cargo fmt --all --check
	@echo "==> lints"
	@cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
	@echo "==> web: format, lints, types"
	@npm --prefix web run --silent check
	@echo "==> generated files"
	@scripts/generated --check
	@echo "==> sizes"
	@scripts/sizes

test: check ## everything that CI runs: check, then the whole suite on SQLite and on a private PostgreSQL and Redis
	@scripts/need test
	@echo "==> examples in the documentation"
	@cargo test --workspace --doc --locked --quiet 2>&1 | sed '/^$$/d;/running 0 tests/d;/0 passed; 0 failed/d'; exit $${PIPESTATUS[0]}
	@echo "==> a build without npm"
	@scripts/without-web
	@echo "==> web: unit tests"
	@npm --prefix web test --silent
	@echo "==> the suite, on both engines"
	@cargo nextest run --workspace --locked --no-run --cargo-quiet
	@TEST_PYTHON=$$(scripts/python-env) TEST_PYCAP=$$(scripts/python-env pycap) TEST_REDCAPLITE=$$(scripts/python-env redcaplite) \
		scripts/services run -- cargo nextest run --workspace --locked --profile $(NEXTEST_PROFILE) $(ARGS)
	@cargo build --locked --quiet --bin metricis
	@[ -n "$(ARGS)" ] || { rm -f target/suites.json && \
		target/debug/metricis cutover report-suites target/nextest/$(NEXTEST_PROFILE)/junit.xml > target/suites.part; }
	@echo "==> browser stories, in Chromium on the served program"
	@npm --prefix web run --silent stories
	@[ -n "$(ARGS)" ] || { mv target/suites.part target/suites.json && \
		echo "==> all green: target/suites.json is what \`metricis cutover attach-suites\` takes"; }

screenshots: ## pictures of every page, light and dark, wide and narrow, into target/screenshots
	@scripts/need screenshots
	@cargo build --locked --quiet --bin metricis
	@npm --prefix web run --silent screenshots

soak: ## the reliability measures R3 to R6 at their full count, an hour or more (ROWS="R3 R5" picks, SOAK_SEED repeats)
	@scripts/need test
	@scripts/soak $(ROWS)

bench: ## measure against the peers, about ten minutes on a quiet machine (ROWS="P1 P10" picks)
	@scripts/need bench
	@echo "==> the first release build takes ten minutes or more, once"
	@cargo build --release --locked --bin metricis
	@bench/run $(ROWS)

clean-services: ## stop private services that a killed run left behind
	@scripts/services clean
