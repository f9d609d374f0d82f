"""The batch file of `init cmd`. See `shell_functions`.

cmd has no functions, no hook for its prompt, and no variables but the environment's: what was there before is kept in
ASSUME_WAS.NAME. `set` lists variables whatever they hold, and `for` takes them without a second expansion. It also
takes away the delimiters that a value begins with, so that a dot may not be one: names are compared instead. A line of
`env` that is no `set` is not run: it would be the help, or JSON.
"""

SCRIPT = r"""@rem Written by: assume-helper init cmd. Save it as @COMMAND@.cmd in a folder of PATH.
@if "%~1"=="-h" goto :usage
@if "%~1"=="--help" goto :usage
@if not defined ASSUME_WAS.ASSUMED goto :save
@set "ASSUME_KEPT.ASSUMED=1"
@CHANGED@
@EACH@ not defined ASSUME_KEPT.%%v set "%%v="
@EACH@ defined ASSUME_KEPT.%%v set "ASSUME_WAS.%%v="
@for /f "tokens=1* delims==" %%a in ('set ASSUME_WAS.') do @EACH@ /i %%a==ASSUME_WAS.%%v set "%%v=%%b"
@for /f "delims==" %%a in ('set ASSUME_WAS.') do @set "%%a="
@for /f "delims==" %%a in ('set ASSUME_KEPT.') do @set "%%a="
:save
@if "%~1"=="-" exit /b 0
@for %%v in (@NAMES@) do @set "ASSUME_KEPT.%%v=1"
@for /f "tokens=1* delims==" %%a in ('set A') do @if defined ASSUME_KEPT.%%a set "ASSUME_WAS.%%a=%%b"
@for %%v in (@NAMES@) do @set "ASSUME_KEPT.%%v="
@set "ASSUME_WAS.ASSUMED=1"
@set "ASSUME_HELPER_ENV="
@if "%~1"=="" set "AWS_PROFILE="
@if "%~1"=="" set "AWS_DEFAULT_PROFILE="
@for /f "tokens=1*" %%a in ('assume-helper env %* --shell cmd') do @if "%%a"=="set" set %%b
@if defined ASSUME_HELPER_ENV exit /b 0
@for %%v in (@GONE@) do @set "%%v="
@exit /b 1
:usage
@USAGE_IN_CMD@
@exit /b 0
""".replace("@EACH@", "@for %%v in (@NAMES@) do @if")
