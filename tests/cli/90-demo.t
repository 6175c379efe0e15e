#!/bin/sh
# The demo runs, twice, and says what the README shows.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

BUILD=$T/build
export BUILD
for round in first second; do
	run sh "$CRM_TOP/share/demo.sh"
	status_is 0 "the $round time"
	err_empty
	out_has 'map shopify-orders: 18837 rows: 1937 customers, 240 products, 10000 orders were added; 0 changed; 0 rejected'
	out_has 'nothing was added; 0 changed; 12177 as they were; 0 rejected'
done
out_has "${TAB}555${TAB}" 'the best customers'
sed "s|$T|.|" "$out" >second
run sh "$CRM_TOP/share/demo.sh"
sed "s|$T|.|" "$out" >third
same 'the output is the same each time' third second
is 'the months add up to the year' "$(
	sed -n 's/^2025-[0-9]*	\([0-9]*\)	.*/\1/p' second |
	    awk '{ n += $1 } END { print (n > 9500 && n <= 10000) }')" 1
CRM_STORE=$T/build/demo/shop
run crm-store check
status_is 0
run crm-customer list --count -w 'tier = "gold"'
out_has 13

# The tour of the README, command by command, in a terminal: what it shows is
# what stands there, but for tabs, and blanks at the ends of lines.
need script
awk '
	/^## / { on = $0 == "## A tour" }
	!on || !/^    / { next }
	{ line = substr($0, 5) }
	line ~ /^\$ / { n++; print substr(line, 3) >("cmd." n); more = 1; next }
	more && line ~ /^> / { print substr(line, 3) >("cmd." n); next }
	n { more = 0; print line >("want." n) }
	END { print n }' "$CRM_TOP/README.md" >count
n=$(cat count)
ok 'the README has a tour' [ "$n" -gt 20 ]
cat >tour <<'EOF'
stty cols 150 -opost
i=0
while [ $((i += 1)) -le "$1" ]; do
	. "$TOUR/cmd.$i" >&2
	printf '\001%s\n' "$i"
done
EOF
TOUR=$T CRM_ACTOR=ann script -qec "sh tour $n" /dev/null </dev/null |
    sed "s/.*$(printf '\033')\\[K//" |
    awk -v RS='\001' 'BEGIN { i = 1 }
	{ text = $0; sub(/^[0-9]*\n/, "", text); printf "%s", text >("got." i++) }'
as_seen()
{
	expand "$1" | sed 's/ *$//'
}
i=0
while [ $((i += 1)) -le "$n" ]; do
	[ -f "want.$i" ] || : >"want.$i"
	as_seen "want.$i" >w
	as_seen "got.$i" >g
	same "README: $(head -n 1 "cmd.$i")" g w
done
done_testing
