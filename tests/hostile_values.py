"""Values of variables that a shell could take for something else."""

from hypothesis import settings
from hypothesis import strategies as st

NASTY = [
    "",
    "plain",
    "it's",
    "''",
    "'",
    '"',
    "\\",
    "\\'",
    "a\\",
    "\\\\'",
    "$(touch pwned)",
    "`touch pwned`",
    "${HOME}",
    "$HOME %PATH% !PATH!",
    "a\nb",
    "\n",
    "a\r\nb\n",
    "\t x \t",
    "--help",
    "-x",
    "=ls",
    "~",
    "~root:~root",
    "!!",
    "a;b&c|d<e>f(g)h{i,j}[k]*?#l^m",
    "# no comment",
    "grün \u2019\u2018\u201a\u201b “x” 日本 🎉",
    "\x01\x1b[31m\x7f\x85\u2028",
    "';touch pwned;'",
    "'+(1)+'",
    "x" * 5000,
]

values = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    st.text("'\"\\$`!%^&|<>(){}[]*?~#=;:,.-+ \t\r\nab\u2018\u2019", max_size=20),
)
many = settings(max_examples=40)


def named(found: list[str]) -> dict[str, str]:
    """Variables with these values."""
    return {f"A{number}": value for number, value in enumerate(found)}
