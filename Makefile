# The commands of this repository: `make help` lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules
.DEFAULT_GOAL := check

# Every module but those of tools, which have no code. go.work joins the
# library and the command; the others stand alone, because what they test with is
# heavy and must not choose the versions of what is released.
MODULES := $(sort $(dir $(filter-out ./tools/% ./packaging/%,$(shell find . -name go.mod -not -path '*/.*/*'))))
WORK := ./ ./cmd/

# A tool is built by a module of its own and runs in the workspace: go tool -n tells
# where the built program is.
tool = $$(GOWORK=off go tool -modfile=$(CURDIR)/tools/go.mod -n $(1))

COUNT ?= 6
FUZZTIME ?= 10s
SOAK ?= 30m

.PHONY: check
check: ## Everything that CI checks (the default)
	@.ci/run

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "%-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: ## Build the service into bin/
	go build -o bin/ ./cmd/dspy-metrics

.PHONY: test
test: ## Run the tests
	go test work

.PHONY: race
race: ## Run the tests with the race detector
	go test -race work

# Where an int has 32 bits the library's tests run: natively on x86, and on ARM if
# there is QEMU to run them. A prediction is three small allocations there, so that
# the tests which count them are left out. With arm64 it is the assembly of package
# goexit that is tried. The other systems can only be built here.
PLATFORMS ?= linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64 linux/386 linux/arm
LIBRARY := ./otelmetrics/... ./views/...

.PHONY: platforms
platforms: ## Build for every platform, and test the library where an int has 32 bits
	@export CGO_ENABLED=0
	for platform in $(PLATFORMS); do
		echo "build for $$platform, and vet the library"
		GOOS=$${platform%/*} GOARCH=$${platform#*/} go build work
		GOOS=$${platform%/*} GOARCH=$${platform#*/} go vet $(LIBRARY)
	done
	echo "test on 386"
	GOARCH=386 go test -short -skip 'Allocat' $(LIBRARY)
	for emulated in arm:qemu-arm arm64:qemu-aarch64; do
		command -v "$${emulated#*:}" >/dev/null || continue
		echo "test on $${emulated%:*}"
		GOARCH=$${emulated%:*} go test -short -timeout 30m -exec "$${emulated#*:}" ./otelmetrics/bound ./otelmetrics/internal/goexit
	done

.PHONY: apidiff
apidiff: ## Compare the exported API with the last release
	@.ci/apidiff

# Each router and server is a dependency of this module alone.
.PHONY: integrations
integrations: ## Test the recipes for routers and servers
	cd examples/integrations
	GOWORK=off go test ./...

.PHONY: lint
lint: ## Lint every module
	@linter=$(call tool,golangci-lint)
	for module in $(MODULES); do
		echo "lint $$module"
		case " $(WORK) " in *" $$module "*) workspace= ;; *) workspace=off ;; esac
		(cd "$$module" && GOWORK=$$workspace "$$linter" run)
	done

.PHONY: fmt
fmt: ## Format every module
	@linter=$(call tool,golangci-lint)
	for module in $(MODULES); do
		(cd "$$module" && "$$linter" fmt)
	done

# What cmd/go.mod requires of the library is tagged only with the next release, and go
# mod tidy does not look into go.work.
LIBRARY_MODULE := github.com/dspy-metrics/dspy-metrics
.PHONY: tidy
tidy: ## Make the modules of the workspace require what they import
	@export GOWORK=off
	go mod tidy
	(cd examples/integrations && go mod tidy)
	cd cmd
	trap 'go mod edit -dropreplace $(LIBRARY_MODULE)' EXIT
	go mod edit -replace $(LIBRARY_MODULE)=..
	go mod tidy

.PHONY: generate
generate: ## Write the generated files
	go generate work
	install -m 644 LICENSE cmd/ # a module without one is shown without its documentation
	install -m 644 prometheus/{recording-rules,slo-rules,alerts}.yml charts/dspy-metrics/files/rules/
	install -m 644 grafana/dashboards/*.json charts/dspy-metrics/files/dashboards/
	sed -E '1s/.*/# Generated from prometheus\/alertmanager.yml: the same, sent to the mailbox of docker-compose.yml./; 2,3d
		s/^  - name: (pages|tickets)$$/&\n    email_configs: [{to: \1@example.com, from: alertmanager@example.com, smarthost: "mail:1025", require_tls: false, send_resolved: true}]/' \
		prometheus/alertmanager.yml > examples/compose/alertmanager.yml

# Compares the whole work tree, new files included, before and after: in a fresh
# clone that is a check for a clean tree, and it works with changes underway too.
.PHONY: drift
drift: ## Check that the generated files are up to date
	@index=$$(mktemp -d)
	trap 'rm -rf "$$index"' EXIT
	tree() { GIT_INDEX_FILE=$$index/index git add --all && GIT_INDEX_FILE=$$index/index git write-tree; }
	before=$$(tree)
	$(MAKE) --no-print-directory generate
	after=$$(tree)
	git --no-pager diff --exit-code "$$before" "$$after" || {
		echo "generated files are out of date: run make generate and commit the result" >&2
		exit 1
	}

.PHONY: e2e
e2e: ## Test the service against real servers
	@programs=$$(e2e/install)
	PATH="$$programs:$$PATH" GOWORK=off go -C e2e test -count=1 -timeout 40m ./...

.PHONY: soak
soak: ## Make traffic at the limit of the machine for SOAK, and watch what grows
	@GOWORK=off go -C e2e test -count=1 -v -timeout 0 -run '^TestSoak$$' . -soak $(SOAK)

