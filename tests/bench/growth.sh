# growth.sh - how our cost grows with the data: look-ups should cost the same
# whatever is in the store, all else as much for each order.
#
# Stores of a tenth of SCALE, of SCALE, and of three times that; the exponent
# is that of the last step: 0 is flat, 1 linear.  Counted is the processor's
# time, of user and system: these runs are too long to have the machine alone.

# best COMMAND: seconds of the processor, the middle of three runs.
best()
{
	printf 'x\t1\t-\t%s\n' "$1" >"$D/growth.turns"
	"$B/turns" 3 "$D/growth.turns" | cut -f 6
}

job_growth()
{
	: >"$D/growth.tsv"
	G=$D/growth
	for n in $((customers / 10)) "$customers" $((customers * 3)); do
		say "growth: $n customers"
		rm -rf "$G"
		mkdir "$G"
		S="--store $G/store"
		crm-gen --customers "$n" --orders $((n * 10)) --lines 3 \
		    --products $((n / 10)) >"$G/shop.arc"
		printf 'x\t1\t-\tcrm-store load -q %s %s - <%s\n' "$S" \
		    '--currency EUR --timezone UTC --country DE' \
		    "$G/shop.arc" >"$G/load"
		echo "$n load $("$B/turns" -s 1 "$G/load" | cut -f 6)" \
		    >>"$D/growth.tsv"
		rm -f "$G/shop.arc"
		with_segments "$G/store"
		awk -v n="$n" 'BEGIN {
			srand(5)
			print "customer_id"
			for (i = 0; i < 10000; i++)
				printf "C%010d\n", 1 + int(rand() * n)
		}' >"$G/refs"
		{
			echo "get $(best "crm-customer get $S C$((n / 3))")"
			echo "get-10000 $(best "crm-customer get $S - <$G/refs >$G/out")"
			echo "list $(best "crm-order list $S >$G/out")"
			echo "where $(best "crm-order list $S -w 'total > 500 and channel = \"shop\"' >$G/out")"
			echo "rfm $(best "crm-rfm $S >$G/out")"
			echo "segments $(best "crm-segment list $S >$G/out")"
		} | sed "s/^/$n /" >>"$D/growth.tsv"
		rm -rf "$G"
	done
	awk '
		!($2 in seen) { seen[$2] = 1; job[++n] = $2 }
		!($1 in had) { had[$1] = 1; size[++m] = $1 }
		{ t[$2, $1] = $3 }
		END {
			printf "%-11s", "customers"
			for (i = 1; i <= m; i++)
				printf " %13d", size[i]
			print "  exponent"
			for (j = 1; j <= n; j++) {
				printf "%-11s", job[j]
				for (i = 1; i <= m; i++)
					printf " %10.2f ms",
					    t[job[j], size[i]] * 1000
				printf "  %8.2f\n", log(t[job[j], size[m]] / \
				    t[job[j], size[m - 1]]) / \
				    log(size[m] / size[m - 1])
			}
		}' "$D/growth.tsv"
}
