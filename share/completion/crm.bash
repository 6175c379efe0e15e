# Completion in bash for every command of crm-tools. The command itself is
# asked (--crm-spec), so that verbs and options are always its own.

_crm_tools()
{
	local cur=$2 spec words
	COMPREPLY=()
	spec=$("$1" --crm-spec 2>/dev/null) || return
	words=$(awk -F '\t' -v cur="$cur" \
	    -v before="${COMP_WORDS[*]:1:COMP_CWORD-1}" '
		$1 == "verb" { verbs[$2] }
		$1 == "option" || $1 == "field" {
			n++
			of[n] = $2
			option[n] = $4 ? "--" $4 : "-" $3
		}
		END {
			k = split(before, word, " ")
			for (i = 1; i <= k && verb == ""; i++)
				if (word[i] in verbs)
					verb = word[i]
			if (cur ~ /^-/) {
				for (i = 1; i <= n; i++)
					if (of[i] == "" || of[i] == verb)
						print option[i]
			} else if (verb == "") {
				for (v in verbs)
					print v
			}
		}' <<<"$spec")
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -o default -F _crm_tools $(compgen -c crm- | sort -u)
