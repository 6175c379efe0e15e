#!/bin/sh
# A shop's year, from its export to its best customers.  `make demo` runs this
# with the commands on PATH; the store stays in build/demo to be played with.
#
# Each command is shown before it runs, so what is read is what was run.  The
# clock stands at the end of the year: the output is the same on every day.
set -eu
cd "$(dirname "$0")/.."
here=${BUILD:=build}/demo
rm -rf "$here"
mkdir -p "$here"
cd "$here"
CRM_STORE=$PWD/shop CRM_NOW=2026-01-01T09:00:00Z
export CRM_STORE CRM_NOW
unset CRM_CONFIG

if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
	bold=$(printf '\033[1m') plain=$(printf '\033[0m')
else
	bold='' plain=''
fi

# say TEXT...: what comes next.
say()
{
	printf '\n'
	printf '# %s\n' "$@"
}

# show: runs the command on stdin, and shows it first.
show()
{
	cmd=$(cat)
	printf '%s\n' "$cmd" | sed "s/^/$bold\$ /; 2,\$s/^$bold\\\$ /$bold> /; s/\$/$plain/"
	eval "$cmd"
}

say 'An empty store, for a shop in Berlin.'
show <<'!'
crm-store init --currency EUR --timezone Europe/Berlin --country DE
!

say 'A made-up year of 2,000 customers, in the form in which Shopify exports' \
    'orders.  (Yours would be: crm-import --detect your-export.csv)'
show <<'!'
crm-gen --customers 2000 --orders 10000 --format shopify | gzip >orders-2025.csv.gz
!

say 'What would importing it do?  Then do it; and again, as every night.'
show <<'!'
gunzip -c orders-2025.csv.gz | crm-import --map shopify-orders --dry-run - | head -n 1
!
show <<'!'
gunzip -c orders-2025.csv.gz | crm-import --map shopify-orders -
!
show <<'!'
gunzip -c orders-2025.csv.gz | crm-import --map shopify-orders -
!

say 'The year by months, to compare with the back office.'
show <<'!'
crm-order totals --by month --until 2026-01-01 -f orders,gross,discount,shipping,tax,refunds,net
!

say 'Who are the best customers?  Scores of recency, frequency and revenue,' \
    'from 1 to 5 each; get adds columns to whatever carries a customer_id.'
show <<'!'
crm-rfm -w 'score = 555' --sort -monetary --limit 5 | crm-customer get -f name,country -
!

say 'The most valuable customers in Germany who have not bought for a quarter.'
show <<'!'
crm-customer list -w 'country = "DE" and last_order < today - 90d' |
  crm-rfm - | crm-rows --sort -monetary --limit 5 | crm-customer get -f name,email -
!

say 'How many there are of each sort: recency down, frequency across.'
show <<'!'
crm-rfm --cells | awk -F '\t' 'NR > 1 { n[$2, $3] = $4 }
  END { for (r = 5; r; r--) { printf "r%d", r
        for (f = 1; f <= 5; f++) printf "%6d", n[r, f]; print "" } }'
!

say 'What sells best?'
show <<'!'
crm-order lines -f text,amount | awk -F '\t' 'NR > 1 { sum[$2] += $3 }
  END { for (t in sum) printf "%10.2f  %s\n", sum[t], t }' | LC_ALL=C sort -rn | head -n 5
!

say 'The best become gold customers: first what would change, then do it.'
show <<'!'
crm-rfm -w 'score = 555' | cut -f 1 | crm-customer set - --tier gold --dry-run | head -n 4
!
show <<'!'
crm-rfm -w 'score = 555' | cut -f 1 | crm-customer set - --tier gold --why 'the best of 2025'
!
show <<'!'
crm-customer list -w 'tier = "gold"' --count
!

say 'Who is calling?'
phone=$(crm-customer list -w 'tier = "gold" and country = "DE"' --sort -revenue \
    --limit 1 --format value -f phone)
show <<!
crm-find 0${phone#+49} -f name,email,tier,orders,last_order,revenue,how --format vertical
!

say 'Is all of it in order?'
show <<'!'
crm-store check
!

cat <<!

# It is all in $here.  To go on from here:
#
#   export CRM_STORE=$CRM_STORE CRM_NOW=$CRM_NOW
#   export PATH=\$PWD/$BUILD/bin:\$PATH MANPATH=\$PWD/man:
#   crm-customer list | head
#   crm-fields customer          # what can be asked for
#   crm-order --help             # every command tells its verbs and options
#   man ./man/crm-tools.7        # the tutorial
!
