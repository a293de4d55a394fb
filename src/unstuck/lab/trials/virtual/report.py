"""The report of a run: summary.json, and one HTML page that needs no other file, no script and no foreign host."""

from __future__ import annotations

import json
import os
from html import escape
from pathlib import Path
from typing import Any

from unstuck.core.trial import Truth
from unstuck.lab.trials.virtual.drawing import estimates_svg, readings_svg, sweep_svg
from unstuck.lab.trials.virtual.patients_told import patients_html
from unstuck.lab.trials.virtual.texts import Texts, write_texts
from unstuck.lab.trials.virtual.tradeoff import choices, section
from unstuck.lab.trials.virtual.words import MEANS, percent, share_words

SUMMARY, REPORT = "summary.json", "report.html"
FOLDER = "reports"  # below a clinic's data folder: one folder a protocol, named by its hash
SHORT = {
    Truth.DRAWN.value: "effect drawn",
    Truth.PUBLISHED.value: "effect as published",
    Truth.NULL.value: "no difference",
    Truth.FOOLED.value: "belief alone",
}
ENGINE = (
    "batched: every person walked through the protocol, many at once; REML in closed form where nobody returns after a "
    "gap, else by Newton's method"
)
NONE = "none"
OPEN = 3  # designs of a sweep that are shown at once; more of them fold their plots away
Told = dict[str, Any]


def write_report(told: Told, out: Path, texts: Texts) -> Path:
    """Writes summary, page and texts beside the rows; returns the page."""
    write_texts(texts, out)
    _write(out / SUMMARY, json.dumps(told, indent=1, sort_keys=True) + "\n")
    _write(out / REPORT, report_html(told, texts))
    return out / REPORT


def place_report(told: Told, home: Path, texts: Texts) -> list[Path]:
    """Copies the page to where a clinic with this data folder lists it: beside each arm's protocol, by its hash."""
    name = f"{told['run']['hash'][:16]}.html"
    places = [home / FOLDER / found / name for found in sorted(set(told["run"]["protocols"].values()))]
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        _write(place, report_html(told, texts))
    return places


def _write(path: Path, text: str) -> None:
    made = path.with_name(f".{path.name}.part")
    made.write_text(text, encoding="utf-8")
    os.replace(made, path)


def report_html(told: Told, texts: Texts) -> str:
    """The whole page; the same text for the same summary and texts."""
    cells = "".join(_cell(cell, told) for cell in told["cells"])
    middle = [_sweep(told), section(told), cells] if len(told["cells"]) > 1 else [cells, section(told)]
    parts = [
        _head(told),
        *middle,
        patients_html(told["patients"]),
        _estimand(told),
        _limits(told),
        _assumed(told),
        _repeat(told, texts),
    ]
    title = f"Simulated: {escape(told['title'])}"
    page = "".join(parts)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><main>{page}</main></body></html>\n"
    )


def _head(told: Told) -> str:
    made = f"{escape(told['note'])} The patients are {escape(told['patients']['model'])}."
    return (
        f'<p class="simulated">{made}</p><h1>{escape(told["title"])}</h1><p class="lede">{escape(told["question"])}</p>'
    )


def _sweep(told: Told) -> str:
    """The sweep at a glance, where there is one."""
    if len(told["cells"]) < 2:
        return ""
    fields = ", ".join(told["cells"][0]["values"])
    rows = [(f"{c.number}:  {_values(cell)}", c.works) for c, cell in zip(choices(told), told["cells"], strict=True)]
    figure = sweep_svg(rows)
    words = f"Share of trials read as working, with its exact interval; the line is at 80 %. Rows: {escape(fields)}."
    return f"<section><h2>Over the sweep</h2><figure>{figure}<figcaption>{words}</figcaption></figure></section>"


def _values(cell: Told) -> str:
    """What was set in a cell, without the names of the fields."""
    return ", ".join(str(value).replace("_", " ") for value in cell["values"].values())[-26:]


def _primary(cell: Told) -> list[tuple[str, Told]]:
    """Scenarios of the primary analysis with their words: what is true, and the arm where there are several."""
    found = [one for one in cell["scenarios"] if one["primary"]]
    several = len({one["arm"] for one in found}) > 1
    return [(SHORT[one["truth"]] + (f": {one['arm']}" if several else ""), one) for one in found]


