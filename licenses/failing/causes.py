"""The cause of a problem: a fingerprint that all problems of one kind and one wording share, whoever they hit."""

import hashlib
import re

LONGEST = 2000  # characters of a problem's words that are looked at
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|'[^']{2,}'|\([^)]*\)")
_NAME = re.compile(r"[A-Z][a-z]+('s)?")  # within a sentence: of somebody or something
_SENTENCE_ENDS = (".", "!", "?", ":")
_TRIMMED = ".,;:!?()[]“”\"'"
_LINKS = frozenset({"and", "or", "of"})  # between what was taken out they only count how much it was


def cause_of(kind: str, text: str, vendor_says: str = "") -> str:
    """The fingerprint of a problem: 16 hexadecimal digits; "" where there is no problem."""
    if not kind:
        return ""
    words = f"{kind}\n{normalised(text)}\n{normalised(vendor_says)}"
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def normalised(text: str) -> str:
    """The words that all problems of one cause have: without numbers, times, keys, addresses, paths and names."""
    kept: list[str] = []
    begins = True
    for word in _QUOTED.sub(" # ", text[:LONGEST]).split():
        bare = word.strip(_TRIMMED)
        kept.append("#" if _is_particular(bare, begins=begins) else bare.casefold())
        begins = word.endswith(_SENTENCE_ENDS)
    return " ".join(_folded(kept))


def _is_particular(word: str, *, begins: bool) -> bool:
    """Whether a word tells one failure from another of the same cause."""
    if any(sign.isdigit() for sign in word) or any(sign in word for sign in "/@.:\\_=#"):
        return True
    return not begins and _NAME.fullmatch(word) is not None


def _folded(words: list[str]) -> list[str]:
    """However many things are listed, they are one."""
    folded: list[str] = []
    for number, word in enumerate(words):
        after = words[number + 1] if number + 1 < len(words) else ""
        is_in_list = folded[-1:] == ["#"] and (word == "#" or (word in _LINKS and after == "#"))
        if word and not is_in_list:
            folded.append(word)
    return folded
