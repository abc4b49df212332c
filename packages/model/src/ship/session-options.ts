// The engine's options as the user's own code gives them: as an object in Node, as lines of Python. Node takes configuration
// entries nested under `extra`, with strings as values; Python has attributes of SessionOptions and add_session_config_entry:
// https://onnxruntime.ai/docs/api/python/api_summary.html#sessionoptions
import { compiledEnds } from '@whyslow/compile/read/ends.ts'
import { sessionOptions } from '@whyslow/measure/engines/onnxruntime/ort-options.ts'
import type { EngineOptions } from '@whyslow/measure/engines/types.ts'
import { compilableFor, compiledOptions } from './compiled-files.ts'
import { installLine, keyOf, LIBRARIES } from './libraries.ts'
import type { ShipPlan } from './plan.ts'
import { quotePython } from './python-text.ts'

type Shipped = Pick<ShipPlan, 'setup' | 'engine' | 'inputs' | 'outputs' | 'serving' | 'backends'>

/** What predict.mjs reads from options.json, and the manifest repeats; `serving` is for `whyslow serve`. */
export const shippedOptions = (shipped: Shipped): Readonly<Record<string, unknown>> => ({
  ...engineOptions(shipped),
  ...(shipped.serving === undefined ? {} : { serving: shipped.serving }),
})

function engineOptions({ setup, engine, inputs, outputs, backends = [] }: Shipped) {
  const { options } = setup
  const { library, id, version, precision } = engine
  if (engine.generated) {
    const compiled = compiledOptions(compilableFor(setup.model))
    return { compiled: { ...compiled, ...(backends.length > 0 && { backends }) } }
  }
  if (library === undefined)
    return {
      session: sessionOptions(options),
      reuseOutputs: options.reuseOutputs === true,
      directCall: options.directCall === true,
      ...(engine.cut === undefined ? {} : { ends: endsOptions({ setup, engine, inputs, outputs }) }),
    }
  const { device, properties } = library
  return {
    [keyOf(library)]: {
      engine: id,
      version,
      precision,
      device,
      properties,
      inputs: inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      outputs: outputs.filter(({ isTensor }) => isTensor).map(({ name }) => name),
      install: installLine(library, version),
    },
  }
}

function endsOptions({ setup, engine, inputs, outputs }: Shipped) {
  const { head, tail } = compiledEnds(setup.model, engine.cut!)
  return {
    ...(head && { head: compiledOptions(head) }),
    ...(tail && { tail: compiledOptions(tail) }),
    inputs: inputs.map(({ name }) => name),
    outputs: outputs.filter(({ isTensor }) => isTensor).map(({ name }) => name),
  }
}

/** The file options.json. */
export const optionsText = (plan: Shipped): string => `${JSON.stringify(shippedOptions(plan), null, 2)}\n`

const PYTHON_LEVEL = {
  disabled: 'ORT_DISABLE_ALL',
  basic: 'ORT_ENABLE_BASIC',
  extended: 'ORT_ENABLE_EXTENDED',
  all: 'ORT_ENABLE_ALL',
} as const satisfies Record<EngineOptions['graphOptimization'], string>

/** Entries that Python has as attributes, and how their values are written there. */
const PYTHON_ATTRIBUTES: Readonly<Record<string, 'switch' | 'number'>> = {
  'session.enable_cpu_mem_arena': 'switch',
  'session.enable_mem_pattern': 'switch',
  'session.use_deterministic_compute': 'switch',
  'session.intra_op_num_threads': 'number',
  'session.inter_op_num_threads': 'number',
}

/** Lines of Python that open `modelFile` with the same options: six, and one for each further option. */
export function pythonLines({ setup: { options }, engine: { library } }: Shipped, modelFile: string): string[] {
  if (library !== undefined) return [...LIBRARIES[library.name].python(library, modelFile)]
  return [
    'import onnxruntime as ort',
    'options = ort.SessionOptions()',
    `options.graph_optimization_level = ort.GraphOptimizationLevel.${PYTHON_LEVEL[options.graphOptimization]}`,
    `options.execution_mode = ort.ExecutionMode.ORT_${options.executionMode.toUpperCase()}`,
    ...(options.threads === null ? [] : [`options.intra_op_num_threads = ${options.threads}`]),
    ...Object.entries(options.configEntries).map(([key, value]) => pythonEntry(key, value)),
    `session = ort.InferenceSession(${quotePython(modelFile)}, options, providers=['CPUExecutionProvider'])`,
  ]
}

function pythonEntry(key: string, value: string): string {
  const kind = PYTHON_ATTRIBUTES[key]
  const attribute = key.slice(key.indexOf('.') + 1)
  if (kind === 'switch' && /^[01]$/.test(value)) return `options.${attribute} = ${value === '1' ? 'True' : 'False'}`
  if (kind === 'number' && /^\d+$/.test(value)) return `options.${attribute} = ${value}`
  return `options.add_session_config_entry(${quotePython(key)}, ${quotePython(value)})`
}
