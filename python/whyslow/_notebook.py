"""`%load_ext whyslow`: the cell magic `%%whyslow` and the line magic `%whyslow`.

A cell is measured as `whyslow pipeline` measures a program, in processes of its own, which have no variables of the notebook (_cells.py).
"""

from __future__ import annotations

import json
import os
import shlex
import tempfile
from pathlib import Path
from typing import Any, Optional, Union

from ._cells import FUNCTION, program
from ._command import WhyslowError, run
from ._documents import Check, Comparison, Report

HELP = '%whyslow MODEL [flags] measures a model; %%whyslow [flags] on the first line of a cell measures the cell'


def load(ipython: Any) -> None:
    def whyslow(line: str, cell: Optional[str] = None) -> Any:
        try:
            return measured(line) if cell is None else measured_cell(ipython, line, cell)
        except WhyslowError as error:
            # One line, without a traceback through this package.
            print(f'whyslow: {error}')
            return None

    ipython.register_magic_function(whyslow, magic_kind='line_cell', magic_name='whyslow')


def measured(line: str) -> Union[Report, Comparison, Check]:
    words = shlex.split(line)
    if not words:
        raise WhyslowError(HELP)
    document = run(words, {})
    kinds = {'whyslow-comparison': Comparison, 'whyslow-check': Check}
    return kinds.get(str(document.get('schema')).split('/')[0], Report).of(document)


def measured_cell(ipython: Any, line: str, cell: str) -> Report:
    transformed = ipython.input_transformer_manager.transform_cell
    # The last one is this cell.
    before = [transformed(source) for source in ipython.user_ns.get('In', [])[:-1] if source.strip()]
    text = program(transformed(cell), before, ipython.user_ns)
    with tempfile.TemporaryDirectory(prefix='whyslow-cell-') as folder:
        file = Path(folder, 'cell.py')
        file.write_text(text, 'utf-8')
        # Modules next to the notebook can be imported.
        path = os.pathsep.join(one for one in (os.getcwd(), os.environ.get('PYTHONPATH')) if one)
        document = run(['pipeline', str(file), f'--call={FUNCTION}', *shlex.split(line)], {}, {'PYTHONPATH': path})
        return Report.of(_of_the_cell(document, folder))


def _of_the_cell(document: Any, folder: str) -> Any:
    """Without the temporary folder, which is gone: lines are of cell.py."""
    return json.loads(json.dumps(document).replace(json.dumps(folder + os.sep)[1:-1], ''))
