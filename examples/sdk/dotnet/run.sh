#!/bin/sh
# Runs the program with the PowerShell and the assemblies in the directory $1; what follows is the program's own.
into=$1
shift
export POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off
exec "$into/powershell/pwsh" -NoLogo -NoProfile -NonInteractive -File "$(dirname "$0")/list-buckets.ps1" "$into/awssdk" "$@"
