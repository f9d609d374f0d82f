"""The function of `init bash`, and its prompt. See `shell_functions`.

macOS has bash 3.2: no printf %()T, no associative arrays, and an empty array counts as one that is not set.
"""

SCRIPT = r"""
_assume_helper_save() {
    local name flags fixed=
    _assume_helper_before=()
    for name in @NAMES@; do
        if [[ -n ${!name+set} ]]; then
            flags=$(declare -p "$name")
            flags=${flags#declare -}
            flags=${flags%% *}
            if [[ $flags == *r* ]]; then fixed=$name; fi
            if [[ $flags == *x* ]]; then flags=x; else flags=-; fi
            _assume_helper_before+=("$flags$name=${!name}")
        fi
    done
    _assume_helper_active=1
    if [[ -n $fixed ]]; then printf '@READONLY@\n' "$fixed" >&2; return 1; fi
}
_assume_helper_restore() {
    local name entry changed=' '
@CHANGED@
    for name in @NAMES@; do
        [[ $changed == *" $name "* ]] || unset -v "$name" 2>/dev/null || :
    done
    for entry in ${_assume_helper_before[@]+"${_assume_helper_before[@]}"}; do
        name=${entry%%=*}
        name=${name:1}
        if [[ $changed == *" $name "* ]]; then continue; fi
        builtin printf -v "$name" %s "${entry#*=}" 2>/dev/null || continue
        if [[ $entry == x* ]]; then export "$name"; fi
    done
}
_assume_helper_now() {
    builtin printf -v now '%(%s)T' -1 2>/dev/null ||
        now=$(( ${_assume_helper_epoch:=$(( $(date +%s) - SECONDS ))} + SECONDS ))
}
_assume_helper_apply() {
    local now end year month
    eval "$1"
    end=${AWS_CREDENTIAL_EXPIRATION-} _assume_helper_due=
    if [[ $end == "${_assume_helper_until-}" ]]; then
        if [[ -n $end ]]; then _assume_helper_now; _assume_helper_due=$(( now + 60 )); fi
        return 0
    fi
    _assume_helper_until=$end _assume_helper_told=
    if [[ $end != ????-??-??T??:??:??Z ]]; then return 0; fi
    _assume_helper_now
    year=$(( 10#${end:0:4} )) month=$(( 10#${end:5:2} ))
    if (( month < 3 )); then year=$(( year - 1 )) month=$(( month + 12 )); fi
    end=$(( ((365 * year + year / 4 - year / 100 + year / 400 + (153 * month - 457) / 5 + 10#${end:8:2} - 719469) * 24
        + 10#${end:11:2}) * 3600 + 10#${end:14:2} * 60 + 10#${end:17:2} ))
    _assume_helper_due=$(( end - ((end - now) / 2 < 1500 ? (end - now) / 2 : 1500) ))
}
_assume_helper_assume() {
    local text='' code=0 word
    for word in "$@"; do
        case $word in
            -h* | --help) printf '%s\n' @USAGE@ >&2; return 0 ;;
            --json | --unset | --shell | --shell=*) printf '@REFUSED@\n' "${word%%=*}" >&2; return 2 ;;
        esac
    done
    if [[ -n ${_assume_helper_active-} ]]; then
        _assume_helper_restore
    elif [[ $# == 1 && $1 == - && -n ${ASSUME_HELPER_ENV-} ]]; then
        text=$(assume-helper env --unset --shell bash) && eval "$text"
        return
    fi
    unset -v _assume_helper_active _assume_helper_before _assume_helper_due _assume_helper_until
    if [[ $# == 1 && $1 == - ]]; then return 0; fi
    _assume_helper_save || code=$?
    unset -v @GONE@ 2>/dev/null || :
    if [[ $code != 0 ]]; then return "$code"; fi
    text=$(
        _assume_helper_restore
        if [[ $# == 0 ]]; then unset -v AWS_PROFILE AWS_DEFAULT_PROFILE; fi
        export ASSUME_HELPER_RECENT=${_assume_helper_recent-}
        exec assume-helper env --shell bash "$@"
    ) || code=$?
    if [[ $code != 0 || $text != 'export AWS_ACCESS_KEY_ID='* ]]; then
        if [[ $text == 'unset '* ]]; then eval "$text" || :; fi
        if [[ $code == 0 ]]; then code=1; fi
        return "$code"
    fi
    _assume_helper_apply "$text"
    _assume_helper_words=("$@")
    if [[ -z ${ASSUME_HELPER_PROFILE-} ]]; then return 0; fi
    _assume_helper_recent=$ASSUME_HELPER_PROFILE$'\n'${_assume_helper_recent-}
    _assume_helper_recent=${_assume_helper_recent:0:4000}
    for word in "$@"; do
        if [[ $word == "$ASSUME_HELPER_PROFILE" ]]; then return 0; fi
    done
    _assume_helper_words=("$ASSUME_HELPER_PROFILE" "$@")
}
_assume_helper_prompt() {
    local code=$? now text began
    if [[ -n ${_assume_helper_due-} ]]; then
        _assume_helper_now
        if (( now < _assume_helper_due )); then
            :
        elif [[ ${AWS_CREDENTIAL_EXPIRATION-} != "${_assume_helper_until-}" ]]; then
            _assume_helper_due=
        else
            began=$now _assume_helper_due=$(( now + 60 ))
            if text=$(
                if [[ -n ${_assume_helper_told-} ]]; then exec 2>/dev/null; fi
                _assume_helper_restore
                exec assume-helper env --no-input --shell bash "${_assume_helper_words[@]}" </dev/null
            ) && [[ $text == 'export AWS_ACCESS_KEY_ID='* ]]; then
                _assume_helper_restore
                _assume_helper_save || :
                _assume_helper_apply "$text"
            else
                _assume_helper_told=1
                _assume_helper_now
                _assume_helper_due=$(( now + 60 + 20 * (now - began) ))
            fi
        fi
    fi
    if [[ $- == *e* ]]; then return 0; fi
    return "$code"
}
_assume_helper_complete() {
    local before=${COMP_LINE%%"${COMP_WORDS[0]}"*}${COMP_WORDS[0]}
    local COMP_POINT=$(( COMP_POINT - ${#before} + 17 )) COMP_LINE="assume-helper env${COMP_LINE:${#before}}"
    local COMP_WORDS=()
    _assume_helper
}
complete -o default -F _assume_helper_complete @COMMAND@
unalias @COMMAND@ 2>/dev/null || :
function @COMMAND@ { _assume_helper_assume "$@"; }
if [[ ${PROMPT_COMMAND-} != *_assume_helper_prompt* ]]; then
    PROMPT_COMMAND="${PROMPT_COMMAND:+$PROMPT_COMMAND
}_assume_helper_prompt"
fi
"""
