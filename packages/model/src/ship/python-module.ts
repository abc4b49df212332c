// What Python imports of a shipped folder: predict.py with its types, the package around it and what it needs installed. It opens the model with
// the engine and options that were proven, as predict.mjs does in Node.
import type { DType } from '@whyslow/graph/types.ts'
import { isVersion } from '@whyslow/graph/version.ts'
import type { InputDeclaration } from '@whyslow/measure/engines/types.ts'
import { LIBRARIES } from './libraries.ts'
import { modelFileOf } from './model-file.ts'
import type { ShipPlan } from './plan.ts'
import { quotePython } from './python-text.ts'
import { pythonLines } from './session-options.ts'

type PythonPlan = Pick<ShipPlan, 'setup' | 'engine' | 'inputs' | 'outputs' | 'toolVersion'>
/** What a model that is code needs of it. */
export type CompiledPythonPlan = Pick<ShipPlan, 'inputs' | 'outputs' | 'toolVersion'>

/** NumPy's name of each element type that it has. */
const NUMPY: Partial<Record<DType, string>> = {
  float32: 'float32',
  float64: 'float64',
  float16: 'float16',
  int8: 'int8',
  int16: 'int16',
  int32: 'int32',
  int64: 'int64',
  uint8: 'uint8',
  uint16: 'uint16',
  uint32: 'uint32',
  uint64: 'uint64',
  bool: 'bool_',
  string: 'object_',
}

const ONNXRUNTIME = 'onnxruntime'
/** What runs compiled models if there is no compiler. */
const WASMTIME = 'wasmtime'
const PREDICTS = 'return lambda feeds: session.run(OUTPUTS, feeds)'
/** Lines that import what runs programs, and read the options. */
const RUNNER = [
  '# By its path, so that two such folders do not share a module.',
  "spec = importlib.util.spec_from_file_location(f'{__name__}_compiled', FOLDER / 'compiled.py')",
  'compiled = importlib.util.module_from_spec(spec)',
  'spec.loader.exec_module(compiled)',
  "options = json.loads((FOLDER / 'options.json').read_text('utf-8'))",
]
/** What predicts if parts of the model are code. */
const ENDS = [...RUNNER, "return compiled.open_ends(FOLDER, options['ends'], session, backend)"]

/** Whether Python can predict with the folder: NumPy has the types of its inputs, and no proof failed. Each engine that is shipped has a package there or is code. */
export const hasPythonModule = ({ inputs, leavesPythonOut }: Pick<ShipPlan, 'inputs' | 'leavesPythonOut'>): boolean =>
  leavesPythonOut === undefined && inputs.every(({ dtype }) => numpyOf(dtype) !== undefined)

/** The modules that predict.py imports; the last is its engine's. */
export const pythonNeeds = ({ generated, library }: ShipPlan['engine']): readonly string[] =>
  generated
    ? ['numpy']
    : ['numpy', library === undefined ? ONNXRUNTIME : importedBy(LIBRARIES[library.name].python(library, '')[0]!)]

/** The package of a line such as 'import openvino as ov'. */
const importedBy = (line: string): string => /^(?:import|from) (\w+)/.exec(line)![1]!

const numpyOf = (dtype: DType | null): string | undefined => (dtype === null ? undefined : NUMPY[dtype])

/** predict.py. `text`: the code that is the same in every folder. */
export function pythonModule(plan: PythonPlan, text: string): string {
  const { engine, toolVersion } = plan
  if (engine.generated) return compiledModule(plan, text)
  const file = modelFileOf(engine)
  const [importLine, ...opening] = pythonLines(plan, file)
  const run =
    engine.cut !== undefined ? ENDS : engine.library === undefined ? [PREDICTS] : LIBRARIES[engine.library.name].pythonRun
  const lines = [
    `"""Predictions of ${file} with ${engine.library?.name ?? ONNXRUNTIME}, as README.md says. Written by whyslow ${toolVersion}."""`,
    ...(engine.cut === undefined ? [] : ['import importlib.util', 'import json']),
    ...(engine.library === undefined ? ['import os', 'import sys'] : ['import sys', 'import threading']),
    'from pathlib import Path',
    '',
    'import numpy as np',
    '',
    ...(engine.library === undefined
      ? ['# onnxruntime sends usage data from Linux otherwise.', "os.environ.setdefault('ORT_DISABLE_TELEMETRY', '1')", '']
      : []),
    ...declarations(plan, file),
    `def _open(file${engine.cut === undefined ? '' : ', backend=None'}):`,
    '    try:',
    `        ${importLine}`,
    '    except ImportError as error:',
    `        raise ImportError(f'{error}: pip install -r {FOLDER / "requirements.txt"}') from error`,
    ...[...opening.map((line) => line.replace(quotePython(file), 'file')), ...run].map((line) =>
      line === '' ? '' : `    ${line}`,
    ),
  ]
  return `${lines.join('\n')}\n${text}`
}

