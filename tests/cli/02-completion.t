#!/bin/sh
# Completion in bash says what the command's own tables say.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
need bash

# complete WORD...: the answers for the last word, one a line.
complete_words()
{
	bash -c '. "$CRM_TOP/share/completion/crm.bash"
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_crm_tools "$1" "${COMP_WORDS[COMP_CWORD]}" ""
		printf "%s\n" "${COMPREPLY[@]}"' bash "$@" | sort -u
}

for c in $(ls "$CRM_BIN"); do
	"$c" --crm-spec >"$c.spec" </dev/null
	is "$c: verbs" "$(complete_words "$c" '')" \
	    "$(awk -F '\t' '$1 == "verb" { print $2 }' "$c.spec" | sort -u)"
	verb=$(awk -F '\t' '$1 == "verb" { print $2; exit }' "$c.spec")
	is "$c $verb: options" "$(complete_words "$c" "$verb" --)" \
	    "$(awk -F '\t' -v verb="$verb" '
		($1 == "option" || $1 == "field") && $4 &&
		    ($2 == "" || $2 == verb) {
			print "--" $4 }' "$c.spec" | sort -u)"
done
done_testing