.PHONY: python
python: ## Lint and test what is in Python
	@programs=$$(e2e/install)
	for folder in python packaging examples/dspy-service docs/screenshots e2e/clients; do
		(
			cd "$$folder"
			"$$programs/e2e-python" -m ruff check --no-cache .
			"$$programs/e2e-python" -m ruff format --no-cache --check .
			[ "$$folder" != python ] || "$$programs/e2e-python" -m mypy
			[ "$$folder" != python ] || "$$programs/e2e-python" -m pyright --pythonpath "$$programs/e2e-python"
			[ ! -d tests ] || "$$programs/e2e-python" -m pytest -q -p no:cacheprovider
		)
	done

.PHONY: screenshots
screenshots: build ## Draw the dashboards of docs/images anew, from 7 minutes of traffic
	@programs=$$(e2e/install)
	PATH="$$programs:$$PATH" "$$programs/e2e-python" docs/screenshots/record.py --service bin/dspy-metrics --images docs/images

.PHONY: livepictures
livepictures: ## Draw the page /live of docs/images anew, from two minutes of traffic
	@programs=$$(e2e/install)
	PATH="$$programs:$$PATH" go -C e2e test -count=1 -run '^TestLivePage$$' . -pictures "$$PWD/docs/images"

# The version is that of package.json, which Dependabot knows too.
.PHONY: uplot
uplot: ## Fetch the charts of the page /live from npm
	@folder=cmd/internal/live/uplot
	work=$$(mktemp -d)
	trap 'rm -rf "$$work"' EXIT
	cp "$$folder/package.json" "$$work"
	npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$$work"
	cp "$$work"/node_modules/uplot/{LICENSE,dist/uPlot.iife.min.js,dist/uPlot.min.css} "$$folder"

# Against the vulnerability database as of now, so that it can fail for a change
# that somebody else made. It comes as a Go module: no other server is asked.
# The toolchain is the one that the tools' module names, which releases are built with.
.PHONY: vulnerabilities
vulnerabilities: ## Look for known vulnerabilities in what the service is built from
	@export GOTOOLCHAIN=$$(awk '$$1 == "toolchain" { print $$2 }' tools/go.mod)
	database=$$(go mod download -json golang.org/x/vulndb@latest | awk -F '"' '$$2 == "Dir" { print $$4 }')
	$(call tool,govulncheck) -db "file://$$database/data/osv" ./... ./cmd/...

.PHONY: sbom
sbom: ## Write the software bill of materials of the service to bin/sbom.cdx.json
	@mkdir -p bin
	CGO_ENABLED=0 $(call tool,cyclonedx-gomod) app -licenses -json -noserial -output bin/sbom.cdx.json -main dspy-metrics cmd

VERSION ?= v0.1.0
# The platforms to build for, such as linux/amd64; all of them by default.
DIST ?=
.PHONY: dist
dist: ## Build archives, packages, wheels, SBOM and checksums of VERSION into dist/
	@packaging/build $(VERSION) $(DIST)

.PHONY: rehearsal
rehearsal: ## Run the steps of the release workflows for the tag VERSION, in a clone
	@programs=$$(e2e/install)
	PATH="$$programs:$$PATH" "$$programs/e2e-python" packaging/rehearse.py --tag $(VERSION)

.PHONY: scripts
scripts: ## Lint the workflows and the shell scripts
	@python=$$(e2e/install)/e2e-python
	shellcheck=$$("$$python" -c 'import sys; print(sys.prefix)')/bin/shellcheck
	actionlint=$$(GOWORK=off go -C packaging tool -n actionlint)
	"$$actionlint" -shellcheck "$$shellcheck"
	git grep --untracked -lzE '^#!/(usr/bin/env bash|bin/(ba)?sh)$$' -- . ':!*.py' ':!*.go' | xargs -0 "$$shellcheck"

.PHONY: gateways
gateways: build ## Compare what gateways cost: nginx, HAProxy, Portkey, LiteLLM, Go's bare proxy and ours
	@programs=$$(e2e/gateways/install)
	PATH="$$programs:$$PATH" GOWORK=off go -C e2e run ./gateways -service "$$PWD/bin/dspy-metrics"

# Thanos is a large program that no other test needs, so that it is no part of e2e.
.PHONY: thanos
thanos: ## Have Thanos evaluate the rules and show the overview; builds it, which takes minutes
	@programs=$$(e2e/install)
	place="$${XDG_CACHE_HOME:-$$HOME/.cache}/dspy-metrics-tools/thanos"
	GOWORK=off CGO_ENABLED=0 go -C e2e/thanosrules build -tags remove_all_sd,slicelabels -o "$$place/thanos" github.com/thanos-io/thanos/cmd/thanos
	PATH="$$place:$$programs:$$PATH" GOWORK=off go -C e2e test -count=1 -tags thanos -run '^TestThanosWorks$$' .

.PHONY: pages
pages: ## Write the pages of LiteLLM, vLLM and Micrometer that the tests of check read
	@e2e/pages/write

.PHONY: bench
bench: ## Run the benchmarks COUNT times and summarize them
	@go test -run '^$$' -bench . -benchmem -count $(COUNT) work | tee bench.out
	$(call tool,benchstat) bench.out

# Go before 1.27 may end a timed run with "context deadline exceeded" and no failing
# input, which means nothing (golang/go#75804); a count such as 100000x never does.
.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME
	@grep -r --include='*_test.go' '^func Fuzz' . | sed -E 's|^(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]*).*|\1 \2|' | sort | while read -r package target; do
		echo "fuzz $$package $$target"
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$package"
	done

.PHONY: clean
clean: ## Remove what the other targets leave behind
	rm -rf bin dist python/build python/src/*.egg-info *.out *.prof *.test
