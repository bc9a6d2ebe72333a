# Every target obtains what it needs; CONTRIBUTING.md lists them.

.DEFAULT_GOAL := help
.PHONY: help run build clients test bench attacks soak fuzz check images-test

CARGO := cargo
# The faster runner where there is one; either runs the same tests.
TESTER := $(if $(shell cargo nextest --version 2>/dev/null),nextest run,test)
# `release` builds fast; `image` builds for ten minutes what runs as fast as it gets.
PROFILE := release
BUILT = target/$(PROFILE)

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 13

run: ## Build and start the service on this machine, embedded
	@scripts/requirements.sh build
	$(CARGO) build --release --locked -p livegate-server -p livegate-jail -p livegate-prepare --bin livegate-api --bin livegate-jail --bin livegate-models
	@target/release/livegate-models fetch
	@scripts/run.sh

build: ## Build the binaries and obtain the models; start nothing. PROFILE=image: what images hold
	@scripts/requirements.sh build
	$(CARGO) build --profile $(PROFILE) --locked -p livegate-server -p livegate-jail -p livegate-lab -p livegate-prepare --bins
	@$(BUILT)/livegate-models fetch

clients: ## Build the Python wheel and the npm tarball into target/clients; publish nothing
	@scripts/requirements.sh test
	@scripts/test-tools.sh
	@clients/build.sh

test: ## Run all tests, with RabbitMQ and Redis servers of their own
	@scripts/requirements.sh test
	@scripts/test-tools.sh
	$(CARGO) build --locked --workspace --all-targets
	@target/debug/livegate-models fetch --test-assets
	target/debug/with-servers -- $(CARGO) $(TESTER) --locked --workspace

bench: PROFILE := image
bench: build ## Measure speed and memory; fails on no number. BASELINE=REVISION: only compare with it, in turns
	@scripts/requirements.sh test
	@$(BUILT)/livegate-models fetch --test-assets
	$(CARGO) build --profile $(PROFILE) --locked -p livegate-tests --bin bench
	@$(if $(BASELINE),scripts/baseline.sh $(BASELINE) $(PROFILE))
	@$(BUILT)/bench $(if $(BASELINE),--baseline target/baseline)

attacks: ## Present all attacks and live people; write docs/attacks.md
	@scripts/requirements.sh build
	$(CARGO) build --locked -p livegate-tests -p livegate-jail -p livegate-prepare --bins
	@target/debug/livegate-models fetch --test-assets
	@target/debug/attacks

soak: ## Verify 10,000 times while parts are killed and come back; VERIFIES=… SEED=… AT_ONCE=… SERVERS=tls|plain|cluster
	@scripts/requirements.sh test
	$(CARGO) build --profile $(PROFILE) --locked -p livegate-server -p livegate-jail -p livegate-tests --bins
	@$(BUILT)/soak $(if $(SERVERS),--servers $(SERVERS)) $(if $(VERIFIES),--verifies $(VERIFIES)) $(if $(SEED),--seed $(SEED)) $(if $(AT_ONCE),--at-once $(AT_ONCE))

fuzz: ## Fuzz what reads strangers' bytes; FUZZ_SECONDS=60 for each of FUZZ_TARGETS (all)
	@scripts/requirements.sh build
	@scripts/fuzz.sh $(FUZZ_TARGETS)

images-test: ## Build the images and run the compose file with podman, as root; nothing of it stays. KEEP=1 keeps the images
	@scripts/images-test.sh

check: ## What does not run the program: format, lints, docs, licences
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps
	$(CARGO) deny check bans licenses sources
