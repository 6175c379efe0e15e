#!/bin/sh
# Hooks: every change, in order, at least once and here exactly once; a hook
# that fails is resumed; several writers lose nothing; no descriptor leaks.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

new_store
hooks=$CRM_STORE/hooks.d

# hook NAME, the script on stdin.
hook()
{
	mkdir -p "$hooks"
	cat >"$hooks/$1.new"
	chmod +x "$hooks/$1.new"
	mv "$hooks/$1.new" "$hooks/$1"
}
# given FILE: the revisions of a feed, in its order.
given()
{
	awk -F '\t' '/^\\:/ { on = $1 == "\\:revision"; head = 1; next }
		head { head = 0; next }
		on { print $1 }' "$1"
}
last()
{
	crm-store info --format value -f revision
}

# ---- none ----

works crm-customer add --name Before --format value
not_ok 'nothing is made where there are no hooks' [ -e "$CRM_STORE/hooks.at" ]
run crm-store hooks
status_is 0
out_is "hook${TAB}revision${TAB}behind" 'an empty list'
first=$(($(last) + 1))
sleep 1 # a hook begins with the second it is put there

# ---- one: what it gets, and what it is given to run with ----

hook 10-copy <<'EOT'
#!/bin/sh
ls /proc/self/fd >"$HOME/fds"
pwd >"$HOME/cwd"
printf '%s\n' "$0" "$#" "$CRM_STORE" >"$HOME/given"
echo said
cat >>"$HOME/feed"
EOT
exec 7<"$CRM_TOP/Makefile" 8>"$T/leak" # what a careless parent leaves open
run crm-customer add --name Ann --format value -f customer_id,name
exec 7<&- 8>&-
status_is 0
out_is "C0000000002${TAB}Ann" "a hook's output is not the command's"
err_is 'said' 'it goes to stderr'
# ls itself has /proc/self/fd open as 3
is 'no descriptor but 0, 1 and 2' "$(tr '\n' ' ' <fds)" '0 1 2 3 '
is 'it runs in the folder of the store' "$(cat cwd)" "$(realpath "$CRM_STORE")"
is 'and is given no operands, and the store' "$(cat given)" \
    "$(realpath "$CRM_STORE")/hooks.d/10-copy
0
$(realpath "$CRM_STORE")"
is 'the feed begins where the hook does' "$(given feed)" "$first"
crm-log follow --since "$first" >want
same 'it is what crm-log follow writes' feed want

works crm-customer list
is 'reading runs no hook' "$(given feed)" "$first"
run crm-customer set C2 --city Bonn --dry-run
run crm-customer add --email not-an-address
is 'nor does what changes nothing' "$(given feed)" "$first"
crm-customer set C2 --city Bonn >/dev/null 2>&1
crm-customer rm C1 >/dev/null 2>&1
awk 'BEGIN { print "name"; for (i = 0; i < 3000; i++) print "n" i }' >in
crm-customer add - <in >/dev/null 2>&1
crm-log follow --since "$first" >want
same 'changes, removals and large changes follow each other' feed want
run crm-store hooks
out_is "hook${TAB}revision${TAB}behind
10-copy${TAB}$(last)${TAB}0"
is 'positions are for the owner only' \
    "$(stat -c %a "$CRM_STORE/hooks.at" "$CRM_STORE/hooks.at/10-copy" |
	tr '\n' ' ')" '700 600 '

# ---- what is no hook; order; what does not read ----

