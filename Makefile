# The front door. `make run` and `make test` install whatever is missing first: packages with apt,
# sources of two small libraries with apt-get source, tools for the tests with npm.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
.PHONY: help setup setup-test build run login test wasm web demo-data bench bench-dashboard lint format check-native \
  check-wasm check-web check-asan check-tsan check-fuzz clean

# Where relative times count from: the bundled sample is a picture of that day.
SAMPLE_NOW := 2026-06-01T12:00:00.000Z

# What is needed, as `command:Debian package`, or with a path in place of the command (`*` where
# machines differ). A thing that is there is not installed again, so a newer Node.js or a compiler
# from elsewhere is left alone.
RUN_NEEDS := cc:build-essential cmake:cmake ninja:ninja-build dpkg-source:dpkg-dev \
  pkg-config:pkg-config /usr/include/sqlite3.h:libsqlite3-dev \
  /usr/include/openssl/sha.h:libssl-dev /usr/include/zlib.h:zlib1g-dev \
  /usr/include/*/curl/curl.h:libcurl4-openssl-dev
NODE_NEEDS := node:nodejs npm:npm
WASM_NEEDS := $(RUN_NEEDS) emcc:emscripten
TEST_NEEDS := $(WASM_NEEDS) $(NODE_NEEDS) clang:clang clang-format:clang-format \
  clang-tidy:clang-tidy python3:python3 /usr/bin/chromium:chromium \
  /usr/include/cmocka.h:libcmocka-dev /usr/lib/*/faketime/libfaketimeMT.so.1:faketime \
  /usr/lib/python3/dist-packages/jsonschema/__init__.py:python3-jsonschema \
  systemd-analyze:systemd openssl:openssl \
  /usr/lib/llvm-14/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a:libclang-rt-14-dev

# Vite asks for Node.js ^20.19 or >=22.12. Where the system's is older, one comes with npm, and an npm
# of its age with it, into the build tree.
NODE_FITS := const [major, minor] = process.versions.node.split(".").map(Number); \
  process.exit(major > 22 || (major == 22 && minor >= 12) || (major == 20 && minor >= 19) ? 0 : 1)
NODE_BROUGHT := node@22.23.3 npm@10.9.2

THIRD_PARTY := build/third_party
SOURCES := cjson utf8proc civetweb
# The stamp names what it stands for: a further source makes a further fetch.
FETCHED := $(THIRD_PARTY)/.fetched-$(subst $() ,-,$(SOURCES))

help:
	@echo 'make run        build, and serve a demo project with its dashboard'
	@echo 'make login      print a new link to the dashboard of that demo'
	@echo 'make test       build everything and run every test'
	@echo 'make build      build the program: build/segmentry'
	@echo 'make web        build the dashboard: web/dist'
	@echo 'make wasm       build the npm package: wasm/dist'
	@echo 'make bench      compare with SQLite, DuckDB, mingo and plain JavaScript; measure the server'
	@echo 'make bench-dashboard  time the dashboard, with up to 250,000 contacts'
	@echo 'make demo-data  generate CONTACTS=20000 contacts into build/demo-data'
	@echo 'make format     format all C code'
	@echo 'make clean      remove what was built'

