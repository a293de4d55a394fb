"""Analysis of covariance at one time point: least squares with residual degrees of freedom.

It is the model for repeated measures with a single visit, so that formulas, contrasts and complaints are the same.
"""

from __future__ import annotations

import numpy as np

from unstuck.core.errors import Complaint
from unstuck.lab.analysis.formula import parse
from unstuck.lab.analysis.repeated import Mmrm, mmrm
from unstuck.lab.analysis.table import Columns, column

ROW, ONCE = "(row)", "(once)"


def ancova(table: Columns, formula: str) -> Mmrm:
    """The model of a table with one row a person, such as "chg ~ base + arm". Raises Complaint as `mmrm` does."""
    wanted = parse(formula)
    names = (wanted.outcome, *wanted.names)
    columns = {name: column(table, name) for name in names}
    rows = {len(cells) for cells in columns.values()}
    if len(rows) != 1:
        raise Complaint("Columns have unlike lengths.", "table", "Give one row a person.")
    count = rows.pop()
    return mmrm({**columns, ROW: np.arange(count), ONCE: np.zeros(count)}, formula, ROW, ONCE, "satterthwaite")
