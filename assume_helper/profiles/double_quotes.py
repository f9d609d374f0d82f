"""Values of this helper's own may stand in double quotes: PHP's parser needs them around some characters.

PHP's SDK reads the config with PHP's own parser, which takes these for operators, comments, quotes or variables where
they are not in double quotes, and then ignores every setting of the file (see `php_syntax`).
"""

import re

_ODD = r"[()!~=&|^;'$]"


def unquoted(value: str) -> str:
    """`value` without the double quotes that it stands in, as PHP reads it."""
    return value[1:-1] if len(value) > 1 and value.startswith('"') and value.endswith('"') else value


def quoted(value: str) -> str:
    """`value` as every parser reads it: in double quotes where PHP needs them. A quote in it cannot be helped."""
    is_fine = "\n" in value or '"' in value or not re.search(_ODD, value)
    return value if is_fine else f'"{value}"'
