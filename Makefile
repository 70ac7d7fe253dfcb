# `make demo` and `make test` need Python >= 3.11 and make; what else is missing they install, or say how.
.DEFAULT_GOAL := help
.PHONY: help demo test lint format types layers docs soak clean

PYTHON ?=
export PYTHON
TOX := .venv/bin/tox run

help:  ## show this
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

demo:  ## a campaign on virtual devices, and its results in the dashboard
	@.ci/packages ssh opencv
	@.ci/venv .demo/venv '.[all]'
	@exec .demo/venv/bin/python examples/demo.py .demo

test: .venv/bin/tox  ## every check, on the Python at hand
	@.ci/packages adb chromium desktop lirc postgresql socat sshd ssh opencv network tesseract
	$(TOX)-parallel --parallel 2 --parallel-no-spinner -e lint,types,layers
	$(TOX) -qq -e py

lint types layers docs: .venv/bin/tox  ## one check
	$(TOX) -e $@

format: .venv/bin/tox  ## sort imports and mend what ruff can mend
	$(TOX) -e lint -- --fix .

soak: .venv/bin/tox  ## the long forms of chaos and timing tests
	@.ci/packages adb chromium desktop lirc postgresql socat sshd ssh opencv network tesseract
	$(TOX) -e api
	$(TOX) -qq -e py -- -m soak -n 0  # one at a time: they measure time

clean:  ## remove what the others made
	rm -rf .venv .tox .demo .mypy_cache .ruff_cache .pytest_cache build dist

.venv/bin/tox: Makefile .ci/venv
	@.ci/venv .venv 'tox>=4.22'
	@touch $@
