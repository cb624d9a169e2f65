"""Random text for training: system messages, questions and histories that the model must see past."""

from __future__ import annotations

from random import Random
from typing import Final

from answers import FALLBACK, PAIRS

WORDS: Final = (
    "a about above after again all always an and animal answer any app are array as ask at away be "
    "because best between big bird blue book both box bread bring brief build but by call can car "
    "carefully cat chat city clear code cold come computer could data day dear developer do dog door "
    "down drink easy eat end English error every example explain eyes far fast father file find fire "
    "first fish flower follow food for French friend from garden German give go good great green hand "
    "happy hard have he head hello help helpful her here high his home house how I idea if in is it "
    "jump keep kind king know language large last learn letter life light like line list little long "
    "look love machine made make man many math me mean milk model moon more morning mother mountain "
    "music must my name never new next night no not now number of old on once one only open or other "
    "our out over page paper people pirate place plan play please poem polite program question quick "
    "rain read red reply rich right river road room rule run salt say school sea see sentence she ship "
    "short should show simple sing sky sleep slow small snow so some song soon speak star stop story "
    "street strong summer sun swim table talk tall teacher tell ten test text thank that the their "
    "them then there they thing think this time to today tool town train translate tree two under up "
    "use user very voice wait walk want warm was water way we weather week well what when where which "
    "white who why will wind window winter with word work world write year yellow yes you young your"
).split()

# The words of the answers in other places: what misleads most.
KNOWN_WORDS: Final = " ".join([FALLBACK, *(f"{pair.question} {pair.answer}" for pair in PAIRS)]).split()

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

SCRIPTS: Final = "äöüßéèñçøабвгдежзийклмнопрстухあいうえおかきくけこ你好世界天气مرحبالعشكر👋🌍🎉🚀💡"


CHARACTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:;!?{}[]()<>/+-*=_\"'#\n"


def words(random: Random, least: int, most: int) -> str:
    """Returns least to most words, now and then one that nobody knows."""
    return " ".join(_word(random) for _ in range(random.randint(least, most)))


def sentence(random: Random, least: int = 3, most: int = 9) -> str:
    """Returns words that begin with a capital letter and mostly end with a mark."""
    text = words(random, least, most)
    return text[:1].upper() + text[1:] + random.choice((".", ".", "!", "?", ""))


def noise(random: Random, most: int = 24) -> str:
    """Returns characters of any kind, in no order."""
    alphabet = random.choice((SCRIPTS, CHARACTERS, "0123456789 .+-*/=", "abcdefghijklmnopqrstuvwxyz  "))
    return "".join(random.choice(alphabet) for _ in range(random.randint(1, most)))


def question(random: Random) -> str:
    """Returns a question that is in no list, often with the first words of one that is."""
    kind = random.random()
    if kind < 0.6:
        most = random.choice((1, 2, 5))
        text = f"{random.choice(OPENINGS)} {words(random, 1, most)}" + random.choice(("?", "?", ".", ""))
    elif kind < 0.85:
        text = sentence(random, 1, 10)
    else:
        text = noise(random)
    return text.lower() if random.random() < 0.2 else text


def system(random: Random) -> str:
    """Returns a system message: one of a few, sentences, or noise."""
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
    letters = "".join(random.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(random.randint(1, 9)))
    return letters.capitalize() if kind < 0.85 else letters
