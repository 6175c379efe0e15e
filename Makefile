# crm-tools: one makefile for the library, the commands and the tests.
#
# Everything is found by wildcard: a new cmd/crm-x.c, lib/room/x.c,
# tests/unit/test_x.c, tests/fuzz/fuzz_x.c or tests/cli/NN-x.t needs no line
# here.  What asks pkg-config is expanded only when a recipe runs, so this file
# can be read, and install what it needs, where no compiler is yet.

VERSION  = 0.1.0
PREFIX   = /usr/local
BUILD    = build
CFLAGS   = -O2 -g
STATIC   = 1
AR       = ar
PKG_CONFIG = pkg-config
CLANG    = $(or $(shell command -v clang-14 || command -v clang),gcc)
SECONDS  = 10
CORES   := $(shell nproc 2>/dev/null || echo 1)

BINDIR   = $(PREFIX)/bin
LIBDIR   = $(PREFIX)/lib
INCDIR   = $(PREFIX)/include
MANDIR   = $(PREFIX)/share/man
DATADIR  = $(PREFIX)/share/crm-tools
COMPDIR  = $(PREFIX)/share/bash-completion/completions
FISHDIR  = $(PREFIX)/share/fish/vendor_completions.d
ZSHDIR   = $(PREFIX)/share/zsh/site-functions

# All cores, unless told otherwise; a make within make shares the outer's jobs.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS := -j$(CORES) $(MAKEFLAGS)
endif
MAKEFLAGS += --no-print-directory
.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:

# --- what there is ---------------------------------------------------------
LIB_SRC  := $(wildcard lib/*/*.c)
CLI_SRC  := $(wildcard cmd/cli_*.c)
CMD_SRC  := $(wildcard cmd/crm-*.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
PRE_SRC  := $(wildcard tests/fault/pre_*.c)
FAULT_SRC := $(wildcard tests/fault/run_*.c)

LIB_OBJ  = $(LIB_SRC:%.c=$(BUILD)/%.o)
CLI_OBJ  = $(CLI_SRC:%.c=$(BUILD)/%.o)
ALL_OBJ  = $(LIB_OBJ) $(CLI_OBJ) $(REPLAY) \
	$(patsubst %.c,$(BUILD)/%.o,$(CMD_SRC) $(UNIT_SRC) $(FUZZ_SRC) \
	$(FAULT_SRC))
COMMANDS = $(CMD_SRC:cmd/%.c=$(BUILD)/bin/%)
UNIT     = $(UNIT_SRC:%.c=$(BUILD)/%)
FUZZ     = $(FUZZ_SRC:%.c=$(BUILD)/%)
FAULTS   = $(CMD_SRC:cmd/%.c=$(BUILD)/fault/bin/%) \
	$(patsubst tests/fault/%.c,$(BUILD)/fault/%.so,$(PRE_SRC)) \
	$(patsubst tests/fault/%.c,$(BUILD)/fault/%,$(FAULT_SRC))
CLI      = $(wildcard tests/cli/*.t)
PAGES    = $(wildcard man/*.[157])
LIBS     = $(BUILD)/libcli.a $(BUILD)/libcrm.a
REPLAY   = $(BUILD)/tests/fuzz/replay.o

# iconv loads its tables as shared objects, which a static program cannot.
DYNAMIC_CMDS = crm-import

# --- flags -----------------------------------------------------------------
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
	-Wmissing-prototypes -Wstrict-prototypes -Wvla -Wpointer-arith \
	-Wwrite-strings $(if $(filter 1,$(WERROR)),-Werror)
# No contraction: a*b+c must round alike on every machine.
C_FLAGS = -std=c11 -D_GNU_SOURCE -Iinclude $(INC) $(PKG_CFLAGS) $(WARN) \
	-ffp-contract=off -ffunction-sections -fdata-sections \
	-DCRM_VERSION='"$(VERSION)"' -DCRM_DATADIR='"$(DATADIR)"'
$(BUILD)/lib/%.o:   INC = -Ilib
$(BUILD)/cmd/%.o:   INC = -Icmd
$(BUILD)/tests/%.o: INC = -Ilib -Icmd -Itests

# Asked once, when first used.
PKGS        = lmdb yaml-0.1 libutf8proc
once        = $(eval $1 := $$(shell $2))$($1)
PKG_CFLAGS  = $(call once,PKG_CFLAGS,$(PKG_CONFIG) --cflags $(PKGS))
PKG_LIBS    = $(call once,PKG_LIBS,$(PKG_CONFIG) --libs $(PKGS))
PKG_STATIC  = $(call once,PKG_STATIC,$(PKG_CONFIG) --static --libs $(PKGS))
CMOCKA_LIBS = $(call once,CMOCKA_LIBS,$(PKG_CONFIG) --libs cmocka)

LD_FLAGS = -Wl,--gc-sections -Wl,--as-needed $(LDFLAGS)
# Plain -static, not -static-pie: relocating costs every start.
dynamic  = $(filter-out 1,$(STATIC))$(filter $(DYNAMIC_CMDS),$(notdir $@))
CMD_LD   = $(if $(call dynamic),$(LD_FLAGS),-static $(LD_FLAGS))
CMD_LIBS = $(if $(call dynamic),$(PKG_LIBS),$(PKG_STATIC)) -lm

# $(call say,WORD,FILE): a short line in place of the command, but for V=1.
say = $(if $(filter 1,$(V)),,@printf '  %-5s %s\n' '$1' '$2';)

# --- targets ---------------------------------------------------------------
.PHONY: all demo check check-asan lint bench deps deps-dev install uninstall \
	cover fuzz fuzz-programs torture faults same help clean FORCE

all: $(COMMANDS) $(BUILD)/libcrm.a $(BUILD)/libcrm.pc

help:
	@printf '%s\n' \
	'make            the commands in $(BUILD)/bin, and $(BUILD)/libcrm.a' \
	'make demo       import a made-up shop and ask who its best customers are' \
	'make check      all tests (T="FILE..." only those)' \
	'make check-asan all tests with address and undefined sanitizers' \
	'make lint       format, clang-tidy, the rules of the tree' \
	'make fuzz       fuzz each target for SECONDS=$(SECONDS) with libFuzzer' \
	'make same       the analyses by gcc, clang, -O0, -O3: the same bytes' \
	'make torture    kill writers, cut the power, fail system calls, for hours' \
	'make bench      measure' \
	'make cover      lines of the library that the tests reach' \
	'make deps       install what is needed to build and test (apt-get)' \
	'make deps-dev   and what lint, check-asan and fuzz need' \
	'make install    to PREFIX=$(PREFIX), below DESTDIR; and make uninstall' \
	'make clean      remove build folders' \
	'' \
	'STATIC=0 links dynamically, V=1 shows commands, WERROR=1 adds -Werror,' \
	'BUILD=DIR builds elsewhere, and CC, CFLAGS, LDFLAGS as usual.'

deps:
	@sh tests/deps.sh

deps-dev:
	@sh tests/deps.sh dev

$(BUILD)/deps: tests/deps.sh
	@sh tests/deps.sh && mkdir -p $(@D) && touch $@

# Built anew when the flags change.
FLAGS = $(CC) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS) $(STATIC) $(DATADIR) $(VERSION)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D); echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' >$@

$(BUILD)/%.o: %.c $(BUILD)/flags | $(BUILD)/deps
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(C_FLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libcrm.a: $(LIB_OBJ)
$(BUILD)/libcli.a: $(CLI_OBJ)
$(BUILD)/%.a: $(BUILD)/flags | $(BUILD)/deps
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

$(BUILD)/libcrm.pc: share/libcrm.pc.in $(BUILD)/flags
	$(call say,GEN,$@)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
	    -e 's|@INCDIR@|$(INCDIR)|' -e 's|@VERSION@|$(VERSION)|' \
	    -e 's|@PKGS@|$(PKGS)|' $< >$@

# A linker writes a file in bits, which the kernel keeps in single pages and
# maps one by one; of a copy it keeps large pieces: a quarter of a start.
$(BUILD)/bin/%: $(BUILD)/cmd/%.o $(LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(CMD_LD) -o $(<:.o=) $^ $(CMD_LIBS)
	@cp $(<:.o=) $@ && rm $(<:.o=)

# cmocka comes as a shared library only.
$(UNIT): $(BUILD)/%: $(BUILD)/%.o $(LIBS)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(LD_FLAGS) -o $@ $^ $(CMOCKA_LIBS) \
	    $(PKG_LIBS) -lm

# FUZZ_MAIN replays the corpus; make fuzz puts libFuzzer in its place.
FUZZ_MAIN = $(REPLAY)
$(FUZZ): $(BUILD)/%: $(BUILD)/%.o $(LIBS) $(filter %.o,$(FUZZ_MAIN))
	$(call say,LD,$@)$(CC) $(CFLAGS) $(LD_FLAGS) -o $@ $< $(FUZZ_MAIN) \
	    $(LIBS) $(PKG_LIBS) -lm

# Faults are put in by preloading, which needs commands linked dynamically.
$(BUILD)/fault/bin/%: $(BUILD)/cmd/%.o $(LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(LD_FLAGS) -o $@ $^ $(PKG_LIBS) -lm

$(BUILD)/fault/%.so: tests/fault/%.c tests/fault/trace.h | $(BUILD)/deps
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(C_FLAGS) -O2 -fPIC -shared -o $@ $< -ldl

$(BUILD)/fault/%: $(BUILD)/tests/fault/%.o $(LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(LD_FLAGS) -o $@ $^ $(PKG_LIBS) -lm

-include $(wildcard $(ALL_OBJ:.o=.d))

# --- tests -----------------------------------------------------------------
# CRM_MAKE is for the test of install: a make that finds all of it built.
T = $(UNIT) $(FUZZ) $(CLI) $(PAGES)
SAME = BUILD CC CFLAGS CPPFLAGS LDFLAGS STATIC PREFIX DATADIR VERSION
# Sanitizers want to be first where we preload.
check: all $(UNIT) $(FUZZ) \
    $(if $(findstring -fsanitize,$(CFLAGS)),,$(FAULTS))
	@BUILD='$(BUILD)' CC='$(CC)' CFLAGS='$(CFLAGS)' PREFIX='$(PREFIX)' \
	    CRM_MAKE="make $(foreach v,$(SAME),$v='$($v)')" prove -j$(CORES) --exec 'sh tests/run.sh' $(T)

# Each object of an arena is a malloc of its own here, so that running past
# one is seen.
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all
check-asan: deps-dev
	@$(MAKE) BUILD=build-asan STATIC=0 CC=$(CLANG) CPPFLAGS=-DCRM_ARENA_DEBUG \
	    CFLAGS='-O1 -g -fno-omit-frame-pointer $(SANITIZE)' check

fuzz: deps-dev
	@$(MAKE) BUILD=build-fuzz STATIC=0 CC=$(CLANG) \
	    FUZZ_MAIN=-fsanitize=fuzzer \
	    CFLAGS='-O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link' fuzz-programs
	@sh tests/fuzz/run.sh build-fuzz $(SECONDS) $(FUZZ_SRC)
fuzz-programs: $(FUZZ)

cover:
	@$(MAKE) BUILD=build-cover STATIC=0 CFLAGS='-O0 -g --coverage' check
	@sh tests/cover.sh build-cover

lint: deps-dev $(BUILD)/libcrm.a
	@BUILD='$(BUILD)' CORES=$(CORES) \
	    CFLAGS='$(filter-out -DCRM_%,$(C_FLAGS)) -Ilib -Icmd' sh tests/lint.sh

# What a script does not do yet is said, not passed over.
script = @test -f $1 || { echo 'make $@: there is no $1' >&2; exit 1; }; \
	PATH="$(abspath $(BUILD))/bin:$$PATH" BUILD='$(BUILD)' sh $1

demo: all
	$(call script,share/demo.sh)
bench: all
	$(call script,tests/bench/run.sh)
same: all
	@CRM_MAKE='$(MAKE) STATIC=0' PATH="$(abspath $(BUILD))/bin:$$PATH" \
	    BUILD='$(BUILD)' sh tests/builds.sh
torture: all $(FAULTS) $(UNIT)
	$(call script,tests/fault/run.sh)
faults: $(FAULTS)

# --- install ---------------------------------------------------------------
# The script keeps a list of what it made below DATADIR; uninstall reads that.
INSTALL = DESTDIR='$(DESTDIR)' DATADIR='$(DATADIR)' sh tests/install.sh
install: all
	@{ printf '755 %s $(BINDIR)\n' $(COMMANDS); \
	for n in 1 5 7; do \
		ls man/*.$$n 2>/dev/null | sed "s|.*|644 & $(MANDIR)/man$$n|"; \
	done; \
	printf '644 %s $(INCDIR)/crm\n' $(wildcard include/crm/*.h); \
	echo '644 include/crm.h $(INCDIR)'; \
	echo '644 $(BUILD)/libcrm.a $(LIBDIR)'; \
	echo '644 $(BUILD)/libcrm.pc $(LIBDIR)/pkgconfig'; \
	printf '644 share/completion/crm.bash $(COMPDIR) %s\n' \
		$(notdir $(COMMANDS)); \
	printf '644 share/completion/crm.fish $(FISHDIR) %s.fish\n' \
		$(notdir $(COMMANDS)); \
	echo '644 share/completion/_crm_tools $(ZSHDIR)'; \
	find share -mindepth 2 -type f ! -path 'share/completion/*' | sort | \
		sed -E 's|share/(.*)/[^/]*$$|644 & $(DATADIR)/\1|'; \
	} | $(INSTALL) install

uninstall:
	@$(INSTALL) uninstall

clean:
	rm -rf build build-asan build-cover build-fuzz build-leak $(BUILD)