# Installs what a list of needs names and this machine lacks.
define install
missing=()
for need in $(1); do
  thing="$${need%%:*}"
  if [[ "$$thing" == /* ]]; then compgen -G "$$thing" >/dev/null || missing+=("$${need##*:}")
  else command -v "$$thing" >/dev/null || missing+=("$${need##*:}"); fi
done
if (( $${#missing[@]} > 0 )); then
  echo "installing: $${missing[*]}"
  as_root=(); (( EUID == 0 )) || as_root=(sudo)
  "$${as_root[@]}" apt-get update -q
  "$${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$${missing[@]}"
fi
endef

setup:
	@$(call install,$(RUN_NEEDS))
	$(MAKE) --no-print-directory $(FETCHED)

setup-test:
	@$(call install,$(TEST_NEEDS))
	$(MAKE) --no-print-directory $(FETCHED) tests/node_modules/.installed

# The system's package sources, asked for source packages: into the build tree, without a change to
# the system and without its rights.
$(FETCHED):
	@rm -rf $(THIRD_PARTY)
	mkdir -p $(THIRD_PARTY)/apt/parts $(THIRD_PARTY)/apt/lists/partial
	for list in /etc/apt/sources.list.d/*.sources; do
	  [[ -e "$$list" ]] && sed 's/^Types:.*/Types: deb-src/' "$$list" > "$(THIRD_PARTY)/apt/parts/$$(basename "$$list")"
	done
	touch $(THIRD_PARTY)/apt/sources.list
	[[ -e /etc/apt/sources.list ]] && sed -n 's/^deb /deb-src /p' /etc/apt/sources.list > $(THIRD_PARTY)/apt/sources.list
	cd $(THIRD_PARTY)
	apt=(apt-get -q -o Dir::Etc::SourceList="$$PWD/apt/sources.list" -o Dir::Etc::SourceParts="$$PWD/apt/parts" \
	  -o Dir::State::Lists="$$PWD/apt/lists" -o APT::Sandbox::User=root)
	"$${apt[@]}" update
	"$${apt[@]}" source --download-only $(SOURCES)
	for name in $(SOURCES); do dpkg-source --no-check -x "$$name"_*.dsc "$$name"; done
	touch "$(notdir $(FETCHED))"

tests/node_modules/.installed: tests/package-lock.json
	@cd tests && npm ci --no-audit --no-fund && touch node_modules/.installed

build: setup web
	@cmake --preset release >/dev/null
	cmake --build --preset release

run: build
	@exec native/demo/run.sh

login:
	@exec native/demo/login.sh

wasm:
	@$(call install,$(WASM_NEEDS))
	$(MAKE) --no-print-directory $(FETCHED)
	cmake --preset wasm >/dev/null
	cmake --build --preset wasm

# Puts a Node.js that fits at the front of PATH.
define use_node
if ! node -e '$(NODE_FITS)'; then
  [[ -x build/node/node_modules/.bin/node ]] || npm install --prefix build/node --no-audit --no-fund $(NODE_BROUGHT)
  export PATH="$$PWD/build/node/node_modules/.bin:$$PATH"
fi
endef

web:
	@$(call install,$(WASM_NEEDS) $(NODE_NEEDS))
	$(MAKE) --no-print-directory web/dist/index.html

WASM_SOURCES := CMakeLists.txt CMakePresets.json $(shell find core wasm -type f -not -path 'wasm/dist/*')
wasm/dist/segmentry.wasm: $(WASM_SOURCES)
	@$(MAKE) --no-print-directory wasm
	touch $@

web/node_modules/.installed: web/package-lock.json
	@$(use_node)
	cd web && npm ci --no-audit --no-fund && touch node_modules/.installed

# The dashboard shows the receivers of one page of the documentation.
WEB_SOURCES := docs/WEBHOOKS.md $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*')
web/dist/index.html: web/node_modules/.installed wasm/dist/segmentry.wasm $(WEB_SOURCES)
	@$(use_node)
	cd web && npm run --silent check && npm run --silent build

CONTACTS ?= 20000
demo-data:
	@$(call install,$(NODE_NEEDS))
	node native/demo/generate.mjs --out build/demo-data --contacts $(CONTACTS) --now $(SAMPLE_NOW)

bench: build wasm
	@$(call install,$(NODE_NEEDS))
	cmake --preset release -DSEG_BENCH=ON >/dev/null
	cmake --build --preset release
	cd tests/bench && npm ci --no-audit --no-fund >/dev/null
	cd ../.. && node tests/bench/bench.mjs
	node tests/bench/server.mjs

# The tests, cheapest first: a mistake should show early.
test: setup-test
	@$(MAKE) --no-print-directory lint
	$(MAKE) --no-print-directory check-native
	$(MAKE) --no-print-directory check-wasm
	$(MAKE) --no-print-directory check-web
	$(MAKE) --no-print-directory check-asan
	$(MAKE) --no-print-directory check-tsan
	$(MAKE) --no-print-directory check-fuzz
	echo 'all tests passed'

C_FILES = $(shell git ls-files '*.c' '*.h')

lint: setup-test
	@clang-format --dry-run --Werror $(C_FILES)
	cmake --preset dev >/dev/null
	git ls-files 'core/*.c' 'native/*.c' | xargs -P 2 -n 4 clang-tidy --quiet -p build/dev 2>/dev/null

format:
	@clang-format -i $(C_FILES)

# The corpus on the program and on the oracle, random cases beside it, and a check that they would
# notice a fault.
check-native: build setup-test
	@cmake --workflow --preset dev
	python3 tests/corpus/run.py --native build/segmentry
	python3 tests/packaging/test_install.py build/release
	python3 tests/api/test_openapi.py build/segmentry
	python3 tests/demo/test_demo.py build/segmentry
	node --test tests/clients/*.test.mjs
	python3 tests/docs/run.py
	python3 tests/corpus/differential.py --native build/segmentry --rounds 40
	python3 tests/corpus/differential.py --inject-fault

check-wasm: wasm setup-test
	@node --test tests/wasm/*.test.mjs
	node --test tests/browser/*.test.mjs
	python3 tests/corpus/run.py --wasm 'node tests/corpus/wasm_eval.mjs'
	python3 tests/corpus/differential.py --wasm 'node tests/corpus/wasm_eval.mjs' --rounds 10

# Type check and build are part of the build. The modules that need no page are tried without one.
check-web: build setup-test
	@web/node_modules/.bin/tsc -p web/tsconfig.tests.json
	node --test tests/web/*.test.mjs
	node --test tests/browser/dashboard/*.test.mjs

check-asan:
	@cmake --workflow --preset asan
	python3 tests/corpus/run.py --native build/asan/segmentry

check-tsan:
	@cmake --workflow --preset tsan

check-fuzz:
	@cmake --workflow --preset fuzz

clean:
	@rm -rf build wasm/dist web/dist
