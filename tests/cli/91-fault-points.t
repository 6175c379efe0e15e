#!/bin/sh
# Each command while an allocation or a system call fails; the long form is
# make torture.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
. "$CRM_TOP/tests/fault/short.sh"

fault 'failing allocations and calls: no crash, a fitting status, an unchanged store' \
    "$faults/run_points" "$fault_bin" "$faults/pre_fail.so" 30
done_testing
