# report.awk - goals.tsv and what turns measured, as a table (whose last line
# has -v data=, what it is of, and took=) or (-v tsv=1) a stream.  Raw rows: job, side, rounds, median, least, most, cpu, peak MiB,
# anonymous MiB; a ratio is how many times as much the peer takes as we do,
# for rates (reads, writes) how many times as many we do.
BEGIN { FS = OFS = "\t" }
NR == FNR {
	goal[$1, $2] = $3
	wanted[++goals] = $1 SUBSEP ($2 == "-" ? "crm" : $2)
	name[goals] = $1 " " $2 ";"
	if ($4 != "")
		what[$1] = $4
	next
}
{
	key = $1 SUBSEP $2
	if (!(key in at)) {
		at[key] = ++n
		job[n] = $1
		side[n] = $2
	}
	# what psql itself does is nothing: its server works
	if ($2 == "psql" && NF > 6)
		$7 = $8 = $9 = ""
	row[n] = $0
	mid[key] = $4
	peak[key] = $8
	anon[key] = $9
}
function unit(j, v) {
	if (j == "bytes" || j == "stored" || j == "start" || j == "reads" || j == "writes")
		return sprintf("%.0f", v)
	return v < 0.1 ? sprintf("%.2f ms", v * 1000) : sprintf("%.2f s", v)
}
function ratio(j, s) {
	if (s == "crm" || !((j, "crm") in mid) || !((j, s) in mid))
		return ""
	if (j == "reads" || j == "writes")
		return mid[j, s] ? sprintf("%.2f", mid[j, "crm"] / mid[j, s]) : ""
	return mid[j, "crm"] ? sprintf("%.2f", mid[j, s] / mid[j, "crm"]) : ""
}
function verdict(j, s, r) {
	if (!((j, s) in goal) || goal[j, s] == "-" || r == "")
		return ""
	return r + 0 >= goal[j, s] + 0 ? "met" : "missed"
}
END {
	if (tsv)
		print "job", "side", "scale", "rounds", "median", "least", "most",
		    "cpu", "peak_mib", "anonymous_mib", "ratio", "goal", "result"
	else
		printf "%-11s %-15s %6s %10s %21s %10s %9s %9s %8s %6s %s\n", "job",
		    "side", "rounds", "median", "range", "cpu", "peak MiB", "anon MiB", "ratio", "goal", ""
	for (i = 1; i <= n; i++) {
		split(row[i], f, "\t")
		j = job[i]
		s = side[i]
		r = ratio(j, s)
		g = (j, s) in goal ? goal[j, s] : ""
		v = verdict(j, s, r)
		if (tsv) {
			print j, s, scale, f[3], f[4], f[5], f[6], f[7], f[8], f[9],
			    r, g, v
			continue
		}
		if (j != last) {
			if (last != "")
				print ""
			if (j in what)
				print "# " what[j]
		}
		last = j
		range = f[5] == "" ? "" : unit(j, f[5]) " - " unit(j, f[6])
		cpu = f[7] == "" ? "" : unit(j, f[7])
		printf "%-11s %-15s %6s %10s %21s %10s %9s %9s %8s %6s %s\n", j, s, f[3],
		    unit(j, f[4]), range, cpu, f[8], f[9], r, g, v
	}
	if (tsv)
		exit
	# what maps a store or a file is the system's to take back
	for (i = 1; i <= n; i++) {
		j = job[i]
		if (side[i] != "crm" || anon[j, "crm"] == "" || anon[j, "duckdb"] == "")
			continue
		scans = j ~ /^(list|where|rfm|segments|get-stream|get-email)$/
		if (anon[j, "crm"] + 0 > anon[j, "duckdb"] + 0 || \
		    (scans && anon[j, "crm"] + 0 >= 64))
			much = much " " j
		else
			little = little " " j
	}
	if (little much != "")
		print "\nmemory of its own at most DuckDB's, and under 64 MiB where" \
		    " a table is read through:" (little ? little : " none") \
		    (much ? "; missed:" much : "")
	for (i = 1; i <= goals; i++)
		if (!(wanted[i] in mid))
			missing = missing " " name[i]
	if (missing != "")
		print "\nnot measured:" missing
	print "\ncpu: seconds of user and system, in the median"
	print "ratio: the peer's time (or bytes) by ours; of reads and " \
		    "writes ours by the peer's"
	print "scale " scale ": " data "; took " took
}
