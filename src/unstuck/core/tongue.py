"""Our sentences in another language: each by its English words to the letter, so that a changed one has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from unstuck.core.errors import Complaint

ENGLISH_CODE = "en"


class NotTranslated(Complaint):
    """A sentence has no words in that language."""


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language, with the words for each English sentence; English needs none."""

    language: str = ENGLISH_CODE
    words: Mapping[str, str] = field(default_factory=dict)

    def say(self, sentence: str, **filled: object) -> str:
        """The sentence in this language, with its braces filled. Raises NotTranslated."""
        said = sentence if self.language == ENGLISH_CODE else self.words.get(sentence)
        if said is None:
            raise NotTranslated(
                f"There are no words in {self.language!r} for: {sentence}",
                f"consent/words_{self.language}.toml",
                "Add them to that file.",
            )
        return said.format(**filled) if filled else said


ENGLISH = Tongue()
