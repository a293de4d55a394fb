"""The blocks of a consent from their TOML file: complaints name file, line and remedy."""

from __future__ import annotations

from unstuck.core.consent import Block, Confirmed, ConsentBlocks, Figure, Only, Take
from unstuck.core.library_file import library_root
from unstuck.core.toml_table import Table, read_toml


def load_consent(key: str = "treatment", language: str = "en") -> ConsentBlocks:
    """The library's blocks of that consent. Raises Complaints."""
    name = f"consent/{key}_{language}.toml"
    return parse_consent((library_root() / name).read_text(encoding="utf-8"), name)


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
    )
    table.finish()
    table.notes.refuse()
    return blocks


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
