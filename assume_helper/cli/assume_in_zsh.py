"""The function of `init zsh`, and its prompt. See `shell_functions`."""

SCRIPT = r"""
zmodload zsh/datetime zsh/parameter 2>/dev/null
function _assume_helper_save {
    emulate -L zsh
    local name fixed
    typeset -ga _assume_helper_before=()
    for name in @NAMES@; do
        if (( ${+parameters[$name]} )); then
            if [[ $parameters[$name] == *readonly* ]]; then fixed=$name; fi
            if [[ $parameters[$name] == *export* ]]; then
                _assume_helper_before+=("x$name=${(P)name}")
            else
                _assume_helper_before+=("-$name=${(P)name}")
            fi
        fi
    done
    typeset -g _assume_helper_active=1
    if [[ -n $fixed ]]; then printf '@READONLY@\n' $fixed >&2; return 1; fi
}
function _assume_helper_restore {
    emulate -L zsh
    local name entry changed=' '
@CHANGED@
    for name in @NAMES@; do
        if [[ ${parameters[$name]-} == *readonly* ]]; then changed+="$name "; fi
        [[ $changed == *" $name "* ]] || unset "$name"
    done
    for entry in "${(@)_assume_helper_before}"; do
        name=${${entry%%=*}#?}
        if [[ $changed == *" $name "* ]]; then continue; fi
        if [[ $entry == x* ]]; then
            typeset -gx "$name=${entry#*=}"
        else
            typeset -g "$name=${entry#*=}"
        fi
    done
}
function _assume_helper_apply {
    emulate -L zsh
    local end now=${EPOCHSECONDS:-$(date +%s)}
    integer year month
    eval "$1"
    end=${AWS_CREDENTIAL_EXPIRATION-}
    typeset -g _assume_helper_due=
    if [[ $end == "${_assume_helper_until-}" ]]; then
        if [[ -n $end ]]; then _assume_helper_due=$(( now + 60 )); fi
        return 0
    fi
    typeset -g _assume_helper_until=$end _assume_helper_told=
    if [[ $end != ????-??-??T??:??:??Z ]]; then return 0; fi
    (( year = 10#${end[1,4]}, month = 10#${end[6,7]} ))
    if (( month < 3 )); then (( year -= 1, month += 12 )); fi
    end=$(( ((365 * year + year / 4 - year / 100 + year / 400 + (153 * month - 457) / 5 + 10#${end[9,10]} - 719469) * 24
        + 10#${end[12,13]}) * 3600 + 10#${end[15,16]} * 60 + 10#${end[18,19]} ))
    _assume_helper_due=$(( end - ((end - now) / 2 < 1500 ? (end - now) / 2 : 1500) ))
}
function _assume_helper_assume {
    emulate -L zsh
    local text word
    integer code=0
    for word in "$@"; do
        case $word in
            -h* | --help) printf '%s\n' @USAGE@ >&2; return 0 ;;
            --json | --unset | --shell | --shell=*) printf '@REFUSED@\n' "${word%%=*}" >&2; return 2 ;;
        esac
    done
    if [[ -n ${_assume_helper_active-} ]]; then
        _assume_helper_restore
    elif [[ $# == 1 && $1 == - && -n ${ASSUME_HELPER_ENV-} ]]; then
        text=$(assume-helper env --unset --shell zsh) && eval "$text"
        return
    fi
    unset _assume_helper_active _assume_helper_before _assume_helper_due _assume_helper_until
    if [[ $# == 1 && $1 == - ]]; then return 0; fi
    _assume_helper_save || code=$?
    for word in @GONE@; do [[ ${parameters[$word]-} == *readonly* ]] || unset $word; done
    if (( code != 0 )); then return $code; fi
    text=$(
        _assume_helper_restore
        if [[ $# == 0 ]]; then unset AWS_PROFILE AWS_DEFAULT_PROFILE; fi
        export ASSUME_HELPER_RECENT=${_assume_helper_recent-}
        exec assume-helper env --shell zsh "$@"
    ) || code=$?
    if [[ $code != 0 || $text != 'export AWS_ACCESS_KEY_ID='* ]]; then
        if [[ $text == 'unset '* ]]; then eval "$text" || :; fi
        if (( code == 0 )); then code=1; fi
        return $code
    fi
    _assume_helper_apply "$text"
    typeset -ga _assume_helper_words=("$@")
    if [[ -z ${ASSUME_HELPER_PROFILE-} ]]; then return 0; fi
    typeset -g _assume_helper_recent=$ASSUME_HELPER_PROFILE$'\n'${_assume_helper_recent-}
    _assume_helper_recent=${_assume_helper_recent[1,4000]}
    if (( ! ${@[(Ie)$ASSUME_HELPER_PROFILE]} )); then
        _assume_helper_words=("$ASSUME_HELPER_PROFILE" "$@")
    fi
}
function _assume_helper_prompt {
    if [[ -z ${_assume_helper_due-} ]]; then return 0; fi
    emulate -L zsh
    local text now=${EPOCHSECONDS:-$(date +%s)}
    if (( now < _assume_helper_due )); then return 0; fi
    if [[ ${AWS_CREDENTIAL_EXPIRATION-} != "${_assume_helper_until-}" ]]; then
        _assume_helper_due=
        return 0
    fi
    _assume_helper_due=$(( now + 60 ))
    if text=$(
        if [[ -n ${_assume_helper_told-} ]]; then exec 2>/dev/null; fi
        _assume_helper_restore
        exec assume-helper env --no-input --shell zsh "${(@)_assume_helper_words}" </dev/null
    ) && [[ $text == 'export AWS_ACCESS_KEY_ID='* ]]; then
        _assume_helper_restore
        _assume_helper_save
        _assume_helper_apply "$text"
    else
        _assume_helper_told=1
        local began=$now now=${EPOCHSECONDS:-$(date +%s)}
        _assume_helper_due=$(( now + 60 + 20 * (now - began) ))
    fi
}
function _assume_helper_complete {
    words=(assume-helper env "${(@)words[2,-1]}")
    (( CURRENT += 1 ))
    _assume_helper
}
compdef _assume_helper_complete @COMMAND@
unalias @COMMAND@ 2>/dev/null || :
function @COMMAND@ { _assume_helper_assume "$@"; }
autoload -Uz add-zsh-hook
add-zsh-hook precmd _assume_helper_prompt
"""
