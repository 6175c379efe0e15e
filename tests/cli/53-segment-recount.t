#!/bin/sh
# Twenty segments of a synthetic shop, counted again by awk from what the
# lists of customers, orders and events print: of now and of past days, before
# and after random changes.  CRM_SEGMENT_CUSTOMERS and CRM_SEGMENT_CHANGES ask
# for more of them.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
customers=${CRM_SEGMENT_CUSTOMERS:-300}
changes=${CRM_SEGMENT_CHANGES:-120}
CRM_NOW=2026-01-15T12:00:00Z

# A name, the condition, and the same in awk: n orders, rev in cents, first and
# last day, country, tags, tier, email, roles, day(N) N days before, c[topic].
cat >twenty <<'END'
s01|revenue >= 400 and orders >= 5|rev >= 40000 && n >= 5
s02|orders >= 3 and last_order < today - 90d|n >= 3 && last < day(90)
s03|in(s02) and not in(s01) and consent("email", "offers")|m["s02"] && !m["s01"] && c["email/offers"]
s04|orders = 0|n == 0
s05|orders = 1|n == 1
s06|orders > 1 and revenue >= 50 * orders|n > 1 && rev >= 5000 * n
s07|country = "DE"|country == "DE"
s08|country in ("FR", "ES", "IT")|country ~ /^(FR|ES|IT)$/
s09|country != "DE"|country != "" && country != "DE"
s10|not (country = "DE")|country != "DE"
s11|tags = "sale"|("," tags ",") ~ /,sale,/
s12|tags is empty and orders > 0|tags == "" && n > 0
s13|tier = "gold" or tier = "silver"|tier == "gold" || tier == "silver"
s14|first_order >= today - 30d|first != "" && first >= day(30)
s15|last_order between today - 60d and today - 30d|last != "" && last >= day(60) && last <= day(30)
s16|consent("phone", "survey") and country ~ "^[A-M]"|c["phone/survey"] && country ~ /^[A-M]/
s17|in(s07) or in(s08)|m["s07"] || m["s08"]
s18|roles = "supplier"|("," roles ",") ~ /,supplier,/
s19|email ~ "example[.]org$"|email ~ /example[.]org$/
s20|not in(s17) and in(s19) and (revenue < 100 or in(s18))|!m["s17"] && m["s19"] && (rev < 10000 || m["s18"])
END

# The recount, as awk: a line for each customer and segment.
{
	cat <<'END'
function day(n) { return past[n] }
function cents(s, p) {
	p = index(s, ".")
	return p ? substr(s, 1, p - 1) * 100 + (s ~ /^-/ ? -1 : 1) * substr(s, p + 1) : s * 100
}
FNR == 1 { file++; next }
file == 1 { past[$1] = $2; next }
file == 2 { # orders: order_id customer_id placed status type revenue
	if ($2 == "" || $4 ~ /^(cart|pending)$/) next
	sum[$2] += cents($6)
	if ($4 == "cancelled" || $5 != "order") next
	count[$2]++
	d = substr($3, 1, 10)
	if (!($2 in from) || d < from[$2]) from[$2] = d
	if (d > to[$2]) to[$2] = d
	next
}
file == 3 { # consents: event_id about at topic new
	k = $2 " " $4
	if (k in when && $3 < when[k]) next
	when[k] = $3; word[k] = $5; topics[$4] = 1
	next
}
{ # customers: customer_id country tags tier email roles
	n = count[$1] + 0; rev = sum[$1] + 0; first = from[$1]; last = to[$1]
	country = $2; tags = $3; tier = $4; email = $5; roles = $6
	for (t in topics) c[t] = word[$1 " " t] == "granted"
	who = roles == "" || ("," roles ",") ~ /,customer,/
	for (i in m) delete m[i]
END
	awk -F '|' '{
		rule = $3
		for (i = 4; i <= NF; i++) rule = rule "|" $i
		printf "\tm[\"%s\"] = %s(%s)\n", $1, \
		    $1 == "s18" ? "" : "who && ", rule
		printf "\tif (m[\"%s\"]) { print $1 \"\\t%s\"; sales[\"%s\"] += rev; of[\"%s\"]++ }\n", $1, $1, $1, $1
	}' twenty
	cat <<'END'
}
END {
	for (i = 1; i <= 20; i++) {
		s = sprintf("s%02d", i)
		printf "%s\t%d\t%.2f\n", s, of[s], sales[s] / 100 >"counts"
	}
}
END
} >recount.awk

