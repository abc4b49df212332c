// The shipped folder's Python module in the user's own Python, in turns with the library that opens the user's file there: processes of both
// alternate, timed by Python's own clock, and outputs are compared with that library's and with those of the same folder in Node.
import fs from 'node:fs'
import path from 'node:path'
import { entriesForModel, modelForEngine } from '@whyslow/command/model-files/model-for-engine.ts'
import type { Run } from '@whyslow/command/run.ts'
import { fileForEngine } from '@whyslow/graph/model.ts'
import { describeEngine } from '@whyslow/measure/describe-engine.ts'
import { engines } from '@whyslow/measure/engines/index.ts'
import { type BackendFrom, pythonBackend } from '@whyslow/measure/engines/python/python-folder.ts'
import { isInPython } from '@whyslow/measure/engines/python/python-session.ts'
import type { ShippedFolder } from '@whyslow/measure/engines/shipped-folder.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { type Agreement, compareOutputs, verdict } from '@whyslow/measure/outputs/index.ts'
import { outputsTask } from '@whyslow/measure/outputs/outputs-task.ts'
import { findInterpreter, probeInterpreter, pythonEnvironment } from '@whyslow/measure/python/interpreter.ts'
import { loadInputs } from '@whyslow/measure/samples/saved.ts'
import { measurePaired } from '@whyslow/measure/timing/paired.ts'
import { trialLimits } from '@whyslow/measure/trials/limits.ts'
import { type ModelTask, modelTask } from '@whyslow/measure/trials/model-task.ts'
import { reasonInWords } from '@whyslow/measure/trials/port.ts'
import type { ReportPython } from '@whyslow/report/documents/report-fix.ts'
import { hasPythonModule, optionsText, pythonNeeds, type ShipPlan, writePythonModule } from '../../ship/index.ts'
import { agreementRow } from './fix-report.ts'
import type { FixOptions } from './options.ts'

const SAMPLE_MS = 200
const PAIRS = 5
const LEAST = { warmup: 2, samples: 3 } as const
/** Slower ones would take minutes: it was proven in Node. */
const LONGEST_MS = 2000
/** Python imports TensorFlow, or a compiler builds the folder's C. */
const START_MS = 60_000

export interface PythonProof {
  readonly report: ReportPython
  /** What predicts with a model that is code, proven in turns; none: as the module itself decides. */
  readonly backends: readonly BackendFrom[]
}

/** `shipped`: the folder as Node tried it; null: it was not. undefined: the folder has no Python module. Never throws, but for an aborted signal. */
export async function proveInPython(
  run: Run,
  options: FixOptions,
  plan: ShipPlan,
  shipped: ShippedFolder | null,
): Promise<PythonProof | undefined> {
  const backends: BackendFrom[] = []
  const report = await proved(run, options, plan, { shipped, backends })
  return report && { report, backends }
}

async function proved(
  run: Run,
  options: FixOptions,
  plan: ShipPlan,
  { shipped, backends }: { readonly shipped: ShippedFolder | null; readonly backends: BackendFrom[] },
): Promise<ReportPython | undefined> {
  if (!hasPythonModule(plan)) return undefined
  if (shipped === null || plan.preprocessing !== undefined || plan.setup.batchFactor !== 1)
    return unmeasured('it takes other inputs than were measured')
  if (run.inputs.firstLook.predictionMs > LONGEST_MS)
    return unmeasured(`a prediction takes longer than ${LONGEST_MS / 1000} s, and was proven in Node`)
  const found = findInterpreter({ named: options.python, beside: process.cwd() }, pythonEnvironment())
  if (!found.ok) return unmeasured(`${found.reason}; ${found.fix}`)
  const modules = pythonNeeds(plan.engine)
  const probed = await probeInterpreter(found.interpreter, { modules, distributions: [] }, options.signal)
  if (!probed.ok) return unmeasured(`${probed.reason}; ${probed.fix}`)
  const missing = modules.filter((name) => probed.has[name] !== true)
  const { version, executable: python } = probed
  if (missing.length > 0)
    return {
      ...unmeasured(`Python ${version} (${python}) has no ${missing.join(', no ')}: pip install -r requirements.txt`),
      version,
    }
  run.progress({ stage: 'the Python module', done: 0, of: 1 })
  await writePythonModule(plan, shipped.folder)
  const opened = plan.engine.generated
    ? await pythonBackend(shipped.folder, python, options.signal)
    : { ok: true as const, backend: modules.at(-1)!, backends: [] }
  if (!opened.ok) return leftOut(version, `it does not open: ${opened.reason}`)
  backends.push(...opened.backends)
  // It is measured as it will be shipped.
  if (backends.length > 0) fs.writeFileSync(path.join(shipped.folder, 'options.json'), optionsText({ ...plan, backends }))
  return measured(run, options, { ...shipped, python }, { version, runs: backendsText(backends) ?? opened.backend })
}

/** 'c', 'c, wasmtime from 128 rows on'; null: nothing was timed. */
const backendsText = (backends: readonly BackendFrom[]): string | null =>
  backends.length === 0
    ? null
    : backends.map(({ from, backend }) => (from === 1 ? backend : `${backend} from ${from} rows on`)).join(', ')

