"""The grammars of tools with free text: Lark or regular expressions inside of a quoted text."""
