#!/bin/sh
# Power cuts; the long form is make torture.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
. "$CRM_TOP/tests/fault/short.sh"

fault 'after a power cut: what was acknowledged, all of it and nothing else' \
    "$faults/run_power" "$fault_bin" "$faults/pre_record.so" 1000
done_testing
