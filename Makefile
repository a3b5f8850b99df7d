# One command a job. `make` alone lists them; `make run` needs nothing but Python >= 3.11.
PYTHON ?= python3
# More workers than cores: many tests wait for the disk or a browser.
PYTEST_ARGS ?= -n 3 --dist worksteal
VENV   ?= .venv
PY      = $(VENV)/bin/python
PIP_TOOL = $(PY) -m uv pip
export UV_PYTHON_DOWNLOADS = never

.DEFAULT_GOAL := help
.PHONY: help run chat demo demo-undo ocr mcp test check format eval bench faults lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

# The stamps hold what was installed from which lock; a changed lock installs again.
$(VENV)/.installed: requirements/bootstrap.lock requirements/run.lock
	@echo "首次准备：创建 $(VENV) 并安装依赖（只需一次）…"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 或更高版本：make run PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
	@$(PIP_TOOL) install -q --no-deps --require-hashes -r requirements/run.lock
	@touch $@

$(VENV)/.dev: $(VENV)/.installed requirements/dev.lock
	@$(PIP_TOOL) install -q --no-deps --require-hashes -r requirements/dev.lock
	@touch $@

$(VENV)/.bench: $(VENV)/.dev requirements/bench.lock
	@$(PIP_TOOL) install -q --no-deps --require-hashes -r requirements/bench.lock
	@touch $@

$(VENV)/.ocr: $(VENV)/.installed requirements/ocr.lock
	@$(PIP_TOOL) install -q --no-config --no-deps --require-hashes -r requirements/ocr.lock
	@touch $@

$(VENV)/.mcp: $(VENV)/.installed requirements/mcp.lock
	@$(PIP_TOOL) install -q --no-deps --require-hashes -r requirements/mcp.lock
	@touch $@

run: $(VENV)/.installed ## set up, build the index if there is none, serve http://127.0.0.1:8000
	@$(PY) -m bot serve

chat: $(VENV)/.installed ## ask in this terminal
	@$(PY) -m bot chat

demo: $(VENV)/.installed ## put in a dozen fictional needs to look around with, marked 演示
	@$(PY) -m bot demo load

demo-undo: $(VENV)/.installed ## take exactly those away again
	@$(PY) -m bot demo undo

test: $(VENV)/.dev ## set up and run the tests
	@$(PY) -m pytest $(PYTEST_ARGS)

check: $(VENV)/.dev ## format, lint, types, architecture, corpus
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo
	@$(PY) -m bot corpus check

format: $(VENV)/.dev ## let ruff mend what it can
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .

ocr: $(VENV)/.ocr ## also read scans: install the OCR and its models (no download at run time)
	@echo "已可识别扫描件。"

mcp: $(VENV)/.mcp ## also speak to agents (Model Context Protocol): install its SDK
	@echo "已可接入智能体：python -m bot mcp（标准输入输出），或 serve 的 /mcp。"

eval: $(VENV)/.dev ## quality on the golden questions (and local public sets); MODEL=name compares with a language model
	@$(PY) -m bot eval $(if $(MODEL),--model $(MODEL))

bench: $(VENV)/.bench ## cost side by side with peers: a table and build/bench.json
	@$(PY) -m bench

faults: $(VENV)/.dev ## kill -9 while files are taken in and published, while a need is filled in and under Telegram messages; damage; hostile files; servers that fail; injections (about two hours)
	@$(PY) -m tests.faults.rounds
	@$(PY) -m tests.faults.corpus_rounds
	@$(PY) -m tests.faults.damage_rounds
	@$(PY) -m tests.faults.needs_rounds
	@$(PY) -m tests.faults.telegram_rounds
	@$(PY) -m tests.faults.parsing_rounds
	@$(PY) -m tests.faults.model_rounds
	@$(PY) -m tests.faults.injection_rounds

lock: $(VENV)/.installed ## compile the hash-checked locks anew
	@$(PY) requirements/compile.py

clean: ## remove the environment and build output (never your data)
	@rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
