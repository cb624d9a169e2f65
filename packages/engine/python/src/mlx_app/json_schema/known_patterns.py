"""Patterns of zod with look-ahead, which llguidance lacks, and the same without it."""

# The ends of the pattern of an e-mail address, which have no look-ahead.
_LAST = r"[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}$"
_HOST = (
    r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[-0-9a-zA-Z]{0,61}[0-9a-zA-Z])?)*\.?$"
)
_EMOJI = r"[\p{Extended_Pictographic}\p{Emoji_Component}]"
_PICTURE = r"[\p{Extended_Pictographic}\p{Regional_Indicator}\u20E3]"
_SECONDS = r"\d+([.,]\d+)?S"
_DAYS = r"(\d+Y(\d+M)?(\d+D)?|\d+M(\d+D)?|\d+D)"
_TIME = rf"T(\d+H(\d+M)?({_SECONDS})?|\d+M({_SECONDS})?|{_SECONDS})"

# The left sides are those of zod 4 (zod/v4/core/regexes.ts), and the right sides are keywords.
KNOWN_PATTERNS: dict[str, dict[str, str | int]] = {
    # email, before zod 4.4: no dot at the start, and no two in a row.
    r"^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-\.]*)" + _LAST: {
        "pattern": r"^([A-Za-z0-9_'+\-]+\.)*[A-Za-z0-9_'+\-]*" + _LAST
    },
    r"^(?=.{1,253}\.?$)" + _HOST: {"pattern": "^" + _HOST, "maxLength": 253},
    # duration: at least one number, and weeks only alone.
    r"^P(?:(\d+W)|(?!.*W)(?=\d|T\d)(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?"
    r"(\d+([.,]\d+)?S)?)?)$": {"pattern": rf"^P(\d+W|{_DAYS}({_TIME})?|{_TIME})$"},
    # emoji: at least one that is a picture by itself.
    rf"^(?=[\s\S]*{_PICTURE}){_EMOJI}+$": {"pattern": f"^{_EMOJI}*{_PICTURE}{_EMOJI}*$"},
}
