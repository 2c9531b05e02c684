# hxproxy: what can be done here. `make` alone prints the list.

export CARGO_TARGET_DIR ?= $(HOME)/.cache/hxproxy/target
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60

BINARY := $(CARGO_TARGET_DIR)/release/hxproxy
TESTS := haproxy-compat-tests
DEPS := $(TESTS)/scripts/install-deps.sh
FUZZ_TARGETS := $(wildcard crates/*/fuzz/fuzz_targets/*.rs)
# The proxy that compat, demo, bench and reg-tests look at; another one takes the place of hxproxy.
COMPAT_BINARY ?= $(BINARY)
export COMPAT_BINARY
# Only hxproxy itself has to be built first.
BUILT := $(if $(filter $(BINARY),$(COMPAT_BINARY)),build)

.DEFAULT_GOAL := help
.PHONY: help demo build test lint unit compat reg-tests reg-tests-named verdicts expressions random bench fuzz install deps-build deps-test deps-demo deps-bench

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: deps-demo $(BUILT) ## the story from plain HTTP to HTTPS and HTTP/2, with a real certbot and ACME server
	python3 $(TESTS)/demo/demo.py

build: deps-build ## build the release binary
	cargo build --release --package hxproxy
	@echo $(BINARY)

test: deps-test lint unit compat ## everything that must pass: lint, unit tests, compat

lint: deps-build ## check the format, and clippy without a warning
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

unit: deps-build
	cargo test --workspace --exclude haproxy-compat-tests --no-fail-fast

compat: deps-test $(BUILT) ## the compatibility suite on the release binary, or on COMPAT_BINARY=…
	cargo test --package haproxy-compat-tests --no-fail-fast

reg-tests: reg-tests-named $(BUILT) ## HAProxy's own tests: HAPROXY_SRC=<checkout> VTEST=<program> [REG_TESTS="http-rules lua …"]
	python3 $(TESTS)/scripts/reg-tests.py --source "$(HAPROXY_SRC)" --vtest "$(VTEST)" \
		--results $(CARGO_TARGET_DIR)/reg-tests.tsv $(REG_TESTS)

reg-tests-named:
	@test -n "$(HAPROXY_SRC)" -a -n "$(VTEST)" || { echo "set HAPROXY_SRC and VTEST: see make help" >&2; exit 2; }

verdicts: $(BUILT) ## compare -c with a real one's: HAPROXY=<3.5 binary> FILES="<.cfg, .vtc or folders>" [BASE=<folder>] [LEVEL=all]
	@test -n "$(HAPROXY)" -a -n "$(FILES)" || { echo "set HAPROXY and FILES: see make help" >&2; exit 2; }
	python3 $(TESTS)/scripts/verdicts.py --haproxy "$(HAPROXY)" --base "$(or $(BASE),.)" --level $(or $(LEVEL),alerts) $(FILES)

expressions: $(BUILT) ## compare the answers of expressions with a real one's: HAPROXY=<binary> [ONLY="acl map get"]
	python3 $(TESTS)/expressions/compare.py $(if $(HAPROXY),--also "$(HAPROXY)") $(ONLY)

random: $(BUILT) ## compare random rules with a real one's: HAPROXY=<3.5 binary> [FIRST=1 COUNT=100]
	@test -n "$(HAPROXY)" || { echo "set HAPROXY: see make help" >&2; exit 2; }
	python3 $(TESTS)/random/compare.py --reference "$(HAPROXY)" --first $(or $(FIRST),1) --count $(or $(COUNT),100)

bench: deps-bench $(BUILT) ## measure beside Debian's haproxy and nginx: [BENCH="small tls --rounds 5"]
	cargo build --release --package $(TESTS) --bin bench-origin
	BENCH_ORIGIN=$(CARGO_TARGET_DIR)/release/bench-origin python3 $(TESTS)/bench/bench.py $(BENCH)

fuzz: ## run each fuzz target for FUZZ_SECONDS: cargo-fuzz's (it needs a nightly toolchain), else those of the tests
	@if cargo +nightly fuzz --version >/dev/null 2>&1; then \
		set -e; for target in $(FUZZ_TARGETS); do \
			echo "$$target"; \
			(cd "$${target%/fuzz/*}" && CARGO_TARGET_DIR=$(CARGO_TARGET_DIR)/fuzz \
				cargo +nightly fuzz run "$$(basename "$$target" .rs)" -- -max_total_time=$(FUZZ_SECONDS)); \
		done; \
	else \
		echo "no cargo-fuzz: random configurations on the stable toolchain"; \
		FUZZ_SECONDS=$(FUZZ_SECONDS) cargo test --release --package hxproxy --test fuzz; \
	fi

install: build ## install the binary under DESTDIR and PREFIX (/usr/local)
	install -D -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/sbin/hxproxy

deps-build deps-test deps-demo deps-bench: deps-%:
	@$(DEPS) $*
