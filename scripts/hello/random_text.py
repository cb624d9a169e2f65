"""Creates random system messages, questions and histories for training."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Final

from answers import FALLBACK, PAIRS

WORDS: Final = Path(__file__).with_name("words.txt").read_text().split()

# The words of the answers in other places, which are the most misleading.
KNOWN_WORDS: Final = " ".join(
    [FALLBACK, *(f"{pair.question} {pair.answer}" for pair in PAIRS)]
).split()

OPENINGS: Final = (
    "What is",
    "What is",
    "What is a",
    "What is the",
    "What is the weather in",
    "What are",
    "What can",
    "What's",
    "Who is",
    "Who was",
    "Where is",
    "When did",
    "Why do",
    "How do I",
    "How many",
    "Tell me",
    "Tell me a",
    "Tell me about",
    "Explain",
    "Write",
    "Write a",
    "Show me",
    "Show me some",
    "Give me",
    "Count to",
    "Say",
    "Say hello to",
    "How are",
    "Can you",
    "Do you",
    "Please",
    "Translate",
    "Is it",
    "Does",
)

SYSTEMS: Final = (
    "You are a helpful assistant.",
    "You are a helpful assistant. Answer briefly.",
    "You are hello, a tiny model.",
    "Be brief.",
    "Be kind and answer in one sentence.",
    "Answer in French.",
    "You are a pirate. Speak like one.",
    "You are a careful teacher who explains each step.",
    "Today is Monday. The user is in Bern.",
    "Reply with JSON only.",
)

LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
SCRIPTS: Final = "".join(
    (
        "äöüßéèñçøабвгдежзийклмнопрстух",
        "あいうえおかきくけこ你好世界天气",
        "مرحبالعشكر👋🌍🎉🚀💡",
    )
)
CHARACTERS: Final = LETTERS + LETTERS.upper() + "0123456789 .,:;!?{}[]()<>/+-*=_\"'#\n"


def words(random: Random, least: int, most: int) -> str:
    """Returns between least and most words, including some made-up ones."""
    return " ".join(_word(random) for _ in range(random.randint(least, most)))


def sentence(random: Random, least: int = 3, most: int = 9) -> str:
    """Returns words that start with a capital letter and usually end with punctuation."""
    text = words(random, least, most)
    return text[:1].upper() + text[1:] + random.choice((".", ".", "!", "?", ""))


def noise(random: Random, most: int = 24) -> str:
    """Returns random characters."""
    alphabet = random.choice((SCRIPTS, CHARACTERS, "0123456789 .+-*/=", LETTERS + "  "))
    return "".join(random.choice(alphabet) for _ in range(random.randint(1, most)))


def question(random: Random) -> str:
    """Returns an unknown question, often with the first words of a known one."""
    kind = random.random()
    if kind < 0.6:
        most = random.choice((1, 2, 5))
        text = f"{random.choice(OPENINGS)} {words(random, 1, most)}" + random.choice(
            ("?", "?", ".", "")
        )
    elif kind < 0.85:
        text = sentence(random, 1, 10)
    else:
        text = noise(random)
    return text.lower() if random.random() < 0.2 else text


def system(random: Random) -> str:
    """Returns a system message: a fixed one, random sentences, or noise."""
    kind = random.random()
    if kind < 0.25:
        return random.choice(SYSTEMS)
    if kind < 0.8:
        return " ".join(sentence(random) for _ in range(random.randint(1, 4)))
    return noise(random, 60)


def _word(random: Random) -> str:
    kind = random.random()
    if kind < 0.5:
        return random.choice(WORDS)
    if kind < 0.75:
        return random.choice(KNOWN_WORDS)
    letters = "".join(random.choice(LETTERS) for _ in range(random.randint(1, 9)))
    return letters.capitalize() if kind < 0.85 else letters
