# Everything that is done to this project, by name. `make` alone lists it.

MODULES := . integration bench
TOOL    := go tool -modfile=$(CURDIR)/tools/go.mod
FUZZ    ?= 10s
STORM   := ^Test(NoReplyReachesAnotherCaller|CancelsCostNoConnection|EverythingAtOnce|ResetAtEveryByte)$$

# The race detector needs a C compiler; go env knows whether there is one.
RACE := $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)
ifeq ($(RACE),)
$(info note: tests run without the race detector, because there is no C compiler)
endif

.PHONY: help
help: ## what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: test
test: test-root test-bench test-integration ## all tests; those against real servers when a Docker daemon answers

.PHONY: test-root
test-root: ## tests of the library, with the race detector
	go test $(RACE) -shuffle=on ./...
	go test ./... # once more: allocations can be counted only without it

.PHONY: storm
storm: ## a million calls with cancels, with the race detector, and resets at every byte of TLS: for the night
	go test $(RACE) -count=1 -timeout 60m ./conn ./pool -run '$(STORM)' -args -calls 1000000

.PHONY: writers
writers: ## eight processes that write reports and counts for ten minutes, and a million reports in bounded memory, on each server: for the night
	go test -count=1 -run '^TestManyReportsInBoundedMemory$$' ./bwstate -args -reports 1000000
	cd integration && go test -count=1 -timeout 60m -run '^Test(Writers|ManyReports)$$' . -args -writers 10m -reports 1000000

.PHONY: test-32bit
test-32bit: ## tests of the codec where an int has 32 bits
	@scripts/test-32bit

.PHONY: cover
cover: ## how much of the packages their tests reach, which may not be less than scripts/cover says
	@scripts/cover

.PHONY: test-bench
test-bench: ## tests of the benchmarks, each run once
	cd bench && go test $(RACE) -shuffle=on -bench . -benchtime 1x ./...

.PHONY: test-integration
test-integration: ## tests against Redis 7.0, Redis 8.0 and Valkey 8.1
	@scripts/integration $(RACE) -shuffle=on

.PHONY: integration-full
integration-full: ## the same, against Redis 6.0 and Valkey 9.1 as well
	@BWREDIS_FULL=1 BWREDIS_REQUIRE_DOCKER=1 scripts/integration $(RACE) -shuffle=on

.PHONY: bench
bench: ## clients side by side in two minutes; against REDIS_* when USE_REDIS=yes, else a server from PATH or from Docker
	cd bench && go run ./sweep

ROUNDS ?= 3
.PHONY: bench-full
bench-full: ## everything that is measured, as bench/RESULTS.md with plots, and its tables in docs; three quarters of an hour, on servers from PATH
	cd bench && go run ./results -rounds $(ROUNDS)

.PHONY: bench-codec
bench-codec: ## the codec beside those of the peers and beside bare loops
	cd bench && go run ./codec -rounds 15

.PHONY: bench-connection
bench-connection: ## the connection beside other clients and bare loops, on a server from PATH; takes a quarter of an hour
	cd bench && go run ./connection -rounds 9 -doc

.PHONY: bench-pool
bench-pool: ## the pool beside other pools and clients, on a server from PATH; takes five minutes
	cd bench && go run ./pools -rounds 9 -doc

.PHONY: bench-state
bench-state: ## operations of the shared state beside the same commands by hand, on a server from PATH; takes five minutes
	cd bench && go run ./state -rounds 9 -doc

TUNE ?=
.PHONY: tune
tune: ## what to set REDIS_KEEPALIVE_POOL, _IDLE and REDIS_TIMEOUT to, from a sweep of two minutes; against REDIS_* when USE_REDIS=yes; TUNE="-quick -svg DIR"
	cd bench && go run ./tune $(TUNE)

.PHONY: bench-failover
bench-failover: ## what callers see of failovers, beside other clients, on servers from PATH; takes seven minutes
	cd bench && go run ./failover -doc

.PHONY: bench-outage
bench-outage: ## what callers see of a restart, a stall and a storm of cancellations, beside other clients, on a server from PATH; takes four minutes on an idle machine
	cd bench && go run ./outage -doc

.PHONY: hostile
hostile: ## write docs/hostile.md anew: what each client makes of hostile replies
	mkdir -p docs
	cd bench && go run ./hostile -doc >../docs/hostile.md.new
	mv docs/hostile.md.new docs/hostile.md

.PHONY: guard
guard: ## nothing allocates, sends or takes more than bench/guard/baseline.json says; half a minute, without a server
	cd bench && go run ./guard

.PHONY: fuzz
fuzz: ## every fuzz target for $(FUZZ)
	@scripts/fuzz $(FUZZ)

.PHONY: format
format: ## put every file into its one right format
	$(TOOL) gofumpt -w $(MODULES)

.PHONY: lint
lint: ## format, vet, staticcheck and go.mod files, without changing anything
	@scripts/lint
