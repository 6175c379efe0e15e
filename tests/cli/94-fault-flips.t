#!/bin/sh
# Bent bits and truncated data; the long form is make torture.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
. "$CRM_TOP/tests/fault/short.sh"

fault 'damaged data is reported, never returned' \
    "$faults/run_flips" "$fault_bin" 300
done_testing
