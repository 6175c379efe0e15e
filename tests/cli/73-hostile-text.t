#!/bin/sh
# Text that would drive a terminal, a shell, a spreadsheet or a path, in every
# text field of every noun; and the modes of files under umask 000.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

umask 000
new_store
rlo=$(printf '\342\200\256')	# U+202E, right-to-left override
hostile="\$(touch $T/ran) \`touch $T/ran\`; touch $T/ran | ../../etc/passwd ${rlo}gnp.exe"

# texts KIND: its fields of type text that can be given, but for those with a
# form of their own.
texts()
{
	crm-fields "$1" | awk -F '\t' -v kind="$1" '
		NR > 1 && $2 == kind && $3 == "text" && $5 !~ /readonly|ident/ &&
		$1 !~ /^(currency|country|.*_country|number|sku)$/ { print $1 }'
}
# fill KIND COMMAND...: a record with the hostile text in all of them.
fill()
{
	kind=$1
	shift
	for f in $(texts "$kind"); do
		# --store is the folder's
		set -- "$@" "--$(echo "$f" | tr _ -)" "$hostile"
	done
	works "$@" --format value -f "$(crm-fields "$kind" | sed -n 2p | cut -f 1)"
}
fill customer crm-customer add
fill product crm-product add --sku S1
fill order crm-order add --customer C1 --line "\"$hostile\" x 1 @ 1"
works crm-order cancel O1 --reason "$hostile" --why "$hostile"
works crm-customer stage C1 broken --why "$hostile"
works crm-customer consent C1 --channel email --purpose offers --grant \
    --wording "$hostile" --source "$hostile"

all()
{
	crm-customer get C1 "$@"
	crm-product get P1 "$@"
	crm-order get O1 "$@"
	crm-order lines O1 "$@"
	crm-order track O1 "$@"
	crm-customer events C1 "$@"
	crm-log list "$@"
	crm-log show 2 "$@"
}
for kind in customer product order; do
	for f in $(texts $kind); do
		is "$kind $f comes back as it went" \
		    "$("crm-$kind" list --format value -f "$f")" "$hostile"
	done
done
all --format tsv >tsv 2>err
ok 'in a pipe the bytes are the data' grep -q "$rlo" tsv
if command -v script >/dev/null; then
	script -qec "crm-customer get C1 -f name,note; crm-customer get C1 \
	    --format vertical; crm-order lines O1; crm-log list; \
	    crm-customer list -w 'name = \"$rlo\"'; \
	    crm-customer get 'email:$rlo@x'" /dev/null >typescript 2>&1
	ok 'a terminal is given something' grep -q 'passwd' typescript
	not_ok 'but no override of its direction' grep -q "$rlo" typescript
	ok 'it is shown' grep -q '<U+202E>' typescript
else
	skip 3 'no script to make a terminal'
fi

# Controls do not even come in.
esc=$(printf '\033]0;x\007')
for f in $(texts customer); do
	run crm-customer add --name x "--$(echo "$f" | tr _ -)" "$esc"
	status_is 65 "$f: a control character is refused"
	not_ok "$f: and not sent to the terminal" grep -q "$(printf '\033')" "$err"
done
fails 64 'control character U+001B' crm-customer set C1 --tier x --why "$esc"

# Formulas.
works crm-customer set C1 --name '=1+1' --city '@SUM(A1)' --tier '+49' \
    --note '-2+3'
run crm-customer get C1 -f name,city,tier,note --format csv --excel
for cell in "'=1+1" "'@SUM(A1)" "'+49" "'-2+3"; do
	out_has "$cell"
done

works crm-store backup "$T/copy"
works crm-store compact
EDITOR="sed -i s/S1/S2/" && export EDITOR
works crm-product edit P1
not_ok 'no shell ever ran it' test -e "$T/ran"

# Modes.
is 'nothing in the store is for others' "$(find "$CRM_STORE" "$T/copy" \
    ! -type l -perm /077)" ''
done_testing
