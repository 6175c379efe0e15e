#!/bin/sh
# Eight processes at once; the long form is make torture.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
. "$CRM_TOP/tests/fault/short.sh"

fault 'one history, in the order of revisions, explains all that eight saw' \
    "$faults/run_mixed" "$fault_bin" 15
done_testing
