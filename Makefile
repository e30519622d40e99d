# The habits of this repository. Only Go and git are needed for build, test
# and demo; the rest installs what it needs (scripts/tools).

GO ?= go
ORACLES ?= ../shared/oracles
PYTHON ?= python3
TOOLS := $(CURDIR)/.tools

.PHONY: build demo test race lint fuzz bench e2e oracles check clean

build: ## bin/coranto
	$(GO) build -trimpath -o bin/ ./cmd/coranto ./cmd/conformance

demo: ## watch it work
	$(GO) run ./cmd/coranto demo

test:
	$(GO) test ./...

race: ## the packages where goroutines meet
	$(GO) test -race -short ./internal/egress ./internal/robots ./internal/engine/... ./internal/host ./internal/release ./internal/catalog ./internal/sqlite \
		./internal/app ./internal/pipeline ./internal/content ./internal/job ./internal/notify

lint: $(TOOLS)/staticcheck
	@test -z "$$(gofmt -l .)" || { echo "gofmt would change:"; gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(TOOLS)/staticcheck ./...

$(TOOLS)/staticcheck: scripts/tools
	scripts/tools staticcheck

fuzz: ## every fuzz test for FUZZTIME
	scripts/fuzz $(or $(FUZZTIME),10s)

bench: ## figures of bench/, see bench/README.md
	$(GO) run ./bench $(BENCH)

e2e: build ## crash sweep, kills, remotes, pages in Chromium
	scripts/e2e

oracles: build ## cases from the outside world, where they lie beside the project
	scripts/oracles $(ORACLES)

check: lint test race e2e oracles

clean:
	rm -rf bin .tools
