TESTS    := go tool -modfile=tools/go.mod gotestsum
LINT     := go tool -modfile=tools/go.mod golangci-lint
FUZZTIME ?= 10s
PEERS    := .cache/peers

.PHONY: help setup demo run build check test lint fmt race cover fuzz vulnerabilities release bench generate clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: build ## Fetch ONNX Runtime, the models and the photos, unless they are there.
	@bin/oneton setup --with accurate,photos,group-photos,liveness,gestures,clips,documents,scripts

demo: build ## Enrol people from photos, search others, draw demo/contact-sheet.png.
	@bin/oneton demo

run: build ## Start a server that stays; it prints its address and a first API key.
	@bin/oneton serve --setup

build: ## Build bin/oneton.
	go build -o bin/oneton ./cmd/oneton

check: setup ## Vet, lint, and build for the other processors.
	go vet ./...
	$(LINT) run
	.ci/architectures

# Many tests wait for processes, browsers and clocks: one package more than cores runs.
test: check ## Check and test everything, and name what had to be skipped.
	@mkdir -p bin
	$(TESTS) --hide-summary=skipped --jsonfile=bin/test.json --rerun-fails=1 --rerun-fails-max-failures=5 \
		--rerun-fails-report=bin/reruns --packages=./... -- -vet=off -timeout 30m \
		-p $$(($$(nproc) + 1)); \
		result=$$?; .ci/skipped bin/test.json; .ci/reruns bin/reruns; exit $$result

lint: ## Check style and the table of rooms.
	$(LINT) run

fmt: ## Format the code.
	$(LINT) fmt

race: setup ## Test with the race detector what shares anything between goroutines.
	.ci/race

cover: setup ## Measure the tests' coverage.
	go test -coverpkg=./... -coverprofile=coverage.out ./...
	go tool cover -func=coverage.out | tail -1

fuzz: setup ## Fuzz every decoder and kernel, FUZZTIME each.
	FUZZTIME=$(FUZZTIME) .ci/fuzz

vulnerabilities: ## Look for what is known to be vulnerable; needs vuln.go.dev.
	.ci/vulnerabilities

release: ## Make the archives, SBOMs, checksums and notes of the commit, by its tag, in bin/release.
	.ci/release bin/release

bench: setup $(PEERS)/done ## Measure photos to templates, a server and search, beside other engines.
	go run ./bench templates --python $(PEERS)/bin/python
	go run ./bench serve
	go run ./bench search --python $(PEERS)/bin/python

$(PEERS)/done: bench/peers/requirements.txt
	python3 -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet --require-hashes --requirement $<
	@touch $@

generate: ## Regenerate generated code.
	go generate ./...

clean: ## Remove what was built.
	rm -rf bin demo coverage.out
