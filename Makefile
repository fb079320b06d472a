# SPDX-License-Identifier: GPL-2.0
#
# minivmx: the module, the tools and the tests. `make help` lists the targets.
#
# All objects go to build/. The module is built by the kernel's own build system in
# build/module/RELEASE, a tree of symlinks to the sources (see tools/testbed/build-module), so one
# checkout can be built for several kernels at once. Kbuild, next to this file, is what it reads.
#
# PREFIX=DIR DESTDIR=DIR  where install installs, /usr/local
# KERNEL=6.1|6.12|7.2  build for, and boot, that Debian kernel (fetched once into ~/.cache/minivmx)
# KDIR=DIR             build the module against these headers; default: the running kernel's
# COMMAND='...'        what the guest runs (run, run-here), or the test machine (machine)
# ARGS='...'           more options: of the differential test (--only NAME, ...), of bench (--quick, ...)
# COUNT=N SEED=N       how many random byte strings fuzz-decode compares, and which; SEED also for test-long
# V=1                  show the commands

MAKEFLAGS += --no-print-directory
Q := $(if $(V),,@)
say = $(if $(V),,@echo '  $(1)	$(2)')
empty :=

# Reading the kernels' whereabouts may download them, so it is left to the recipes that need it.
KERNELS := tools/testbed/kernels
RUNNING := /lib/modules/$(shell uname -r)/build

CC      ?= gcc
CFLAGS  ?= -O2 -g
ALLCFLAGS = $(CFLAGS) -std=gnu11 -Wall -Wextra -Werror -MMD -MP -Iuapi -Itools