const leftOut = (version: string | null, why: string): ReportPython => ({ ...unmeasured(why), version, leftOut: why })

const unmeasured = (reason: string): ReportPython => ({
  version: null,
  runs: null,
  own: null,
  beforeMs: null,
  afterMs: null,
  speedup: null,
  speedupLow: null,
  speedupHigh: null,
  agreement: null,
  sameAsNode: null,
  reason,
})

async function measured(
  run: Run,
  options: FixOptions,
  shipped: Required<ShippedFolder>,
  about: Pick<ReportPython, 'version' | 'runs'>,
): Promise<ReportPython> {
  const { trials, inputs, folder } = run
  const limits = { ...run.limits, startMs: START_MS }
  const task = modelTask(options.engine, fileForEngine(run.model), run.engineOptions, inputs.saved)
  const module = { ...task, shipped }
  const { python: _, ...inNode } = shipped
  const outputsOf = async (name: string, from: ModelTask): Promise<readonly Feeds[] | string> => {
    const asked = { ...from, outputFolder: path.join(folder, `outputs-python-${name}`) }
    const trial = await trials.run(outputsTask, asked, trialLimits(limits, 1000))
    return trial.outcome === 'measured' ? loadInputs(trial.value.saved) : reasonInWords(trial)
  }
  const own = await ownTask(run, options, shipped.python)
  const given = await outputsOf('module', module)
  if (typeof given === 'string') return leftOut(about.version, `it does not predict: ${given}`)
  const [node, before] = [await outputsOf('node', { ...task, shipped: inNode }), own && (await outputsOf('own', own.task))]
  const compared = (base: readonly Feeds[] | string | null) =>
    base === null || typeof base === 'string' ? null : compareOutputs(...common(base, given), { graph: run.graph })
  const [toOwn, toNode] = [compared(before), compared(node)]
  const agreements = { agreement: toOwn && agreementRow(toOwn), sameAsNode: toNode && agreementRow(toNode) }
  const result = { ...unmeasured(''), ...about, ...agreements, reason: null }
  const fault =
    faultOf(toNode, 'the folder in Node', options) ??
    // What may be lost was judged in Node, and a library may give other shapes.
    (options.maxLoss === null && toOwn?.mismatch === null ? faultOf(toOwn, own!.id, options) : null)
  if (fault !== null) return { ...result, reason: fault, leftOut: fault }
  if (own === null)
    return { ...result, reason: `no library in this Python opens a model of the format ${run.model.source.format}` }
  const sampling = { sampleMs: SAMPLE_MS, least: LEAST }
  const { predictionMs, loadMs } = inputs.firstLook
  const sides = { base: { ...own.task, ...sampling }, changed: { ...module, ...sampling } }
  const pairs = { run: trials.run, ...sides, pairs: PAIRS, threads: inputs.threadsInUse }
  const trial = await measurePaired(pairs, trialLimits(limits, SAMPLE_MS + loadMs, predictionMs))
  if (trial.outcome !== 'measured') return { ...result, own: own.id, reason: reasonInWords(trial) }
  const { baseMs, changedMs, ratio, ratioLow, ratioHigh } = trial.value
  const times = { beforeMs: baseMs, afterMs: changedMs, speedup: 1 / ratio, speedupLow: 1 / ratioHigh, speedupHigh: 1 / ratioLow }
  return { ...result, own: own.id, ...times }
}

/** Why the module is not as good as what it is compared with; null: it is, or nothing was compared. */
function faultOf(agreement: Agreement | null, other: string, { maxLoss }: FixOptions): string | null {
  if (agreement === null) return null
  const { ok, reason } = verdict(agreement, maxLoss === null ? 'rounding' : 'approximate', maxLoss)
  return ok ? null : `its outputs are not those of ${other}: ${reason}`
}

/** The library that opens the user's file in Python; null: none is installed. */
async function ownTask({ trials, model, folder, engineOptions, inputs }: Run, options: FixOptions, python: string) {
  for (const one of engines.filter((one) => isInPython(one) && one.formats.includes(model.source.format))) {
    const here = await describeEngine(trials.run, one.id, { packageFrom: null, python }, options.signal)
    if (!here.ok) continue
    const file = fileForEngine(await modelForEngine(model, one.id, folder))
    const task = modelTask(
      one.id,
      file,
      { ...engineOptions, configEntries: entriesForModel(model, one.id), python },
      inputs.saved,
    )
    return { id: one.id, task }
  }
  return null
}

/** The outputs that both give: a library gives predictions alone, where a graph that is made of its file has margins, too. */
function common(a: readonly Feeds[], b: readonly Feeds[]): [readonly Feeds[], readonly Feeds[]] {
  const names = Object.keys(a[0] ?? {}).filter((name) => Object.hasOwn(b[0] ?? {}, name))
  const only = (feeds: readonly Feeds[]) => feeds.map((one) => Object.fromEntries(names.map((name) => [name, one[name]!])))
  return [only(a), only(b)]
}
