"""Texts and numbers that programs trip over, collected from what has broken others."""

NAUGHTY: tuple[str, ...] = (
    # Nothing, blanks of all kinds, and what looks like a value of another type.
    *("", " ", "\t", "\n", "\u00a0", "\u200b", "\ufeff", "undefined", "null", "None", "NaN"),
    *("true", "0", "-1", "1e400", "-0", "0x10", "١٢٣", "1,000.00", "9223372036854775808"),
    # Controls, ends of lines, noncharacters, directions.
    *("a\u0000b", "\u0000", "\u0001", "\u001f", "\u007f", "\u0085", "\u2028", "\ufffe", "\uffff"),
    *("a\rb", "a\r\nb", "\u202eabc", "\u2066abc\u2069", "ﷺ", "\u061c"),
    # Case, width and composition that change the length.
    *(
        "ﬁ",
        "ß",
        "İ",
        "ı",
        "ẞ",
        "e\u0301",
        "Å",
        "ａｂｃ",
        "K",
        "ǆ",
        "𝒜",
        "👩‍👩‍👧‍👦",
        "🏳️‍🌈",
        "\U0010ffff",
    ),
    *("Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤", "田中さん", "الكل في المجمو عة", "Ångström O’Brien-Lefèvre"),
    # What a database, a shell, a template, a spreadsheet or a browser would run.
    *("'", '"', "';--", "' OR 1=1--", "%", "_", "\\", "%00", "%s%n", "$(id)", "`id`", "{{7*7}}"),
    *("${jndi:ldap://x}", "<script>alert(1)</script>", "javascript:alert(1)", '"><img src=x>'),
    *("=1+1", "+1", "@SUM(A1)", "-2+3", "\t=1", "]]>", "<!ENTITY x>", "{", "[", "}{", ":", "&|!"),
    # Places and addresses.
    *("../../etc/passwd", "..%2f..%2f", "C:\\con", "file:///etc/passwd", "http://127.1/", "//x"),
    *("http://[::1]/", "http://169.254.169.254/", "a@b", "a@b.c\r\nBcc: x@y.z", "﹫", "x" * 255),
    # Times and ids that nearly are some.
    *(
        "2026-02-30",
        "0000-00-00",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+14:00",
        "12/31/9999",
    ),
    *("2026-01-01T00:00:00", "00000000-0000-0000-0000-000000000000", "P1Y", "Europe/Atlantis"),
    *("x" * 5_000, "é" * 300, "(" * 200, "a*" * 100, "&" * 50),
)
"""What travels as JSON, as a form and, quoted, in an address."""

LONE = ("\ud800", "a\udfffb", "\udc00\ud800")
"""Halves of characters: JSON can write them, no database can keep them."""

NUMBERS: tuple[int | float, ...] = (
    *(0, -1, 2**31 - 1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**30),
    *(0.1, -0.0, 1e308, 5e-324, 1.5),
)
"""The ends of what databases and other languages count with."""
