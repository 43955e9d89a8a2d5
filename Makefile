# Everything that is done with the course, by name. `make` alone lists it.

PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/pytest
NBVAL := $(PYTEST) --nbval-current-env --nbval-sanitize-with=tests/nbval_sanitize.cfg

.DEFAULT_GOAL := help
.PHONY: help lab test test-in test-code test-slow test-figures test-lessons test-versions test-oldest test-newest test-mnist test-mnist-early test-mnist-late test-browser test-browser-early test-browser-late \
	test-hand-out mutants notebooks hand-out collect nbgrader site site-teacher slides frames test-site hub hub-accounts test-hub logs bench look picture lock clean

help:  ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /make \1	/p' $(MAKEFILE_LIST) | expand -t 20
	@echo "Another Python than python3: make lab PYTHON=python3.12"

# JupyterLab runs as root only when told that it may: in a container there is often no other user.
lab: .venv/lab  ## open the course in JupyterLab (the first time, install what it needs)
	$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb \
		$(if $(filter 0,$(shell id -u)),--allow-root)

# One BLAS thread: sums are then made in the same order whatever the number of cores, so that a training run gives the
# same digits; and on a busy machine threads that wait for each other can take most of the time. For stored outputs the
# kind of processor must not matter either: any x86 since 2013 can do what Haswell does.
test test-in test-code test-slow test-figures test-lessons test-mnist test-hand-out notebooks logs frames: export OPENBLAS_NUM_THREADS = 1
test-mnist notebooks logs: export OPENBLAS_CORETYPE = Haswell
# No progress bars among the outputs.
test test-in test-code test-slow test-figures test-lessons test-mnist test-hand-out notebooks bench frames: export TQDM_DISABLE = 1
test test-in test-code test-slow test-figures test-lessons test-browser test-browser-early test-browser-late test-hand-out test-site test-hub bench: export COURSE_DIGITS = bundled
test-mnist notebooks logs: export COURSE_DIGITS = mnist

# The tests in three parts, and the lessons, at the same time: on two cores they then take about as long.
test: .venv/test  ## run all tests and all notebooks on the bundled digits, with no network
	@echo "Tests and lessons run at the same time, for some ten minutes; what each has to say is shown when it ends."
	@$(MAKE) --no-print-directory --jobs=4 --output-sync=target test-in

# The same with the pytest of an environment that is there already: make test-in PYTEST=...
test-in: test-lessons test-figures test-code test-slow

FIGURES := $(wildcard $(patsubst %,tests/test_%.py,facts_* figures picture_facts projector))
SLOW := $(patsubst %,tests/test_%.py,autograd convolution dask grading lesions live planes_birds pooling)
test-code:
	$(PYTEST) -m "not browser" $(FIGURES:%=--ignore=%) $(SLOW:%=--ignore=%)

test-slow:
	$(PYTEST) -m "not browser" $(SLOW)

test-figures:
	$(PYTEST) -m "not browser" $(FIGURES)

test-lessons:
	$(NBVAL) --nbval-lax notebooks

test-versions:  ## run tests, figures' apart, and all lessons, solved, on the oldest and on the newest versions that pyproject.toml allows
	@$(MAKE) --no-print-directory test-oldest
	@$(MAKE) --no-print-directory test-newest

# DeprecationWarnings between dependencies are ignored: an old library may be warned by a newer one. What figures show, and how large,
# depends on no version; that they can be drawn, lessons tell. Some of it: PARTS=test-code
PARTS := test-hand-out test-code test-slow
test-oldest test-newest: test-%: .venv/lab
	@echo "--- $*"
	@$(BIN)/python -m venv --clear .venv-$*
	@if [ $* = oldest ]; then sed -n 's/^ *"\([a-z_-]*\)>=\(.*\)",$$/\1==\2/p' pyproject.toml; fi > .venv-$*/constraints.txt
	@.venv-$*/bin/pip install --quiet --editable .[test] --constraint .venv-$*/constraints.txt
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target $(PARTS) \
		BIN=.venv-$*/bin PYTEST=".venv-$*/bin/pytest -W ignore::DeprecationWarning"

