#!/bin/sh
# Completion in bash, zsh and fish says what the command's own tables say.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"

by_itself()
{
	c=$1
	shift
	"$c" --crm-complete "$@" </dev/null | cut -f 1 | sort -u
}

for c in $(ls "$CRM_BIN"); do
	"$c" --crm-spec >"$c.spec" </dev/null
	is "$c: verbs" "$(by_itself "$c" '')" \
	    "$(awk -F '\t' '$1 == "verb" { print $2 }' "$c.spec" | sort -u)"
	verb=$(awk -F '\t' '$1 == "verb" { print $2; exit }' "$c.spec")
	is "$c $verb: options" "$(by_itself "$c" ${verb:+"$verb"} --)" \
	    "$(awk -F '\t' -v verb="$verb" '
		($1 == "option" || $1 == "field") && $4 &&
		    ($2 == "" || $2 == verb) {
			print "--" $4 }' "$c.spec" | sort -u)"
done

# answers WANT WORD...
answers()
{
	want=$1
	shift
	is "$*|" "$(by_itself "$@" | xargs)" "$want"
}
answers 'stage' crm-customer sta
answers '--tier' crm-customer set C1 --ti
answers '--stage' crm-customer --quiet set --stag
answers 'household organisation person unit' crm-customer add --type ''
answers 'household' crm-customer add --tier gold --type h
answers 'json jsonl' crm-customer list --format j
answers 'keep' crm-customer get --missing k
answers 'drop keep' crm-rfm --missing ''
answers 'yes' crm-order add --guest y
answers 'no yes' crm-order add --recurring ''
answers 'name,given' crm-customer list -f name,gi
answers '-last_order,+orders' crm-customer list --sort -last_order,+orde
answers '' crm-customer get --on cust
answers '' crm-customer get --store ''
answers '' crm-customer get - x
answers '' crm-body so
answers '' crm-customer list -w ''
answers 'show' crm-customer nosuchverb --nosuch sh
run crm-customer --crm-complete
status_is 0
run crm-customer --crm-complete "$(printf 'a\377')" -f "$(printf '\377,')"
status_is 0
# A value is not a verb.
answers '--tags' crm-order --store list set --ta
answers 'list' crm-order --store set lis

# The shells, the same answers each.
ask_bash()
{
	bash -c '. "$CRM_TOP/share/completion/crm.bash"
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_crm_tools "$1" "${COMP_WORDS[COMP_CWORD]}" ""
		printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}
ask_zsh()
{
	zsh -f -c '_describe() { print -l -- "${(@)answers%%:*}" }
		_files() { : }
		words=("$@") CURRENT=$#
		. "$CRM_TOP/share/completion/_crm_tools"' zsh "$@"
}
ask_fish()
{
	cp "$CRM_TOP/share/completion/crm.fish" "$1.fish"
	XDG_CONFIG_HOME=$T XDG_DATA_HOME=$T fish --no-config -c \
	    "source $1.fish; complete -C '$*'" | cut -f 1
}
for shell in bash zsh fish; do
	if ! command -v "$shell" >/dev/null; then
		pass "$shell: left out, it is not here # SKIP"
		continue
	fi
	is "$shell: a verb" "$(ask_$shell crm-customer timel)" timeline
	is "$shell: an option" "$(ask_$shell crm-customer set --ti)" --tier
	is "$shell: values" \
	    "$(ask_$shell crm-customer add --type ho | sort | xargs)" household
	is "$shell: names of fields" \
	    "$(ask_$shell crm-customer list -f name,fam)" name,family
done
done_testing
