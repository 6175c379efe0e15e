#!/bin/sh
# crm-fields: what the tables say, as a stream.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

works crm-fields
is 'the header' "$(head -n 1 "$out")" \
    "$(echo field kind type ref flags values currency help | tr ' ' "$TAB")"
is 'every line has as many fields' \
    "$(awk -F '\t' 'NF != 8 { print NR }' "$out")" ''
is 'names are valid and not twice in a kind' "$(awk -F '\t' 'NR > 1 &&
    ($1 !~ /^[a-z][a-z0-9_]*$/ || length($1) > 63 || seen[$1, $2]++)' \
    "$out")" ''
is 'types are those of the stream' "$(field type <"$out" | sort -u |
    tr '\n' ' ')" 'bool date decimal enum id int list money text time '
is 'all kinds are there, their parts after them' "$(field kind <"$out" |
    uniq | tr '\n' ' ' | cut -d ' ' -f 1-3)" \
    'customer customer.identity customer.role'
is 'money, and money only, has a currency' "$(awk -F '\t' 'NR > 1 &&
    ($3 == "money") != ($7 == "row" || $7 == "base")' "$out")" ''
is 'enums, and enums only, have values' "$(awk -F '\t' 'NR > 1 &&
    ($3 == "enum") != ($6 != "")' "$out")" ''
is 'ids, and ids only, have a ref' "$(awk -F '\t' 'NR > 1 &&
    ($3 == "id") != ($4 != "")' "$out")" ''
is 'every field has help' "$(awk -F '\t' '$8 == ""' "$out")" ''

works crm-fields order
is 'a kind alone' "$(field kind <"$out" | sort -u)" order
is 'its id comes first' "$(sed -n 2p "$out" | cut -f 1-4)" \
    "order_id${TAB}order${TAB}id${TAB}order"
works crm-fields line
is 'a part by its name' "$(sed -n 2p "$out" | cut -f 1,2)" \
    "line_id${TAB}order.line"
works crm-fields order.line --format value
is 'a part by both names' "$(head -n 1 "$out" | cut -f 1)" order.line
works crm-fields identity -f kind
is 'a part that several kinds have' "$(field kind <"$out" | uniq |
    tr '\n' ' ')" 'customer.identity product.identity order.identity ticket.identity touch.identity '
works crm-fields event
is 'a kind before a part' "$(field kind <"$out" | sort -u)" event

works crm-fields order -w 'currency = "base"' -f type
out_has base_total
out_lacks refunded
works crm-fields -w 'type = "money"' --sort -field --limit 1 --no-header
is 'sorted and cut' "$(wc -l <"$out")" 1
works crm-fields customer --count
run crm-fields -e -w 'field = "shoe_size"'
status_is 1 'no such field: exit status 1'
out_empty
err_empty

fails 64 "there is no kind 'ordr'" crm-fields ordr
err_has "did you mean 'order'?"
fails 64 "there is no column 'nme'" crm-fields -f nme
fails 64 'operand too many' crm-fields order customer
fails 64 "'yaml' is not a format" crm-fields --format yaml
fails 64 "there is no option '--since'" crm-fields --since today
fails 66 'there is no store' crm-fields --store /nonexistent

run crm-fields order
cp "$out" plain
CRM_STORE='' HOME='' run crm-fields order
same 'no store and no home: the built-in fields' "$out" plain

if [ -x "$CRM_BIN/crm-store" ]; then
	new_store
	works crm-fields order
	same 'an empty store changes nothing' "$out" plain
	cat >>"$CRM_STORE/crm.yaml" <<'YAML'
fields:
  customer:
    - { name: shoe_size, type: decimal, help: size of shoes }
YAML
	run crm-store apply
	status_is 0
	works crm-fields customer -w 'flags = "custom"'
	is 'a custom field is listed' "$(sed -n 2p "$out" | cut -f 1-3)" \
	    "shoe_size${TAB}customer${TAB}decimal"
fi
done_testing
