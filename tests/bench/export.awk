# export.awk - a stream as peers take it: ids are numbers, an order's row is
# two.  With -v cents=FILE they go there too, with money as whole cents (sqlite3
# has no decimals).
# -v types=id,row,time,money,text,...: of the columns, in order; what is
# missing is text.  -v plain=1 makes answers of all programs comparable: cents,
# times of digits only.
BEGIN {
	FS = OFS = "\t"
	n = split(types, type, ",")
	for (i = 1; i <= n; i++)
		if (type[i] != "text")
			work[++m] = i
}
NR == 1 && !header { next }
NR == 1 {
	if (type[1] == "row")
		$1 = "order_id" OFS "no"
	print
	if (cents)
		print >cents
	next
}
{
	for (j = 1; j <= m; j++) {
		i = work[j]
		t = type[i]
		v = $i
		if (v == "")
			continue
		if (t == "id") {
			sub(/^[A-Z]+/, "", v)
			$i = v + 0
		} else if (t == "row") {
			sub(/^[A-Z]+/, "", v)
			at = index(v, "-")
			no = substr(v, at + 1)
			sub(/^[a-z]/, "", no)
			$i = (substr(v, 1, at - 1) + 0) OFS no
		} else if (t == "money") {
			if (plain)
				$i = whole(v)
		} else if (t == "time" && plain) {
			gsub(/[^0-9]/, "", v)
			$i = v
		}
	}
	print
	if (!cents)
		next
	for (j = 1; j <= m; j++)
		if (type[work[j]] == "money")
			$work[j] = whole($work[j])
	print >cents
}
function whole(v) {
	return sub(/\./, "", v) ? v + 0 : v
}
