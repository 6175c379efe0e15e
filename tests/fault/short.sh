# What tests/cli/9*.t share: they run a program of tests/fault with small
# numbers and show what it counted.

faults=${CRM_BIN%/bin}/fault
fault_bin=$faults/bin
[ -d "$fault_bin" ] || skip_all 'no commands linked dynamically were built'

# fault NAME PROGRAM ARG...: one test.  77: cannot be done here.
fault()
{
	fault_name=$1
	shift
	"$@" >"$out" 2>"$err"
	status=$?
	sed 's/^# //' "$out" | while IFS= read -r line; do diag "$line"; done
	case $status in
	0) pass "$fault_name" ;;
	77) skip 1 "$(sed 's/^# //' "$out" | head -n 1)" ;;
	*) fail "$fault_name" || diag "$(head -n 20 "$err")" ;;
	esac
}