def _cell(cell: Told, told: Told) -> str:
    verdict = cell["verdict"]
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in verdict["reasons"])
    stands = "".join(
        f"<li>The effect of arm {escape(key)} was published without counts and is taken as it stands.</li>"
        for key in cell["taken_as_it_stands"]
    )
    head = escape(cell["words"] or f"{cell['size']} people")
    kind = "can" if verdict["can_tell"] else "cannot"
    inside = f"{_figures(cell, told)}{_table(cell)}"
    if len(told["cells"]) > OPEN:
        inside = f"<details><summary>Plots and numbers</summary>{inside}</details>"
    return (
        f'<section><h2>{head}</h2><p class="verdict {kind}">This design {escape(verdict["words"])}.</p>'
        f"<ul>{reasons}{stands}</ul>{inside}</section>"
    )


def _figures(cell: Told, told: Told) -> str:
    primary = _primary(cell)
    readable = [(words, one["readings"]) for words, one in primary if one["readings"]]
    scored = [(words, one) for words, one in primary if one["quantiles"] and one["unit"] == "points"]
    parts = []
    if readable:
        words = "How trials are read, belief granted its strongest effect: works (green), cannot tell (grey), worse."
        parts.append(f"<figure>{readings_svg(readable)}<figcaption>{words}</figcaption></figure>")
    if scored:
        words = (
            "Estimates, active minus control: the bar holds the middle 90 %, the dot is the median. Stroke: true "
            "difference as seen. Diamond: by the drug alone. Left of the line is better."
        )
        unit = f"{told['design']['outcome']}, points"
        parts.append(f"<figure>{estimates_svg(scored, unit)}<figcaption>{words}</figcaption></figure>")
    return "".join(parts)


def _table(cell: Told) -> str:
    looked = any(one["ended_at"] for one in cell["scenarios"])
    rows = [_row(one, looked) for one in cell["scenarios"]]
    head = "".join(f'<th scope="col">{name}</th>' for name in rows[0])
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    return f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cells(row: dict[str, str]) -> str:
    first, *others = (escape(text) for text in row.values())
    return f'<th scope="row">{first}</th>' + "".join(f"<td>{text}</td>" for text in others)


def _row(one: Told, looked: bool) -> dict[str, str]:
    """What stands under each head, for one analysis under what is true."""
    bias = one["bias"]
    ends = {
        "People": NONE if one["randomised"] is None else f"{one['randomised']:.0f}",
        "Ended at look": "; ".join(f"{k}: {percent(found)}" for k, found in enumerate(one["ended_at"], 1)) or NONE,
    }
    return {
        "What is true": MEANS[one["truth"]],
        "Analysis": one["analysis"].replace("_", " "),
        "Arm": one["arm"],
        "Succeeds": share_words(one["success"]),
        "Read as works": share_words(one["readings"]["works"]) if one["readings"] else NONE,
        "As worse": share_words(one["readings"]["worse"]) if one["readings"] else NONE,
        "True value": _true_value(one),
        "Bias": f"{bias['mean']:+.2f} (MC SE {bias['mc_se']:.2f})" if bias and bias["mean"] is not None else NONE,
        "Coverage": share_words(one["coverage"]) if one["coverage"] else NONE,
        "Missing": NONE if one["missing"] is None else f"{100 * one['missing']:.1f} %",
        **(ends if looked else {}),
        "No answer": str(one["no_answer"]),
    }


def _true_value(one: Told) -> str:
    """The true value with its unit; the median of the estimates where there is none."""
    if one["true_seen"] is not None:
        return f"{one['true_seen']:+.2f} {one['unit']}"
    return f"none; median {one['quantiles'][2]:+.2f} {one['unit']}" if one["quantiles"] else NONE


def _estimand(told: Told) -> str:
    """What is estimated; where there are several questions, each with the analyses that follow it."""
    return "<section><h2>What is estimated</h2>" + "".join(_question(each) for each in told["estimands"]) + "</section>"


def _question(estimand: Told) -> str:
    events = "".join(
        f"<li>{escape(name.replace('_', ' '))}: {escape(how.replace('_', ' '))}</li>"
        for name, how in estimand["events"].items()
    )
    named = f"<h3>{escape(estimand['key'].replace('_', ' ').capitalize())}</h3>" if estimand["key"] else ""
    by = ", ".join(f"{key.replace('_', ' ')} ({method})" for key, method in estimand["analyses"].items())
    failure = estimand["failure_change"]
    fails = "" if failure is None else f" Failure stands as a change of {failure:g} from baseline."
    return (
        f"{named}<p>{escape(estimand['summary'])} {escape(estimand['population'])} "
        f"Variable: {escape(estimand['variable'])}.{fails} Analysed by: {escape(by) or 'nothing'}.</p><ul>{events}</ul>"
    )


