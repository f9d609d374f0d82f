"""The function of `init powershell`, and its prompt, for Windows PowerShell 5.1 and later. See `shell_functions`.

There is no subshell: a renewal puts back what was there before, and then what is there now. Only a function with
CmdletBinding can fail (`$?`) without an exception, and with one where the caller's errors stop it. Variables are
cleared without a cmdlet: people replace Remove-Item. The prompt of before is in a closure, because others copy prompts
around too (venv, conda).
"""

SCRIPT = r"""
if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    Write-Error ('assume-helper: init needs the FullLanguage mode; ' +
        'apply env by hand: assume-helper env PROFILE --shell powershell | Invoke-Expression');
    return;
};
if (-not (Test-Path Variable:global:__AssumeHelper)) {
    $global:__AssumeHelper = @{ Before = $null; Due = $null; Until = ''; Words = @(); Told = $false; Recent = '' };
};
function global:__AssumeHelperSave {
    $found = @{};
    foreach ($name in @LIST@) {
        $value = [Environment]::GetEnvironmentVariable($name);
        if ($null -ne $value) { $found[$name] = $value };
    };
    return $found;
};
function global:__AssumeHelperChanged {
@CHANGED@
};
function global:__AssumeHelperClear($names) {
    foreach ($name in $names) { [Environment]::SetEnvironmentVariable($name, [NullString]::Value) };
};
function global:__AssumeHelperPut($values, $kept) {
    foreach ($name in @LIST@) {
        if ($kept -ccontains $name) { continue };
        if ($values.ContainsKey($name)) { [Environment]::SetEnvironmentVariable($name, $values[$name]) }
        else { __AssumeHelperClear $name };
    };
};
function global:__AssumeHelperRun($words, $quiet) {
    $ErrorActionPreference = 'Continue';
    $PSNativeCommandUseErrorActionPreference = $false;
    $code, $said, $lines = 127, '', @();
    try {
        $lines = if ($quiet) { & assume-helper env --shell powershell @words 2>$null }
            else { & assume-helper env --shell powershell @words };
        $code = $LASTEXITCODE;
    } catch [System.Management.Automation.CommandNotFoundException] {
        $said = 'it is not on PATH; install it, or correct PATH';
    } catch {
        $said = "it cannot be started: $("$_".Split("`n")[0].Trim()); install it again";
    };
    if ($said -and -not $quiet) { [Console]::Error.WriteLine("assume-helper: $said") };
    $text = @($lines) -join "`n";
    return @{ Text = $text; Code = $code; Good = $code -eq 0 -and $text -like '$Env:AWS_ACCESS_KEY_ID = *' };
};
function global:__AssumeHelperApply($text) {
    Invoke-Expression $text;
    $state = $global:__AssumeHelper;
    $end = [string]$Env:AWS_CREDENTIAL_EXPIRATION;
    $now = [DateTime]::UtcNow;
    $state.Due = $null;
    if (-not $end) { $state.Until = ''; return };
    if ($end -ceq $state.Until) { $state.Due = $now.AddSeconds(60); return };
    $state.Until = $end;
    $state.Told = $false;
    $at = [DateTimeOffset]::Parse($end, [Globalization.CultureInfo]::InvariantCulture).UtcDateTime;
    $state.Due = $at.AddSeconds(-[Math]::Min(1500, ($at - $now).TotalSeconds / 2));
};
function global:__AssumeHelperPrompt {
    $state = $global:__AssumeHelper;
    $now = [DateTime]::UtcNow;
    if ($null -eq $state.Due -or $now -lt $state.Due) { return };
    if ([string]$Env:AWS_CREDENTIAL_EXPIRATION -cne $state.Until) { $state.Due = $null; return };
    $state.Due = $now.AddSeconds(60);
    $current = __AssumeHelperSave;
    try {
        __AssumeHelperPut $state.Before @(__AssumeHelperChanged);
        $found = __AssumeHelperRun (@('--no-input') + $state.Words) $state.Told;
    } finally {
        __AssumeHelperPut $current @();
    };
    if ($found.Good) {
        __AssumeHelperPut $state.Before @(__AssumeHelperChanged);
        $state.Before = __AssumeHelperSave;
        __AssumeHelperApply $found.Text;
    } else { $state.Told = $true };
};
if (Test-Path Alias:@COMMAND@) { Remove-Item Alias:@COMMAND@ -Force };
function global:@COMMAND@ {
    [CmdletBinding(PositionalBinding = $false)]
    param([Parameter(ValueFromRemainingArguments = $true)][object[]]$words);
    if ($ErrorActionPreference -ne 'Stop') { $ErrorActionPreference = 'SilentlyContinue' };
    $failure = [Exception]::new('@COMMAND@ has failed');
    $failure = [System.Management.Automation.ErrorRecord]::new($failure, 'Failed', 'NotSpecified', $null);
    $words = @(foreach ($word in $words) {
        if ($word -is [array]) { $word -join ',' } elseif ($null -ne $word) { [string]$word }
    });
    $state = $global:__AssumeHelper;
    foreach ($word in $words) {
        if ($word -clike '-h*' -or $word -ceq '--help') {
            foreach ($line in @USAGE@) { [Console]::Error.WriteLine($line) };
            $global:LASTEXITCODE = 0;
            return;
        };
        if ($word -cmatch '^--(json|unset|shell)($|=)') {
            [Console]::Error.WriteLine('@REFUSED@'.Replace('%s', ($word -replace '=.*', '')));
            $global:LASTEXITCODE = 2;
            $PSCmdlet.WriteError($failure);
            return;
        };
    };
    $clears = $words.Count -eq 1 -and $words[0] -ceq '-';
    if ($null -ne $state.Before) { __AssumeHelperPut $state.Before @(__AssumeHelperChanged) }
    elseif ($clears -and $Env:ASSUME_HELPER_ENV) {
        $found = __AssumeHelperRun @('--unset') $false;
        if ($found.Code -eq 0) { Invoke-Expression $found.Text } else { $PSCmdlet.WriteError($failure) };
        return;
    };
    $state.Before = $null;
    $state.Due = $null;
    $state.Until = '';
    if ($clears) { $global:LASTEXITCODE = 0; return };
    $state.Before = __AssumeHelperSave;
    $found = @{ Code = 130; Good = $false };
    try {
        if ($words.Count -eq 0) { __AssumeHelperClear 'AWS_PROFILE', 'AWS_DEFAULT_PROFILE' };
        $Env:ASSUME_HELPER_RECENT = $state.Recent;
        $found = __AssumeHelperRun $words $false;
    } finally {
        $Env:ASSUME_HELPER_RECENT = $null;
        if (-not $found.Good) { __AssumeHelperClear @GONE@ };
    };
    if (-not $found.Good) {
        $global:LASTEXITCODE = [Math]::Max(1, $found.Code);
        $PSCmdlet.WriteError($failure);
        return;
    };
    __AssumeHelperApply $found.Text;
    $state.Words = $words;
    $name = [string]$Env:ASSUME_HELPER_PROFILE;
    if ($name) {
        $state.Recent = "$name`n$($state.Recent)";
        $state.Recent = $state.Recent.Substring(0, [Math]::Min(4000, $state.Recent.Length));
        if ($words -cnotcontains $name) { $state.Words = @($name) + $words };
    };
    $global:LASTEXITCODE = 0;
};
Register-ArgumentCompleter -Native -CommandName @COMMAND@ -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition);
    $typed = $cursorPosition - $commandAst.Extent.StartOffset;
    $typed = $commandAst.Extent.Text.PadRight($typed).Substring(0, $typed);
    $name = $commandAst.CommandElements[0].Extent.Text;
    $line = 'assume-helper env' + $typed.Substring([Math]::Min($name.Length, $typed.Length));
    [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches;
};
if ("$Function:prompt" -notlike '*__AssumeHelperPrompt*') {
    & {
        $own = $Function:prompt;
        ${Function:global:prompt} = {
            $ok = $?;
            $code = Get-Variable LASTEXITCODE -Scope Global -ValueOnly -ErrorAction Ignore;
            __AssumeHelperPrompt;
            $global:LASTEXITCODE = $code;
            if (-not $ok) { Write-Error '' -ErrorAction Ignore };
            & $own;
        }.GetNewClosure();
    };
};
"""
