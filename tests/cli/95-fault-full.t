#!/bin/sh
# Full disks; needs a right to mount.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
. "$CRM_TOP/tests/fault/short.sh"

fault 'on a full disk: 74, the reason, an unchanged store' \
    sh "$CRM_TOP/tests/fault/run_full.sh" "$fault_bin"
done_testing
