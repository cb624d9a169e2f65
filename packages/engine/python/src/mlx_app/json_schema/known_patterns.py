"""Patterns of zod with look-ahead, which llguidance lacks, and the same without it."""

# The ends of zod's patterns for e-mail addresses, which have no look-ahead.
_LAST = r"[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}$"

# The left sides are those of zod 4 (zod/v4/core/regexes.ts).
KNOWN_PATTERNS = {
    # email: the local part does not begin with a dot, and has no two in a row.
    r"^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-\.]*)" + _LAST: (
        r"^([A-Za-z0-9_'+\-]+\.)*[A-Za-z0-9_'+\-]*" + _LAST
    ),
}
