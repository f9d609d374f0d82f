"""The completion scripts, one a shell: each asks this program what may come next.

They call `assume-helper` from the PATH, whatever path is typed, so that TAB never runs another program of that name.
Where this program exits with 1, the shell completes file names.
"""

# COMP_LINE, because COMP_WORDS is split at colons. macOS has bash 3.2, without mapfile and compopt: files are offered
# there wherever nothing else fits.
_BASH = r"""_assume_helper_program() {
    if declare -F _comp_command_offset >/dev/null; then
        _comp_command_offset "$1"
    elif declare -F _command_offset >/dev/null; then
        _command_offset "$1"
    else
        local IFS=$'\n' options=$-
        compopt -o default 2>/dev/null
        if [[ $COMP_CWORD == "$1" && ${COMP_WORDS[COMP_CWORD]} != */* ]]; then
            set -f
            COMPREPLY=($(compgen -c -- "${COMP_WORDS[COMP_CWORD]}"))
            [[ $options == *f* ]] || set +f
        fi
    fi
}
_assume_helper() {
    local at
    compopt +o default 2>/dev/null
    if [[ ${COMP_WORDS[1]-} == exec ]]; then
        for (( at = 2; at < COMP_CWORD; at++ )); do
            if [[ ${COMP_WORDS[at]} == -- ]]; then
                COMPREPLY=()
                _assume_helper_program $(( at + 1 ))
                return 0
            fi
        done
    fi
    local IFS=$'\n' options=$- found
    COMPREPLY=()
    if found=$(assume-helper completion bash -- "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null); then
        set -f
        COMPREPLY=($found)
        [[ $options == *f* ]] || set +f
    else
        compopt -o default 2>/dev/null
    fi
    return 0
}
complete -o default -F _assume_helper assume-helper
"""

# zsh compares with the typed word and quotes what it inserts.
_ZSH = r"""#compdef assume-helper
_assume_helper() {
    local found
    integer at=${words[(i)--]}
    if [[ $words[2] == exec ]] && (( at < CURRENT )); then
        words=("${(@)words[at+1,-1]}")
        (( CURRENT -= at ))
        _normal
        return
    fi
    local -a lines values
    if ! found=$(assume-helper completion zsh -- "${(@Q)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null); then
        _files
        return
    fi
    [[ -n $found ]] || return 1
    lines=("${(@f)found}")
    values=("${(@)lines%%$'\t'*}")
    if [[ $found == *$'\t'* ]]; then
        lines=("${(@)lines/$'\t'/  -- }")
        compadd -l -d lines -a -- values
    else
        compadd -a -- values
    fi
}
if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then
    _assume_helper "$@"
else
    (( ${+functions[compdef]} )) || { autoload -Uz compinit && compinit }
    compdef _assume_helper assume-helper
fi
"""

# So does fish.
_FISH = r"""function __assume_helper
    set -l words $argv (commandline -opc)[2..-1]
    set -l current (commandline -ct)
    if set -l at (contains -i -- -- $words); and test "$words[1]" = exec
        set -e words[1..$at]
        complete -C (string join ' ' -- (string escape -- $words) "$current")
        return
    end
    set -l found (assume-helper completion fish -- $words "$current" 2>/dev/null)
    and printf '%s\n' $found
    or __fish_complete_path "$current"
end
complete -c assume-helper -f -a '(__assume_helper)'
"""


def one_line(script: str) -> str:
    """A PowerShell script of whole statements, without comments, as one line: it means the same however it is applied.

    `| iex` evaluates each line by itself, `iex "$(...)"` joins lines by blanks, `iex (& ...)` takes no more than one.
    """
    return " ".join(line.strip() for line in script.splitlines()) + "\n"


# The word in quotes as PowerShell understands it: what it hands over has a closing quote that nobody has typed. The
# dots: Windows PowerShell drops empty arguments. UTF-8: its code page would damage names.
_POWERSHELL = one_line(
    r"""Register-ArgumentCompleter -Native -CommandName assume-helper -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition);
    $ends = @($commandAst.CommandElements |
        Where-Object { $_.Extent.Text -ceq '--' -and $_.Extent.EndOffset -lt $cursorPosition });
    if ($ends -and $commandAst.CommandElements[1].Extent.Text -ceq 'exec') {
        $typed = $cursorPosition - $commandAst.Extent.StartOffset;
        $typed = $commandAst.Extent.Text.PadRight($typed).Substring(0, $typed);
        $rest = $typed.Substring($ends[0].Extent.EndOffset - $commandAst.Extent.StartOffset);
        [System.Management.Automation.CommandCompletion]::CompleteInput($rest, $rest.Length, $null).CompletionMatches;
        return;
    };
    $elements = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition });
    $words = @($elements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst])
            { ".$($_.Value)" } else { ".$($_.Extent.Text)" } });
    $current = $wordToComplete;
    foreach ($element in $elements) {
        if ($element.Extent.EndOffset -ge $cursorPosition -and
            $element -is [System.Management.Automation.Language.StringConstantExpressionAst] -and
            $element.StringConstantType -ne 'BareWord') { $current = $element.Value }
    };
    $encoding = [Console]::OutputEncoding;
    $code = Get-Variable LASTEXITCODE -Scope Global -ValueOnly -ErrorAction Ignore;
    try {
        [Console]::OutputEncoding = [System.Text.Encoding]::UTF8;
        $found = @(& assume-helper completion powershell -- @words ".$current" 2>$null);
    } catch {
        return;
    } finally {
        [Console]::OutputEncoding = $encoding;
        $global:LASTEXITCODE = $code;
    };
    foreach ($line in $found) {
        $text, $shown, $help = $line -split "`t", 3;
        [System.Management.Automation.CompletionResult]::new($text, $shown, 'ParameterValue', $help);
    };
};"""
)

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH, "powershell": _POWERSHELL}
