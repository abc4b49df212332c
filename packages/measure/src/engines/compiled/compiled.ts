// Models of rows of features (trees, linear models, small networks) as JavaScript and WebAssembly that are written for the one model, when
// it is opened. Nothing native is called: a prediction costs what its comparisons and additions do.
import type { Trees } from '@whyslow/compile/shipped/compiled.mjs'
import type { Availability, Engine, Session } from '../types.ts'

/** Trees of model-trees.mjs, which `fix` ships as a file: here as a module without one. */
const load = async (source: string): Promise<Trees> =>
  ((await import(`data:text/javascript,${encodeURIComponent(source)}`)) as { default: Trees }).default

const available = async (): Promise<Availability> => ({
  ok: true,
  version: process.versions.v8.replace(/-.*/, ''),
  device: 'cpu',
  deviceKind: 'cpu',
  from: process.execPath,
  accelerators: [],
  configuration: {},
})

/** What reads and compiles is loaded now: processes that measure other engines start without it. */
async function open(modelFile: string): Promise<Session> {
  const [{ readModel }, { compilableOf }, { chooseForm }, { compileModule, openProgram }, { openAnswers }] = await Promise.all([
    import('@whyslow/formats/index.ts'),
    import('@whyslow/compile/read/index.ts'),
    import('@whyslow/compile/choose.ts'),
    import('@whyslow/compile/shipped/compiled.mjs'),
    import('./answers.ts'),
  ])
  const found = compilableOf(await readModel(modelFile))
  if (!found.ok) throw new Error(`it cannot be compiled: ${found.reason}`)
  const { compilable } = found
  const { program, module, trees } = await chooseForm(compilable.model, { now: () => performance.now(), load })
  const functions = trees === undefined ? null : await load(trees)
  return openAnswers(compilable, openProgram(program, module === null ? null : compileModule(module), functions))
}

export const compiled: Engine = {
  id: 'compiled',
  title: 'Trees, linear models and small networks as JavaScript and WebAssembly of their own',
  formats: ['onnx', 'xgboost', 'lightgbm', 'catboost', 'skops'],
  runs: 'source',
  package: 'whyslow',
  runtime: 'compiled code on V8',
  offers: ['synchronous', 'compiled-while-running', 'generated'],
  available,
  open,
}