/** predict.py of a model that is code. */
export function compiledModule(plan: CompiledPythonPlan, text: string): string {
  const lines = [
    `"""Predictions with the program of model.json, as README.md says. Written by whyslow ${plan.toolVersion}."""`,
    'import importlib.util',
    'import json',
    'import sys',
    'from pathlib import Path',
    '',
    'import numpy as np',
    '',
    ...declarations(plan, 'model.json'),
    'def _open(file, backend=None):',
    ...[...RUNNER, "return compiled.open_compiled(FOLDER, options['compiled'], backend)"].map((line) => `    ${line}`),
  ]
  return `${lines.join('\n')}\n${text}`
}

const declarations = ({ inputs, outputs }: CompiledPythonPlan, file: string): readonly string[] => [
  'FOLDER = Path(__file__).resolve().parent',
  `MODEL_FILE = ${quotePython(file)}`,
  '# By name, in the order that the model declares.',
  `INPUTS = {${inputs.map(({ name, dtype }) => `${quotePython(name)}: np.dtype(np.${numpyOf(dtype)})`).join(', ')}}`,
  `OUTPUTS = [${outputs
    .filter(({ isTensor }) => isTensor)
    .map(({ name }) => quotePython(name))
    .join(', ')}]`,
  '',
  '',
]

/** What makes a package of the folder, if its name is one that Python can import. */
export const pythonPackage = (toolVersion: string): string =>
  `# Written by whyslow ${toolVersion}.\nfrom .predict import Model, load\n\n__all__ = ['Model', 'load']\n`

/** requirements.txt: the engine in the version that was measured, if that is known. */
export function pythonRequirements({ engine: { library, version, generated, cut } }: Pick<PythonPlan, 'engine'>): string {
  if (generated) return COMPILED_REQUIREMENTS
  const pinned = isVersion(version) ? `==${version}` : ''
  const engine =
    library === undefined ? `${ONNXRUNTIME}${pinned}` : LIBRARIES[library.name].install(version)[0]!.replace('pip install ', '')
  return `${engine}\n${cut === undefined ? 'numpy\n' : COMPILED_REQUIREMENTS}`
}

/** Needed where there is no compiler; NumPy alone predicts, too, slowly. */
export const COMPILED_REQUIREMENTS = `numpy\n${WASMTIME}  # if there is no C compiler\n`

/** predict.pyi: the types of the model's own inputs and outputs. */
export function pythonTypes({ inputs, outputs, toolVersion }: CompiledPythonPlan, isCompiled: boolean): string {
  const backend = isCompiled ? "*, backend: Literal['c', 'wasmtime', 'numpy'] | None = ..." : ''
  const keywords = inputs.filter(({ name }) => IDENTIFIER.test(name) && !KEYWORDS.has(name))
  const table = (members: readonly InputDeclaration[]) =>
    `{${members.map((one) => `${quotePython(one.name)}: ${arrayText(one.dtype)}`).join(', ')}}`
  const named = keywords.map(({ name, dtype }) => `, ${name}: ${arrayText(dtype)} = ...`).join('')
  return `# Types of predict.py. Written by whyslow ${toolVersion}.
from collections.abc import Mapping
from typing import Any, ${isCompiled ? 'Literal, ' : ''}TypedDict

import numpy as np
from numpy.typing import NDArray

Outputs = TypedDict('Outputs', ${table(outputs.filter(({ isTensor }) => isTensor))})

class Model:
    backend: str | None
    def predict(self, feeds: Mapping[str, Any] | None = ..., /${named === '' ? '' : `, *${named}`}) -> Outputs: ...
    def __call__(self, *values: Any, **named: Any) -> Any: ...
    def eval(self) -> Model: ...
    def as_module(self) -> Any: ...
    def close(self) -> None: ...
    def __enter__(self) -> Model: ...
    def __exit__(self, *_: object) -> None: ...

def load(${backend}) -> Model: ...
`
}

/** Lines that predict once with zeros of the shapes that were measured, else of the declared ones with 1 for free sizes. */
export function pythonExample({ inputs, outputs, report }: Pick<ShipPlan, 'inputs' | 'outputs' | 'report'>): string[] {
  const fed = new Map(report.model?.inputs.map(({ name, shape }) => [name, shape]))
  const first = outputs.find(({ isTensor }) => isTensor)?.name
  return [
    'import numpy as np',
    'from predict import load',
    '',
    'model = load()',
    'outputs = model.predict({',
    ...inputs.map(({ name, dtype, shape }) => {
      const sizes = fed.get(name) ?? shape?.map((size) => (typeof size === 'number' ? size : 1)) ?? []
      return `    ${quotePython(name)}: np.zeros(${tupleText(sizes)}, np.${numpyOf(dtype)}),`
    }),
    '})',
    first === undefined ? 'print(outputs)' : `print(outputs[${quotePython(first)}].shape)`,
  ]
}

const tupleText = (sizes: readonly number[]): string => `(${sizes.join(', ')}${sizes.length === 1 ? ',' : ''})`

const arrayText = (dtype: DType | null): string => `NDArray[np.${numpyOf(dtype) ?? 'generic'}]`

const IDENTIFIER = /^[A-Za-z_]\w*$/
const KEYWORDS: ReadonlySet<string> = new Set(
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return self try while with yield'.split(
    ' ',
  ),
)
