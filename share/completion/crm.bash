# Completion in bash for every command of crm-tools. The command itself is
# asked, so that verbs, options and values are always its own.

_crm_tools()
{
	mapfile -t COMPREPLY < <("$1" --crm-complete \
	    "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f 1)
}

complete -o default -F _crm_tools $(compgen -c crm- | sort -u)