TOOLS_SRC := $(wildcard tools/*.c tools/devices/*.c)
TOOLS_OBJ := $(TOOLS_SRC:tools/%.c=build/tools/obj/%.o)

ARGS ?=
DIFFERENTIAL_TIMEOUT ?= 900
COUNT   ?= 10000000
TESTBED := tools/testbed/testbed $(if $(KERNEL),--kernel $(KERNEL))

.DEFAULT_GOAL := all
.PHONY: all module tools guests selftests setup fuzz linux-guest run run-here machine test test-long differential bench bench-accept fuzz-decode exit-table rules-table screens check clean distclean help
.PHONY: man install uninstall

all: module tools guests selftests ## build the module, the tools, the guests and the selftests

module: ## build build/module/RELEASE/minivmx.ko
ifneq ($(wildcard Kbuild),)
	+$(Q)if [ -n '$(KDIR)' ]; then tools/testbed/build-module --kdir '$(KDIR)'; \
	elif [ -n '$(KERNEL)' ]; then tools/testbed/build-module --kernel '$(KERNEL)'; \
	elif [ -e '$(RUNNING)' ]; then tools/testbed/build-module --kdir '$(RUNNING)'; \
	else tools/testbed/build-module --kernel 6.1; fi
endif

tools: $(if $(TOOLS_SRC),build/tools/minivmx) ## build build/tools/minivmx, a static binary

# Capstone refers to disassemblers for all CPUs that it knows; without these references x86's is linked alone.
OTHER_CPUS := AArch64 ARM BPF EVM M680X M68K MOS65XX Mips PPC RISCV Sparc SystemZ TMS320C64x TriCore \
	WASM XCore
export CAPSTONE := -lcapstone -Wl,--gc-sections \
	$(foreach cpu,$(OTHER_CPUS),-Wl,--defsym=$(cpu)_global_init=0,--defsym=$(cpu)_option=0)

TRACEFS := -ltracefs -ltraceevent
# Their headers include each other by their bare names.
build/tools/obj/event_stream.o: ALLCFLAGS += -isystem /usr/include/traceevent -isystem /usr/include/tracefs

build/tools/minivmx: $(TOOLS_OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -static -o $@ $^ $(CAPSTONE) $(TRACEFS)

build/tools/obj/%.o: tools/%.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALLCFLAGS) -c -o $@ $<

# The version is the module's.
VERSION := $(shell sed -n 's/^MODULE_VERSION("\(.*\)");/\1/p' module/main.c)
build/tools/obj/main.o: ALLCFLAGS += -DMINIVMX_VERSION='"$(VERSION)"'
build/tools/obj/main.o: module/main.c

# What the tour shows is part of the tool.
build/tools/obj/tour_source.o: $(shell sed -n 's/.*EMBED(.*"\(.*\)").*/\1/p' tools/tour_source.c)

-include $(TOOLS_OBJ:.o=.d)

# Each subcommand's page is made from its --help, and man/NAME.h2m where there is more to say.
SUBCOMMANDS := $(shell sed -n 's/^\t{ "\([a-z]*\)", *"minivmx .*/\1/p' tools/main.c)
MAN_PAGES := $(addprefix build/man/,minivmx.1 minivmx.4 $(SUBCOMMANDS:%=minivmx-%.1))

man: $(if $(TOOLS_SRC),$(MAN_PAGES)) ## make the man pages in build/man/ (`man build/man/minivmx.1`)

build/man/minivmx.%: man/minivmx.%
	$(Q)mkdir -p $(@D) && cp $< $@

build/man/minivmx-%.1: build/tools/minivmx man/see-also.h2m $(wildcard man/*.h2m)
	$(call say,MAN,$@)
	$(Q)mkdir -p $(@D) && summary=$$($< --help | sed -n 's/^  $* *//p') && \
	help2man --no-info --section=1 --name="$$summary" --version-string='minivmx-$* $(VERSION)' \
		--opt-include=man/$*.h2m --include=man/see-also.h2m "$< $*" | \
	sed 's/^\.TH MINIVMX /.TH MINIVMX-\U$* /' >$@.new && grep -q '^minivmx-$* ' $@.new && mv $@.new $@

# The module is another matter: it belongs to a kernel.
PREFIX ?= /usr/local
DESTDIR ?=
INSTALLED = $(DESTDIR)$(PREFIX)
COMPLETIONS = $(INSTALLED)/share/bash-completion/completions

install: tools man ## install tool, man pages and completion (PREFIX=/usr/local DESTDIR=); not the module
	$(Q)install -D -m 755 build/tools/minivmx $(INSTALLED)/bin/minivmx
	$(Q)install -D -m 644 -t $(INSTALLED)/share/man/man1 $(filter %.1,$(MAN_PAGES))
	$(Q)install -D -m 644 -t $(INSTALLED)/share/man/man4 $(filter %.4,$(MAN_PAGES))
	$(Q)install -D -m 644 -t $(COMPLETIONS) tools/completion/minivmx

uninstall: ## remove what install has installed
	$(Q)rm -f $(INSTALLED)/bin/minivmx $(COMPLETIONS)/minivmx \
		$(addprefix $(INSTALLED)/share/man/man1/,$(notdir $(filter %.1,$(MAN_PAGES)))) \
		$(INSTALLED)/share/man/man4/minivmx.4

guests: ## build the small guests in build/guests/
ifneq ($(wildcard tools/guests/Makefile),)
	$(Q)mkdir -p build/guests
	$(Q)$(MAKE) -C tools/guests OUT=$(abspath build/guests)
endif

selftests: ## build the selftests in build/selftests/
ifneq ($(wildcard selftests/Makefile),)
	$(Q)mkdir -p build/selftests
	$(Q)dir=$$($(KERNELS) kselftest) && \
	$(MAKE) -C selftests OUT=$(abspath build/selftests) HOST=$(abspath build/host) KSELFTEST="$$dir"
endif

fuzz: selftests ## build the fuzzers in build/fuzz/
	$(Q)dir=$$($(KERNELS) kselftest) && \
	$(MAKE) -C selftests OUT=$(abspath build/selftests) FUZZ=$(abspath build/fuzz) \
		KSELFTEST="$$dir" fuzz

linux-guest: build/linux/power-off ## make the Linux guest in build/linux/KERNEL/: vmlinuz, initrd, cmdline
	$(Q)dir=$$($(KERNELS) kselftest) && \
	$(MAKE) -C selftests OUT=$(abspath build/selftests) KSELFTEST="$$dir" workload
	$(Q)tools/linux/initramfs $(or $(KERNEL),6.1) build/linux/$(or $(KERNEL),6.1)

# It runs in the guest.
build/linux/power-off: tools/linux/power_off.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(ALLCFLAGS)) -static -s -o $@ $<

setup: ## install the packages that building and testing need (Debian), through sudo if not root
	$(Q)tools/setup

# The guest's kernel is the test machine's, where there is a guest of it.
GUEST_KERNEL := $(if $(filter 6.12,$(KERNEL)),6.12,6.1)
PHASES := --phase 'Linux version=the guest'\''s kernel has started' \
	--phase 'guest: init=the guest runs its init' \
	--phase 'guest: ready=the guest is ready'

run: setup ## boot Linux as a guest in the test machine, to a shell (COMMAND='...': run that instead)
	$(Q)$(TESTBED) --linux $(GUEST_KERNEL) $(PHASES) $(if $(COMMAND),,--tty) -- \
		linux/boot linux/$(GUEST_KERNEL) $(if $(COMMAND),-- '$(subst ','\'',$(COMMAND))')

run-here: setup ## the same on this machine, which needs VT-x: loads the module here, after a warning
	$(Q)$(MAKE) all linux-guest && tools/linux/run-here $(if $(COMMAND),'$(subst ','\'',$(COMMAND))')

machine: setup ## a shell in the test machine (COMMAND='...': run that instead)
	$(Q)$(TESTBED) $(if $(COMMAND),-- sh -c '$(subst ','\'',$(COMMAND))',--shell)

test: setup ## run all tests in the test machine; the last line is the verdict
	$(Q)selftests/matrix

test-long: setup ## run all tests, and those that take long: random guests, fuzzing, torture
	$(Q)selftests/matrix --long $(if $(SEED),--seed $(SEED))

# The verdict comes last, whatever is said while the machine shuts down.
differential: setup ## run guest programs on /dev/kvm and on /dev/minivmx, and compare (ARGS='...')
	$(Q)mkdir -p build && { $(TESTBED) --smp 2 --with-kvm --timeout $(DIFFERENTIAL_TIMEOUT) -- \
		sh -c 'modprobe kvm_intel; exec selftests/differential $(ARGS)'; echo $$? >build/differential.status; } | \
		tee build/differential.log | sed '/ differences$$/d'; \
	grep ' differences$$' build/differential.log; exit $$(cat build/differential.status)

bench: setup ## measure what operations cost, beside KVM; writes build/bench.json, build/bench.svg
	$(Q)selftests/bench/run $(if $(KERNEL),--kernel $(KERNEL)) $(ARGS)

bench-accept: setup ## after a change of costs that is meant: write what `make test` holds minivmx to
	$(Q)selftests/bench/run --accept

fuzz-decode: setup ## compare the instruction decoder with Zydis, over random bytes
	$(Q)$(MAKE) fuzz
	$(Q)build/fuzz/decode_fuzz $(COUNT) $(SEED)

# Each emulator has CPUs with features that the other lacks.
EXIT_LOGS := build/exits-2.7.log build/exits-3.0.log
exit-table: setup ## run the selftests, and write the README's table of exits from what they have seen
	$(Q)mkdir -p build && for bochs in 2.7 3.0; do \
		tools/testbed/testbed --kernel 6.1 --bochs $$bochs --timeout 840 -- \
			/minivmx/selftests/run-tests >build/exits-$$bochs.log 2>&1; \
		tail -n 2 build/exits-$$bochs.log; \
	done; tools/check/exits.py $(EXIT_LOGS)

# Bochs 2.7 ends where a CPU without the monitor trap flag would refuse that as an event.
RULES_MACHINES := '2.7 broadwell_ult --skip=control.event.type-other' \
	'2.7 corei7_skylake_x --skip=control.event.type-other' '3.0 broadwell_ult'
rules-table: setup ## prove the rules of VM entry on three CPUs, and write tools/ENTRY-RULES.md
	$(Q)mkdir -p build && set -- && for machine in $(RULES_MACHINES); do \
		read -r bochs cpu skip <<<"$$machine" && report=build/prove-$$bochs-$$cpu.json && \
		tools/testbed/testbed --kernel 6.1 --emulator bochs --bochs $$bochs --cpu $$cpu \
			--insmod-args study=1 --timeout 300 -- minivmx prove --json $$skip >$$report; \
		set -- "$$@" "Bochs $$bochs, $$cpu=$$report"; \
	done; tools/check/rules.py "$$@"
rules-table: SHELL := /bin/bash

screens: setup ## run the commands of the README's screens in the test machine, and write what they print
	$(Q)mkdir -p build && tools/testbed/testbed --kernel 6.1 --emulator bochs --timeout 300 -- \
		selftests/screens.sh --print >build/screens.log && tools/check/screens.py build/screens.log

check: setup ## static checks: sparse, headers, layers, README, warnings on every kernel
	$(Q)tools/check/check

clean: ## remove build/
	$(Q)rm -rf build

distclean: clean ## remove build/ and editor and Python leftovers; the cache of kernels stays
	$(Q)find . -path ./.git -prune -o \( -name '*~' -o -name '*.orig' -o -name '*.rej' \) -type f \
		-exec rm -f {} +
	$(Q)find tools selftests -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## show this list
	$(Q)sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{ printf "%-15s %s\n", $$1, $$2 }'
	@echo
	$(Q)sed -n 's/^# \([A-Z]*=.*\)/  \1/p' Makefile
