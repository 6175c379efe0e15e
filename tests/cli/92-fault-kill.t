#!/bin/sh
# Writers killed at random moments; the long form is make torture.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
. "$CRM_TOP/tests/fault/short.sh"

fault 'what killed writers had acknowledged is there, the store without faults' \
    "$faults/run_kill" "$fault_bin" 300
done_testing
