"""The function of `init fish`, and its prompt. See `shell_functions`.

fish has no subshell: what a renewal is to see of the variables from before is local to a function. It has no builtin
for the time either: `path mtime` (fish 3.5) says when a file was changed, and how long ago that is.
"""

SCRIPT = r"""
function __assume_helper_save
    set -g __assume_helper_before
    for name in @NAMES@
        set -qg $name; or continue
        set -l flag -
        set -qgx $name; and set flag x
        set -ga __assume_helper_before $flag $name "$$name"
    end
    set -g __assume_helper_active 1
    for name in @GONE@
        if set -qUx $name
            printf '@UNIVERSAL@\n' $name $name >&2
            return 1
        end
    end
end
function __assume_helper_changed
@CHANGED@
    true
end
function __assume_helper_restore
    set -l changed (__assume_helper_changed)
    for name in @NAMES@
        contains -- $name $changed; or set -eg $name
    end
    set -l rest $__assume_helper_before
    while set -q rest[1]
        if not contains -- $rest[2] $changed
            set -g $rest[2] $rest[3]
            test $rest[1] = x; and set -gx $rest[2] $rest[3]
        end
        set -e rest[1..3]
    end
    true
end
function __assume_helper_now
    if builtin -q path
        math (path mtime /) + (path mtime -R /)
    else
        date +%s
    end
end
function __assume_helper_apply
    string replace -r '^set -e ' 'set -eg ' -- $argv | source
    set -l end "$AWS_CREDENTIAL_EXPIRATION"
    set -g __assume_helper_due
    set -l parts (string match -r '^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z$' -- $end)
    or begin
        set -g __assume_helper_until $end
        return 0
    end
    set -l now (__assume_helper_now)
    if test "$end" = "$__assume_helper_until"
        set -g __assume_helper_due (math $now + 60)
        return 0
    end
    set -g __assume_helper_until $end
    set -ge __assume_helper_told
    set -l year $parts[2]
    set -l month $parts[3]
    if test $month -lt 3
        set year (math $year - 1)
        set month (math $month + 12)
    end
    set -l days (math "365 * $year + floor($year / 4) - floor($year / 100) + floor($year / 400)")
    set days (math "$days + floor((153 * $month - 457) / 5) + $parts[4] - 719469")
    set -l seconds (math "(($days * 24 + $parts[5]) * 60 + $parts[6]) * 60 + $parts[7]")
    set -l ahead (math "floor(($seconds - $now) / 2)")
    test $ahead -gt 1500; and set ahead 1500
    set -g __assume_helper_due (math $seconds - $ahead)
end
function __assume_helper_assume
    for word in $argv
        switch $word
            case '-h*' --help
                printf '%s\n' @USAGE@ >&2
                return 0
            case --json --unset --shell '--shell=*'
                printf '@REFUSED@\n' (string replace -r '=.*' '' -- $word) >&2
                return 2
        end
    end
    set -l clears
    test (count $argv) -eq 1; and test "$argv[1]" = -; and set clears 1
    if set -q __assume_helper_active
        __assume_helper_restore
    else if test -n "$clears" -a -n "$ASSUME_HELPER_ENV"
        set -l text (command assume-helper env --unset --shell fish); or return
        string join -- \n $text | source
        return
    end
    for name in active before due until
        set -ge __assume_helper_$name
    end
    test -n "$clears"; and return 0
    __assume_helper_save
    set -l code $status
    for name in @GONE@
        set -eg $name
    end
    test $code -eq 0; or return $code
    set -l text (__assume_helper_env $argv)
    set code $status
    if test $code -ne 0; or not string match -q 'set -gx AWS_ACCESS_KEY_ID *' -- "$text[1]"
        string match -q 'set -e *' -- "$text[1]"; and string replace -a 'set -e ' 'set -eg ' -- $text[1] | source
        test $code -eq 0; and set code 1
        return $code
    end
    __assume_helper_apply $text
    set -g __assume_helper_words $argv
    if set -q ASSUME_HELPER_PROFILE
        set -l recent $ASSUME_HELPER_PROFILE\n"$__assume_helper_recent"
        set -g __assume_helper_recent (string sub -l 4000 -- $recent | string collect)
        contains -- $ASSUME_HELPER_PROFILE $argv
        or set -g __assume_helper_words $ASSUME_HELPER_PROFILE $argv
    end
    return 0
end
function __assume_helper_env
    set -l kept
    for name in (__assume_helper_changed)
        set -q $name; and set -a kept x $name "$$name"
    end
    set -l rest $__assume_helper_before $kept
@LOCAL@
    while set -q rest[1]
        test $rest[1] = x; and set -x $rest[2] $rest[3]
        set -e rest[1..3]
    end
    test (count $argv) -eq 0; and set -lu AWS_PROFILE; and set -lu AWS_DEFAULT_PROFILE
    set -lx ASSUME_HELPER_RECENT "$__assume_helper_recent"
    command assume-helper env --shell fish $argv
end
function __assume_helper_prompt --on-event fish_prompt
    test -n "$__assume_helper_due"; or return 0
    set -l began (__assume_helper_now)
    test $began -ge $__assume_helper_due; or return 0
    if test "$AWS_CREDENTIAL_EXPIRATION" != "$__assume_helper_until"
        set -ge __assume_helper_due
        return 0
    end
    set -g __assume_helper_due (math $began + 60)
    set -l text
    if set -q __assume_helper_told
        set text (__assume_helper_env --no-input $__assume_helper_words </dev/null 2>/dev/null)
    else
        set text (__assume_helper_env --no-input $__assume_helper_words </dev/null)
    end
    if test $status -eq 0; and string match -q 'set -gx AWS_ACCESS_KEY_ID *' -- "$text[1]"
        __assume_helper_restore
        __assume_helper_save
        __assume_helper_apply $text
    else
        set -g __assume_helper_told 1
        set -l now (__assume_helper_now)
        set -g __assume_helper_due (math "$now + 60 + 20 * ($now - $began)")
    end
end
complete -e -c @COMMAND@
complete -c @COMMAND@ -f -a '(__assume_helper env)'
function @COMMAND@
    __assume_helper_assume $argv
end
"""
