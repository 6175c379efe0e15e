# Completion in fish for the command of crm-tools that this file is named
# after. The command itself is asked, so that verbs, options and values are
# always its own.

function __crm_tools_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] --crm-complete $words[2..-1] 2>/dev/null
end

complete -c (basename (status filename) .fish) -a '(__crm_tools_complete)'