# recount NAME [DAY]: of now, or at the beginning of a day.
recount()
{
	name=$1 day=${2:-}
	today=${day:-$(date -u -d "${CRM_NOW:-now}" +%F)}
	{
		echo "n${TAB}day"
		for n in 30 60 90; do
			echo "$n$TAB$(date -u -d "$today - $n days" +%F)"
		done
	} >past
	set -- ${day:+--at "$day"}
	crm-order list "$@" -f customer_id,placed,status,type,revenue >orders
	crm-customer events "$@" -w 'what = "consent"' -f about,at,topic,new \
	    --sort event_id >consents
	crm-customer list "$@" -f country,tags,tier,email,roles >people
	awk -F '\t' -f recount.awk past orders consents people | sort >want
	crm-segment of "$@" -f segment - <people | sed 1d | sort >got
	same "$name: who is in each" got want
	crm-segment list "$@" -f customers,revenue | sed 1d >got
	same "$name: how many, and their revenue" got counts
}

crm-gen --customers "$customers" --seed 7 |
    crm-store load --currency EUR --timezone UTC --country DE -q - >/dev/null
{
	cat "$CRM_STORE/crm.yaml"
	echo segments:
	awk -F '|' '{ printf "  %s: { where: \047%s\047 }\n", $1, $2 }' twenty
} >all.yaml
works crm-store apply -q all.yaml

# Days of the year, and commands, by chance that is always the same.
awk 'BEGIN { srand(11); for (i = 0; i < 3; i++)
	printf "2025-%02d-%02d\n", 2 + rand() * 10, 1 + rand() * 28 }' >days
awk -v people="$customers" -v changes="$changes" '
	function any(list, w, k) { k = split(list, w, " "); return w[1 + int(rand() * k)] }
	function whom() { return "C" (1 + int(rand() * people)) }
	function order() { return "O" (1 + int(rand() * people * 5)) }
	function when() { return sprintf("2025-%02d-%02dT%02d:30:00Z", 1 + rand() * 12, 1 + rand() * 28, rand() * 24) }
	BEGIN {
		srand(5)
		for (i = 0; i < changes; i++) {
			x = int(rand() * 13)
			if (x == 0) print "crm-customer set", whom(), "--tier", any("gold silver bronze")
			if (x == 1) print "crm-customer set", whom(), "--country", any("DE FR ES GB JP")
			if (x == 2) print "crm-customer tag", whom(), any("+sale +xmas")
			if (x == 3) print "crm-customer tag", whom(), any("-sale -xmas")
			if (x == 4 || x == 5) print "crm-customer consent", whom(), any("--channel=email:--purpose=offers --channel=phone:--purpose=survey"), any("--grant --grant --revoke"), "--at", when()
			if (x == 6) print "crm-customer set", whom(), "--roles", any("supplier customer,supplier customer prospect")
			if (x == 7 || x == 8) printf "crm-order add --customer %s --placed %s --line \"\\\"x\\\" x %d @ %d.50\"\n", whom(), when(), 1 + rand() * 4, rand() * 90
			if (x == 9) print "crm-order cancel", order(), "--at", when()
			if (x == 10) print "crm-order refund", order(), "--amount", 1 + int(rand() * 9), "--at", when()
			if (x == 11) printf "crm-customer add --name N%d --email n%d@example.org --created %s\n", i, i, when()
			if (x == 12) print "crm-customer rm", whom()
		}
	}' | sed 's/:--purpose/ --purpose/' >changes.sh

recount 'as it came'
cp counts before
while read -r day; do
	recount "$day, as it came" "$day"
done <days
crm-segment snapshot
# What cannot be (an order that was cancelled already) is refused.
sh changes.sh >/dev/null 2>&1
recount "after $changes changes"
# Without CRM_NOW figures are those that are kept, and not folded.
now=$CRM_NOW
cp counts after
unset CRM_NOW
recount 'by the figures kept'
CRM_NOW=$now
export CRM_NOW
is 'all have members, and most have others than before' "$(
	cut -f 2,3 after | paste - before |
	    awk '$1 == 0 { empty++ } $1 != $4 || $2 != $5 { moved++ }
		END { print empty + 0, (moved > 15) }')" '0 1'
while read -r day; do
	recount "$day, after $changes changes" "$day"
done <days

# What snapshots recorded adds up to who is in it.
CRM_NOW=2026-01-15T13:00:00Z
crm-segment snapshot
for s in s02 s03 s12 s16 s20; do
	crm-segment members "$s" -f customer_id | sed 1d >now
	crm-segment diff "$s" --entered -f customer_id | sed 1d >by
	same "$s: the snapshots add up to who is in it" by now
done
ok 'the store is whole' crm-store check -q
done_testing
