#!/bin/sh
# Tables in a real terminal (tmux), 40 to 200 columns wide, with names in
# many scripts: columns stand where the terminal itself says they do, and no
# line wraps.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
need tmux bash script

cat >text.tsv <<'EOF2'
name	city	note
Ann Meyer	@Berlin	plain
王小明	@上海市浦东新区世纪大道一百号	宽
さくら 佐々木	@東京	ｆｕｌｌ
김철수	@서울	한국
محمد علي	@القاهرة	rtl
שלום כהן	@ירושלים	rtl
é́́ Zoë̈	@Noël	marks
सीता नमस्ते	@दिल्ली	marks
মিতা	@ঢাকা	marks with room
👨‍👩‍👧 family	@😀 town	emoji
👍🏽 tone	@👍🏽👍🏽👍🏽👍🏽	skin
❤️ ☎️ 1️⃣ ⚠️	@✔️	picture marks
🇩🇪🇫🇷 flags	@🏴‍☠️	flags
a very long name that has to be cut somewhere 王王王王王王	@a town whose name is as long as its high street	long
EOF2
crm-store init --currency EUR >/dev/null
crm-customer add --header name,city,note - <<EOF2 >/dev/null
$(sed 1d text.tsv)
EOF2
is 'all are there' "$(crm-customer list --count)" 14

# In the terminal: the table as it is for one, each line up to the mark of the
# second column, and whole; after each the terminal is asked where it is.
cat >pane.sh <<'EOF2'
at() { printf '\033[6n'; IFS='[;' read -rs -t 5 -d R _ row col </dev/tty; }
for args in 'name,city,note' 'name,city,country,tier,orders,revenue,note'; do
	script -qec "crm-customer list -f $args" /dev/null </dev/tty | tr -d '\r' >rows
	while IFS= read -r line; do
		case $line in
		*@*)
			printf '\033[2J\033[H%s' "${line%%@*}"
			at
			start=$col
			;;
		*) start=- ;;
		esac
		printf '\033[2J\033[H%s' "$line"
		at
		echo "$start $row $col" >>"where.$1"
	done <rows
done
: >"done.$1"
EOF2
unset COLUMNS
pane="tmux -u -L crm-test-$$ -f /dev/null"
for width in 40 60 80 120 200; do
	LC_ALL=C.UTF-8 $pane new-session -d -x "$width" -y 30 \
	    "stty -echo -icanon; bash pane.sh $width" 2>"$err" || {
		diag "$(cat "$err")"
		break
	}
	for _ in $(seq 100); do
		[ -f "done.$width" ] && break
		sleep 0.1
	done
	$pane kill-server 2>/dev/null
	for _ in $(seq 50); do
		$pane list-sessions >/dev/null 2>&1 || break
		sleep 0.1
	done
	is "$width columns: every row" "$(wc -l <"where.$width")" 30
	is "$width columns: the second column begins in one place" \
	    "$(sed -n 1,15p "where.$width" | cut -d ' ' -f 1 | grep -v - |
		sort -u | wc -l)" 1
	is "$width columns: no line wraps" \
	    "$(cut -d ' ' -f 2 "where.$width" | sort -u | xargs)" 1
	is "$width columns: none is wider" \
	    "$(awk -v w="$width" '$3 > w + 1 { n++ } END { print n + 0 }' \
		"where.$width")" 0
done
done_testing
