#!/bin/sh
# Writing commands on a disk that is full.
#
#	sh tests/fault/run_full.sh BIN
#
# On a small file system, filled up but for a few KiB, each writing command
# either works or ends with 74, says `disk full` and leaves the store as it was;
# and works once there is room again.  Some have room in what the file holds
# free already; where none fails the test has shown nothing, so each is tried
# with a large input too.  Exit status 77: no file system can be mounted here.
set -u
maps=$(cd "$(dirname "$0")/../../share/maps" && pwd) || exit 2
bin=$(cd "$1" && pwd) || exit 2
PATH=$bin:$PATH CRM_NOW=2026-06-01T10:00:00Z CRM_ACTOR=fault LC_ALL=C
export PATH CRM_NOW CRM_ACTOR LC_ALL
unset CRM_STORE TMPDIR
T=$(mktemp -d) || exit 2
mkdir "$T/disk"
mounted=
finish()
{
	cd /
	[ -n "$mounted" ] && umount "$T/disk"
	rm -rf "$T"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM
if ! mount -t tmpfs -o size=4m,mode=700 tmpfs "$T/disk" 2>"$T/why"; then
	echo "# no small file system: $(head -n 1 "$T/why")"
	exit 77
fi
mounted=1
CRM_STORE=$T/disk/shop
export CRM_STORE
tried=0 refused=0 bad=0

complain()
{
	bad=$((bad + 1))
	echo "# $*"
}

state()
{
	crm-store dump >"$T/dump" 2>"$T/why" || cat "$T/why" >"$T/dump"
	cksum <"$T/dump"
}

fill()
{
	rm -f "$T/disk/fill"
	# Grown until nothing fits, then cut by what is to be left.
	cat /dev/zero >"$T/disk/fill" 2>/dev/null
	size=$(wc -c <"$T/disk/fill")
	truncate -s $((size - $1 * 1024)) "$T/disk/fill"
}

# try COMMAND...: stdin is $T/in.
try()
{
	for left in 0 8 40 200; do
		cp -R "$T/shop" "$T/disk/" || exit 2
		was=$(state)
		fill $left
		"$@" <"$T/in" >"$T/out" 2>"$T/err"
		status=$?
		tried=$((tried + 1))
		now=$(state)
		if [ $status = 74 ]; then
			refused=$((refused + 1))
			grep -q 'disk full' "$T/err" ||
			    complain "$* ($left KiB left): $(cat "$T/err")"
			[ "$was" = "$now" ] ||
			    complain "$* ($left KiB left): the store changed"
			rm "$T/disk/fill"
			"$@" <"$T/in" >"$T/out" 2>"$T/err" ||
			    complain "$* (with room again): $(cat "$T/err")"
		elif [ $status != 0 ]; then
			complain "$* ($left KiB left): $status: $(cat "$T/err")"
		fi
		crm-store check >"$T/out" 2>&1 ||
		    complain "$* ($left KiB left): $(head -n 2 "$T/out")"
		rm -rf "$T/disk/fill" "$CRM_STORE"
	done
}

# A store with little room of its own, kept aside.
: >"$T/in"
crm-store init --currency EUR --timezone Europe/Berlin --country DE >/dev/null ||
    exit 2
crm-gen --customers 150 --orders 250 --products 20 >"$T/gen"
rm -rf "$CRM_STORE"
crm-store load --currency EUR --timezone Europe/Berlin --country DE - \
    <"$T/gen" >/dev/null || exit 2
gone=$(crm-customer add --name Gone --format value -f customer_id) || exit 2
cp -R "$CRM_STORE" "$T/shop" && rm -rf "$CRM_STORE"

try crm-customer add --name New --email new@example.org
try crm-customer set C3 --note "$(head -c 30000 /dev/zero | tr '\0' x)"
try crm-customer rm "$gone"
try crm-customer tag C5 +xmas
try crm-customer identify C6 shopify:17
try crm-customer stage C7 established
try crm-customer consent C8 --channel email --purpose offers --grant
try crm-product add --sku zz --name Z --price 2
try crm-product set P2 --price 3
try crm-order add --customer C3 --line 'P1 x 2' --pay 1
try crm-order refund O2 --amount 1
try crm-order cancel O3
try crm-rate add --currency USD --day 2026-01-01 --rate 0.9
try crm-store rebuild
crm-gen --customers 400 --orders 600 --seed 2 --format shopify >"$T/orders.csv"
try crm-import --map "$maps/shopify-orders.yaml" "$T/orders.csv"
awk 'BEGIN { print "name\temail"
	for (i = 0; i < 3000; i++) print "N" i "\tn" i "@example.org" }' >"$T/in"
try crm-customer add -
awk 'BEGIN { print "sku\tname\tprice"
	for (i = 0; i < 2000; i++) print "k" i "\tN" i "\t1" }' >"$T/in"
try crm-product add -
awk 'BEGIN { print "customer_id\tcity"
	for (i = 1; i < 150; i++) print "C" i "\tA town of number " i }' >"$T/in"
try crm-customer set -
awk 'BEGIN { print "customer_id\tnumber\tplaced\ttext\tquantity\tamount"
	for (i = 0; i < 2000; i++)
		print "C" 1 + i % 140 "\tN" i "\t2026-05-03\tx\t2\t10.00" }' \
    >"$T/in"
try crm-order add -
[ "$refused" -gt 20 ] || complain "only $refused met a full disk"
echo "# $tried writing commands on a full disk: $refused refused, wrong $bad"
[ "$bad" = 0 ]