# Two lessons at a time, for much of a lesson keeps one core busy: those from 00 to 07, and all others, take about as long.
EARLY := $(wildcard notebooks/0[0-7]*.ipynb)
LATE := $(filter-out $(EARLY),$(wildcard notebooks/*.ipynb))

test-mnist: .venv/test  ## run all notebooks on MNIST, and planes and birds, and compare every output with the stored one
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=recurse test-mnist-early test-mnist-late

test-mnist-early: .venv/test
	$(NBVAL) --nbval $(EARLY)
test-mnist-late: .venv/test
	$(NBVAL) --nbval $(LATE)

# Some lessons, and all else: LESSONS="00 03"
test-browser: .venv/test  ## open lessons in JupyterLab in Chromium and move their sliders
ifdef LESSONS
	$(PYTEST) -m browser -k "not test_lesson_runs or $(subst $() $(),_ or ,$(strip $(LESSONS)))_"
else
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=recurse test-browser-early test-browser-late
endif

# The late lessons in one browser, all else in another.
test-browser-early: .venv/test
	$(PYTEST) -m browser -k "not ($(call any,$(LATE)))"
test-browser-late: .venv/test
	$(PYTEST) -m browser -k "$(call any,$(LATE))"

# Names of lessons as pytest's -k takes them: 07_skip_connection or 08_clinic_skip or ...
any = $(subst $() $(), or ,$(basename $(notdir $(1))))

test-hand-out: .venv/lab  ## make the hand-outs and run the teacher's
	$(BIN)/python tests/hand_out.py --run

# A part of them: make mutants PART=2/8
mutants: .venv/test  ## plant hundreds of mistakes, one at a time: a test must turn red at each
	$(BIN)/python tests/mutants/run.py $(if $(PART),--part $(PART))

hand-out: .venv/lab  ## make the learners' course (no solutions, no outputs; also as learner.zip) and the teacher's copies (solved)
	$(BIN)/python tests/hand_out.py

collect: .venv/lab  ## grade what learners handed in: make collect IN=folder OUT=folder SEED=number
	@test -n "$(IN)" -a -n "$(OUT)" || { echo "Say where the copies are, and where grades go: make collect IN=handed-in OUT=graded SEED=7"; exit 1; }
	$(BIN)/python -m teaching.grading "$(IN)" "$(OUT)" $(if $(SEED),--seed $(SEED))

nbgrader: .venv/lab  ## make assignments for nbgrader of the lessons, in nbgrader/ (SEED=a number of yours)
	$(BIN)/python -m teaching.grading.for_nbgrader nbgrader $(if $(SEED),--seed $(SEED))

site: frames  ## make the lessons' pages, for reading without a kernel and without a network
	.venv-site/bin/python pages/write_site.py

site-teacher: frames  ## make them with the guide for teachers, which has the answers of the exams
	.venv-site/bin/python pages/write_site.py --teacher

slides: frames  ## make a deck of slides of each lesson
	.venv-site/bin/python pages/write_slides.py

# Only where a lesson or the code has changed. Of some lessons only: LESSONS="00 03"
frames: .venv-site/pages
	@.venv-site/bin/python pages/draw_frames.py $(LESSONS)

test-site: frames  ## make both, and look at every page and slide in Chromium
	.venv-site/bin/pip install --quiet --editable .[site,test]
	.venv-site/bin/pytest -m site

hub-accounts:  ## make an account for each name of a class, as root: make hub-accounts NAMES=names.txt
	@test -n "$(NAMES)" || { echo "Say where the names are, one a line: make hub-accounts NAMES=names.txt"; exit 1; }
	@$(PYTHON) teaching/server/accounts.py "$(NAMES)" passwords.csv

hub: .venv-hub/hub  ## start JupyterHub for that class, as root (the first time, install what it needs)
	.venv-hub/bin/python tests/hand_out.py
	.venv-hub/bin/jupyterhub -f teaching/server/jupyterhub_config.py

test-hub: .venv-hub/hub  ## start it for a class of its own, and try as one learner what it should refuse (needs root)
	.venv-hub/bin/pip install --quiet --requirement requirements-test.txt
	.venv-hub/bin/pytest -m hub tests/test_hub.py

# One lesson: make notebooks NAME=02_dense_nets
notebooks: .venv/lab  ## run every lesson on MNIST, and planes and birds, store its outputs, and what the guide has of them
	$(BIN)/python tests/run_lessons.py $(NAME)
	$(BIN)/python notebooks/pictures/take.py
	$(BIN)/python tests/guide.py

# One log: make logs NAME=...
logs: .venv/lab  ## train again what takes long, and store what it gave (needs MNIST)
	@set -e; for script in data/logs/$(or $(NAME),*).py; do echo "$$script"; $(BIN)/python "$$script"; done

bench: .venv/test  ## measure what should be fast (needs Chromium and PyTorch: .venv/bin/pip install -e .[torch])
	@set -e; for script in tests/benchmarks/frames.py tests/benchmarks/speed.py; do $(BIN)/python "$$script"; done
	$(PYTEST) tests/browser --latencies=tests/benchmarks/latency.md

# One lesson's page: make look NAME=02_dense_nets
look: .venv/test  ## run a lesson in Chromium and save its page as pictures, in look/
	$(BIN)/python tests/browser/screenshots.py notebooks/$(NAME).ipynb look

picture: .venv/test  ## take the picture of the README anew, in Chromium
	$(BIN)/python tests/browser/readme_picture.py

# Pins that still fit stay as they are: delete both locks first to move everything to its newest version.
# The tests' lock holds the course's, pin for pin.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate
lock:  ## compile both locks anew from the ranges in pyproject.toml (needs uv)
	@command -v uv > /dev/null || { echo "make lock needs uv: pip install uv"; exit 1; }
	@set -e; trap 'rm -f .pins .lock' EXIT; \
	headed() { { echo "# $$2"; echo "# Compiled from the ranges in pyproject.toml, for every platform. To remake it: make lock"; \
		cat "$$1"; } > .lock; mv .lock "$$1"; }; \
	echo "-e ." | $(COMPILE) - -o requirements.txt; \
	grep -v '^-e' requirements.txt > .pins; \
	echo "-e .[test]" | $(COMPILE) --constraint .pins - -o requirements-test.txt; \
	headed requirements.txt "What the course needs, in exact versions."; \
	headed requirements-test.txt "What the course and its tests need, in exact versions."

clean:  ## remove the virtual environment and what tests leave behind
	rm -rf .venv .venv-* build hand-out look .pytest_cache .hypothesis notebooks/.ipynb_checkpoints
	find helpers teaching pages tests -name __pycache__ -prune -exec rm -rf {} +

define check_python
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo; \
		echo "The course needs Python 3.11 or newer, and $(PYTHON) is not that."; \
		echo "If you have one under another name, say so: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo; \
		echo "$(PYTHON) comes without venv, which makes virtual environments. On Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }
endef

# Made from nothing whenever the lock is newer, so that it never holds more than the lock says.
.venv/lab: requirements.txt
	$(check_python)
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --requirement requirements.txt
	@touch $@

.venv/test: requirements-test.txt .venv/lab
	$(BIN)/pip install --quiet --requirement requirements-test.txt
	@touch $@

# An environment of its own, so that what makes pages can never change what the lessons run on.
.venv-site/pages: pyproject.toml .venv/lab
	$(BIN)/python -m venv --clear .venv-site
	.venv-site/bin/pip install --quiet --requirement requirements.txt
	.venv-site/bin/pip install --quiet --editable .[site]
	@touch $@

# For the hub too. Its proxy is a program for Node.js, which pip brings; the one for Python does not pass on what kernels' sockets agree on.
.venv-hub/hub: requirements.txt pyproject.toml
	$(check_python)
	$(PYTHON) -m venv --clear .venv-hub
	.venv-hub/bin/pip install --quiet --requirement requirements.txt
	.venv-hub/bin/pip install --quiet --editable .[hub]
	.venv-hub/bin/npm install --silent --no-fund --no-audit --prefix .venv-hub configurable-http-proxy@5.3.0
	@touch $@
