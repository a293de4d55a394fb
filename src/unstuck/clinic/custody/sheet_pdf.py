"""The day sheet as a PDF, for the folder that an inspector opens. Drawn by reportlab; no figure is made here."""

from __future__ import annotations

from functools import partial
from io import BytesIO

from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from unstuck.clinic.custody.amounts import said
from unstuck.clinic.custody.letters import letters, shown
from unstuck.clinic.custody.sheet import DaySheet, Line, LotDay

_STYLES = getSampleStyleSheet()
_SMALL = ParagraphStyle("small", parent=_STYLES["Normal"], fontSize=8, leading=10)
_WIDTHS = [14 * mm, 70 * mm, 20 * mm, 24 * mm, 34 * mm, 35 * mm, 35 * mm, 35 * mm]
_GRID = TableStyle(
    [
        ("GRID", (0, 0), (-1, -1), 0.4, colors.black),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("ALIGN", (3, 0), (4, -1), "RIGHT"),
        ("BACKGROUND", (0, 0), (-1, 1), colors.whitesmoke),
        ("SPAN", (0, 0), (-1, 0)),
        ("NOSPLIT", (0, -2), (-1, -1)),
        ("FONTSIZE", (0, 0), (-1, -1), 8),
    ]
)


def pdf(sheet: DaySheet, site: str) -> bytes:
    """The sheet as the bytes of a PDF: one table a lot, then what is open and where two people sign."""
    file = BytesIO()
    title = _("Day sheet of the drug stock")
    edges = dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), 15 * mm)
    page = SimpleDocTemplate(file, pagesize=landscape(A4), title=title, author=site, **edges)
    facts = {"site": site, "location": sheet.location, "day": f"{sheet.on:%d %b %Y}"}
    parts: list[Flowable] = [
        Paragraph(shown(title), _STYLES["Title"]),
        Paragraph(shown(_("%(site)s, location %(location)s, %(day)s") % facts), _STYLES["Normal"]),
        Spacer(1, 5 * mm),
    ]
    for lot in sheet.lots:
        parts += _of_lot(lot)
    if not sheet.lots:
        parts.append(Paragraph(shown(_("Nothing is kept here, and nothing moved.")), _STYLES["Normal"]))
    parts.append(KeepTogether(_end(sheet)))
    foot = partial(_foot, letters(_("%(site)s, location %(location)s, %(day)s") % facts))
    page.build(parts, onFirstPage=foot, onLaterPages=foot)
    return file.getvalue()


def _of_lot(lot: LotDay) -> list[Flowable]:
    head = (
        f"{lot.drug} {lot.mg_per_unit} mg/{lot.unit}, {_('lot')} {lot.code} ({lot.label}), {_('to')} {lot.expires_on}"
    )
    columns = (_("Time"), _("What"), _("No."), _("Change"), _("Balance"), _("Course"), _("By"), _("Second person"))
    begin = ["", _("Opening balance"), "", "", _both(lot, lot.opening), "", "", ""]
    end = ["", _("Closing balance"), "", "", _both(lot, lot.left), "", "", ""]
    rows = [list(columns), begin, *(_row(line) for line in lot.lines), end]
    cells = [[Paragraph(shown(cell), _SMALL) for cell in row] for row in rows]
    title = [Paragraph(shown(head), _STYLES["Heading4"]), *[""] * (len(columns) - 1)]
    return [Table([title, *cells], colWidths=_WIDTHS, repeatRows=2, style=_GRID), Spacer(1, 6 * mm)]


def _row(line: Line) -> list[str]:
    people = [line.course, line.actor, line.witness]
    return [f"{line.at:%H:%M}", line.what, line.containers, line.change, line.balance, *people]


def _both(lot: LotDay, parts: int) -> str:
    return f"{said(lot.form, parts)} ({lot.mg(parts)} mg)"


def _end(sheet: DaySheet) -> list[Flowable]:
    still = _("Drawings not accounted for: %(n)s. Open discrepancies: %(d)s.") % {
        "n": sheet.open_drawings,
        "d": sheet.open_discrepancies,
    }
    proof = _("Derived from %(n)s entries of the ledger; the last has the hash %(hash)s.") % {
        "n": sheet.entries,
        "hash": sheet.tip or "-",
    }
    line = "_" * 38
    return [
        Spacer(1, 4 * mm),
        Paragraph(shown(still), _STYLES["Normal"]),
        Paragraph(shown(proof), _SMALL),
        Spacer(1, 12 * mm),
        Table([[line, line], [shown(_("First person")), shown(_("Second person"))]], colWidths=[90 * mm, 90 * mm]),
    ]


def _foot(words: str, canvas: Canvas, _page: SimpleDocTemplate) -> None:
    """Every page says what it is a page of."""
    canvas.setFont("Helvetica", 8)
    canvas.drawString(15 * mm, 8 * mm, words)
    canvas.drawRightString(landscape(A4)[0] - 15 * mm, 8 * mm, str(canvas.getPageNumber()))