rm -f "$hooks"/*
for name in b2 a1 .hidden 'with space' 'old~'; do
	printf '#!/bin/sh\necho "%s" >>"$HOME/order"\n' "$name" |
	    hook "$name"
done
printf '#!/bin/sh\necho no >>"$HOME/order"\n' >"$hooks/not-executable"
mkdir "$hooks/folder"
crm-customer add --name Cleo >/dev/null
is 'in the order of names, executable files with plain names' \
    "$(tr '\n' ' ' <order)" 'a1 b2 '

rm -rf "$hooks"
# More than a pipe holds, and nobody reads it.
hook deaf <<'EOT'
#!/bin/sh
exit 0
EOT
awk 'BEGIN { print "name\tnote"; for (i = 0; i < 3000; i++)
	print "d" i "\tsome words that fill the pipe, if there were one" }' >in
run timeout 20 crm-customer add - <in
status_is 0 'a hook that reads nothing blocks nobody'
err_empty

# ---- failing ----

rm -rf "$hooks"
hook flaky <<'EOT'
#!/bin/sh
cat >"$HOME/part"
[ -e "$HOME/broken" ] && exit 3
cat "$HOME/part" >>"$HOME/flaky.feed"
EOT
hook steady <<'EOT'
#!/bin/sh
cat >>"$HOME/steady.feed"
EOT
sleep 1
: >broken
from=$(($(last) + 1))
crm-store hooks --from "$from" flaky
crm-store hooks --from "$from" steady
run crm-customer add --name Dora --format value -f name
status_is 0 'the command succeeds though a hook fails'
out_is Dora
err_has "crm-customer: hook 'flaky' ended with status 3"
run crm-customer add --name Emil --format value -f name
err_has "hook 'flaky' ended with status 3"
is 'the other one is not kept from its work' "$(given steady.feed | wc -l)" 2
run crm-store hooks -n
status_is 0
out_has "flaky${TAB}$((from - 1))${TAB}2" 'it is so many revisions behind'
run crm-store hooks
status_is 1
err_has "hook 'flaky' ended with status 3"
rm broken
run crm-store hooks
status_is 0
out_has "flaky${TAB}$(last)${TAB}0"
crm-log follow --since "$from" >want
same 'it is resumed from its revision, nothing lost, nothing twice' \
    flaky.feed want
: >broken
crm-customer add --name Fritz >/dev/null 2>&1
rm broken
crm-customer add --name Gerd >/dev/null 2>&1
crm-log follow --since "$from" >want
same 'the next command resumes it too' flaky.feed want

hook killed <<'EOT'
#!/bin/sh
kill -9 $$
EOT
run crm-customer add --name Hans
status_is 0
err_has "hook 'killed' was ended by signal 9"
rm "$hooks/killed"
printf 'no program\n' | hook bad
run crm-customer add --name Ida
status_is 0
err_has "cannot run hook 'bad'"
rm "$hooks/bad"

# ---- --from ----

run crm-store hooks --from 2 steady
status_is 0
rm steady.feed
works crm-store hooks
is 'from an earlier revision on, once more' "$(given steady.feed | head -n 1)" 2
fails 64 "there is no hook 'none'" crm-store hooks --from 2 none
fails 64 'is not a revision' crm-store hooks --from x steady
fails 64 'wants the name of one hook' crm-store hooks --from 2
echo nonsense >"$CRM_STORE/hooks.at/steady"
run crm-customer add --name Jan
status_is 0
err_has "'hooks.at/steady' has no revision in it"
err_has "crm-store hooks --from REVISION steady"
rm "$CRM_STORE/hooks.at/steady"

# ---- a hook that changes the store; ends, though it always does ----

rm -rf "$hooks"
hook log <<'EOT'
#!/bin/sh
cat >>"$HOME/log.feed"
EOT
hook writer <<'EOT'
#!/bin/sh
grep -q trigger && crm-customer add --name "by a hook" >/dev/null
exit 0
EOT
n=$(crm-customer list --count --no-header)
from=$(($(last) + 1))
crm-store hooks --from "$from" log
crm-store hooks --from "$from" writer
run timeout 20 crm-customer add --name trigger
status_is 0 'a hook may change the store'
is 'once' "$(crm-customer list --count --no-header)" $((n + 2))
crm-log follow --since "$from" >want
same 'and a hook before it hears of that' log.feed want

# ---- several writers at once ----

rm -rf "$hooks"
hook all <<'EOT'
#!/bin/sh
[ -e "$HOME/running" ] && echo twice >>"$HOME/twice"
: >"$HOME/running"
cat >>"$HOME/all.feed"
rm "$HOME/running"
EOT
from=$(($(last) + 1))
crm-store hooks --from "$from" all
for w in 1 2 3 4; do
	for i in $(seq 15); do
		crm-customer add --name "w$w-$i" >/dev/null 2>>werr || echo bad >>werr
	done &
done
wait
is 'errors of four writers' "$(cat werr)" ''
given all.feed >got
seq "$from" "$(last)" >want
same 'no revision lost, none twice, all in order' got want
not_ok 'a hook never ran twice at a time' [ -e twice ]
is 'without anybody asking afterwards' \
    "$(crm-store hooks -n --no-header)" "all${TAB}$(last)${TAB}0"
diag "$(wc -l <got) revisions by 4 writers, one hook"

# A writer that is stuck in its hook does not keep another one from writing.
rm -rf "$hooks"
hook slow <<'EOT'
#!/bin/sh
cat >>"$HOME/slow.feed"
while [ -e "$HOME/hold" ]; do sleep 0.02; done
EOT
from=$(($(last) + 1))
crm-store hooks --from "$from" slow
: >hold
crm-customer add --name stuck >/dev/null &
while [ ! -s slow.feed ]; do sleep 0.02; done
run timeout 20 crm-customer add --name free --format value -f name
status_is 0 'a running hook keeps no writer waiting'
rm hold
wait
is 'and what came meanwhile was given by the one that ran it' \
    "$(given slow.feed)" "$from
$((from + 1))"

# ---- restore ----

works crm-store backup "$T/copy"
crm-customer add --name gone >/dev/null
seen=$(last)
run crm-store restore "$T/copy" --format value -f revision
status_is 0
run crm-customer add --name new
err_empty 'a restored store does not fall behind its hooks'
is 'and they are given what follows, the restore first' \
    "$(given slow.feed | tail -n 2 | tr '\n' ' ')" \
    "$((seen + 1)) $((seen + 2)) "

done_testing
