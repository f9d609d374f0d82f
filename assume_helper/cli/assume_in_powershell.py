"""The function of `init powershell`, and its prompt, for Windows PowerShell 5.1 and later. See `shell_functions`.

There is no subshell: a renewal puts back what was there before, and then what is there now. Only a function with
CmdletBinding can fail (`$?`) without an exception.
"""

SCRIPT = r"""
if (-not (Test-Path Variable:global:__AssumeHelper)) {
    $global:__AssumeHelper = @{
        Before = $null; Due = $null; Until = ''; Words = @(); Told = $false; Recent = ''; Prompt = $null
    };
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
function global:__AssumeHelperPut($values, $kept) {
    foreach ($name in @LIST@) {
        if ($kept -ccontains $name) { continue };
        if ($values.ContainsKey($name)) { [Environment]::SetEnvironmentVariable($name, $values[$name]) }
        else { Remove-Item "Env:$name" -ErrorAction Ignore };
    };
};
function global:__AssumeHelperRun($words) {
    $ErrorActionPreference = 'Continue';
    $PSNativeCommandUseErrorActionPreference = $false;
    try {
        $text = @(& assume-helper env --shell powershell @words) -join "`n";
        return @{
            Text = $text;
            Code = $LASTEXITCODE;
            Good = $LASTEXITCODE -eq 0 -and $text -like '$Env:AWS_ACCESS_KEY_ID = *';
        }
    } catch [System.Management.Automation.CommandNotFoundException] {
        [Console]::Error.WriteLine('assume-helper: it is not on PATH; install it, or correct PATH');
        return @{ Text = ''; Code = 127; Good = $false };
    };
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
        $words = @('--no-input') + $state.Words;
        $found = if ($state.Told) { __AssumeHelperRun $words 2>$null } else { __AssumeHelperRun $words }
    } finally {
        __AssumeHelperPut $current @();
    };
    if ($found.Good) {
        __AssumeHelperPut $state.Before @(__AssumeHelperChanged);
        $state.Before = __AssumeHelperSave;
        __AssumeHelperApply $found.Text;
    } else { $state.Told = $true };
};
function global:@COMMAND@ {
    [CmdletBinding(PositionalBinding = $false)]
    param([Parameter(ValueFromRemainingArguments = $true)][string[]]$words);
    $words = @($words | Where-Object { $null -ne $_ });
    $ErrorActionPreference = 'SilentlyContinue';
    $failure = [Exception]::new('@COMMAND@ has failed');
    $failure = [System.Management.Automation.ErrorRecord]::new($failure, 'Failed', 'NotSpecified', $null);
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
    if ($null -ne $state.Before) { __AssumeHelperPut $state.Before @(__AssumeHelperChanged) };
    $state.Before = $null;
    $state.Due = $null;
    $state.Until = '';
    if ($words.Count -eq 1 -and $words[0] -ceq '-') { $global:LASTEXITCODE = 0; return };
    $state.Before = __AssumeHelperSave;
    if ($words.Count -eq 0) { Remove-Item Env:AWS_PROFILE, Env:AWS_DEFAULT_PROFILE -ErrorAction Ignore };
    $Env:ASSUME_HELPER_RECENT = $state.Recent;
    try { $found = __AssumeHelperRun $words } finally { Remove-Item Env:ASSUME_HELPER_RECENT -ErrorAction Ignore };
    if (-not $found.Good) {
        try { if ($found.Text -clike 'Remove-Item *') { Invoke-Expression $found.Text } } catch { $null = $_ };
        Remove-Item @GONE@ -ErrorAction Ignore;
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
    $first = $commandAst.CommandElements[0].Extent;
    $rest = $commandAst.Extent.Text.Substring($first.EndOffset - $commandAst.Extent.StartOffset);
    $line = 'assume-helper env' + $rest.PadRight([Math]::Max(0, $cursorPosition - $first.EndOffset));
    [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches;
};
if ("$Function:prompt" -notlike '*__AssumeHelperPrompt*') {
    $global:__AssumeHelper.Prompt = $Function:prompt;
    function global:prompt {
        $ok = $?;
        $code = Get-Variable LASTEXITCODE -Scope Global -ValueOnly -ErrorAction Ignore;
        __AssumeHelperPrompt;
        $global:LASTEXITCODE = $code;
        if (-not $ok) { Write-Error '' -ErrorAction Ignore };
        & $global:__AssumeHelper.Prompt;
    };
};
"""