def _limits(told: Told) -> str:
    items = "".join(f"<li>{escape(limit)}</li>" for limit in (*told["limits"], *ALWAYS))
    return f"<section><h2>What this cannot show</h2><ul>{items}</ul></section>"


ALWAYS = (
    "Belief is bounded by an assumed figure. A real trial should ask its people what they believe, and when.",
    "No figure here is advice on treatment.",
)


def _assumed(told: Told) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(f["name"])}</th><td>{f["value"]:g} {escape(f["unit"])}</td>'
        f"<td>{escape(_bounds(f))}</td><td>{escape(f['note'] or f['source'])}</td></tr>"
        for f in told["assumed"]
    )
    return (
        f"<section><h2>Assumed figures</h2><details><summary>{len(told['assumed'])} figures that nobody measured"
        f'</summary><div class="scroll" tabindex="0"><table><tbody>{rows}</tbody></table></div></details></section>'
    )


def _bounds(figure: Told) -> str:
    return "" if figure["low"] is None or figure["high"] is None else f"{figure['low']:g} to {figure['high']:g}"


def _repeat(told: Told, texts: Texts) -> str:
    """Everything that is needed to make the same files again."""
    run = told["run"]
    command = (
        f"unstuck trial {run['design']}.toml --reps {run['reps']} --seed {run['seed']} --chunk {run['chunk']} --out DIR"
    )
    facts = {
        "Command": command,
        "Run": run["hash"],
        "Design": f"{run['design']} {run['design_version']}, {run['design_hash']}",
        "Protocols": "; ".join(f"{key} {found}" for key, found in sorted(run["protocols"].items())),
        "Engine": ENGINE,
        "Code": f"unstuck {run['version']}, {run['code']}",
    }
    rows = "".join(f"<dt>{name}</dt><dd>{escape(str(value))}</dd>" for name, value in facts.items())
    whole = "".join(
        f'<details><summary>{escape(name)}</summary><pre tabindex="0">{escape(text)}</pre></details>'
        for name, text in texts.items()
    )
    return f"<section><h2>To repeat it</h2><dl>{rows}</dl>{whole}</section>"


STYLE = """
:root{--ink:#1d2329;--soft:#5b6670;--paper:#fff;--line:#d4dadf;--works:#1b6e5a;--tell:#b9c2c9;--worse:#a3402f;
--main:#245a9c;--warn:#7a4a00;--warn-paper:#fff4dc}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaed;--soft:#a3adb5;--paper:#14181c;--line:#39424a;--works:#3fa98c;
--tell:#56616a;--worse:#d4705d;--main:#7fb0ea;--warn:#ffd68a;--warn-paper:#33270d}}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:76rem;margin:0 auto;padding:1.5rem}p,ul,figure,dl{max-width:60rem}
.simulated{background:var(--warn-paper);color:var(--warn);padding:.6rem .9rem;border-radius:.4rem;font-weight:600}
h1{line-height:1.2;margin:.6rem 0}.lede{font-size:1.15rem;color:var(--soft)}
section{border-top:1px solid var(--line);margin-top:1.5rem;padding-top:.5rem}
.verdict{font-size:1.2rem;font-weight:700}.verdict.can{color:var(--works)}.verdict.cannot{color:var(--warn)}
figure{margin:1rem 0}figcaption{color:var(--soft);font-size:.9rem}svg{width:100%;max-width:46rem;height:auto}
svg text{fill:var(--ink);font:13px system-ui,sans-serif}
svg .label{text-anchor:end}svg .tick{text-anchor:middle;fill:var(--soft)}
.axis,.zero{stroke:var(--soft);fill:none}.zero{stroke-dasharray:4 4}
.works{fill:var(--works)}.cannot_tell{fill:var(--tell)}.worse{fill:var(--worse)}
svg .on-works,svg .on-worse{fill:var(--paper);text-anchor:middle}svg .on-cannot_tell{text-anchor:middle}
.range{stroke:var(--main);stroke-width:3}.middle{fill:var(--main)}.seen{stroke:var(--ink);stroke-width:2}
.thin{stroke:var(--main);stroke-width:1.5;opacity:.6}.beaten{fill:var(--paper);stroke:var(--main);stroke-width:2}
.caption{color:var(--soft);font-size:.9rem}.drug{fill:var(--paper);stroke:var(--ink);stroke-width:2}
@media (max-width:40rem){figure{overflow-x:auto}svg{min-width:32rem}}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem}
tbody th{min-width:9rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line)}
dt{font-weight:600}dd{margin:0 0 .5rem;overflow-wrap:anywhere}pre{overflow:auto;font-size:.8rem}
"""
