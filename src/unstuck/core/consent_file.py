"""The blocks of a consent from their TOML file: complaints name file, line and remedy."""

from __future__ import annotations

from dataclasses import fields
from functools import cache

from unstuck.core.consent import Around, Block, Confirmed, ConsentBlocks, Figure, Only, Take
from unstuck.core.library_file import library_root
from unstuck.core.toml_table import Table, read_toml
from unstuck.core.tongue import ENGLISH, ENGLISH_CODE, Tongue


def load_consent(key: str = "treatment", language: str = "en") -> ConsentBlocks:
    """The library's blocks of that consent. Raises Complaints."""
    name = f"consent/{key}_{language}.toml"
    return parse_consent((library_root() / name).read_text(encoding="utf-8"), name)


def languages(key: str = "treatment") -> tuple[str, ...]:
    """The languages in which the library has that consent, English first."""
    found = sorted(path.stem.removeprefix(f"{key}_") for path in (library_root() / "consent").glob(f"{key}_*.toml"))
    return (ENGLISH_CODE, *(one for one in found if one != ENGLISH_CODE))


@cache
def load_tongue(language: str) -> Tongue:
    """The words of that language for what a consent quotes. Raises Complaints."""
    if language == ENGLISH_CODE:
        return ENGLISH
    name = f"consent/words_{language}.toml"
    table = read_toml((library_root() / name).read_text(encoding="utf-8"), name)
    told, words = table.text("language"), {}
    for inner in table.tables("words"):
        words[inner.value("en", required=True)] = inner.text("here")
        inner.finish()
    table.finish()
    table.notes.refuse()
    return Tongue(told, words)


def parse_consent(text: str, where: str) -> ConsentBlocks:
    """The blocks that a TOML text describes. Raises Complaints with every fault and its line."""
    table = read_toml(text, where)
    blocks = ConsentBlocks(
        key=table.key(),
        version=table.text("version"),
        language=table.text("language"),
        figures=tuple(_figure(inner) for inner in table.tables("figure")),
        blocks=tuple(_block(inner) for inner in table.tables("block")),
        confirm=tuple(_confirmed(inner) for inner in table.tables("confirm")),
        around=_around(table),
    )
    table.finish()
    table.notes.refuse()
    return blocks


def _around(table: Table) -> Around:
    said = {}
    for inner in table.tables("around"):
        said[inner.key()] = inner.text("words")
        inner.finish()
    for name in (field.name for field in fields(Around) if field.name not in said):
        table.say(None, f"There is no [[around]] {name!r}.", "Add it with its `words`.")
    return Around(**{field.name: said.get(field.name, "") for field in fields(Around)})


def _figure(table: Table) -> Figure:
    figure = Figure(table.key(), table.text("study", ""), table.text("claim", ""), table.choice("take", Take))
    if bool(figure.claim) != (figure.take is Take.SAYS) or bool(figure.study) == bool(figure.claim):
        table.say("take", f"The figure {figure.key!r} needs a study, or a claim that says something.")
    table.finish()
    return figure


def _block(table: Table) -> Block:
    block = Block(table.key(), table.text("title"), table.text("text"), table.choice("only", Only, Only.ALL))
    table.finish()
    return block


def _confirmed(table: Table) -> Confirmed:
    confirmed = Confirmed(table.key(), table.text("words"))
    table.finish()
    return confirmed
