// Engines at work inside the user's code: their packages' shared classes are patched when the user's code loads them, so that what it
// imported by whatever name is what is looked at. Several copies of a package are each patched.
import Module from 'node:module'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import type { SessionFact, ValueFact } from '../facts.ts'
import { onLoaded } from '../turns/loaded.ts'
import type { Feeds, Handle } from './instead-of-sessions.ts'
import { calledFrom, callers, type StackPlace } from './stack.ts'
import { valueFact } from './values.ts'

interface Entry {
  engine: string
  version: string | null
  modelFile: string | null
  modelBytes: number | null
  opened: StackPlace | null
  openMs: number | null
  threads: number | null
  device: string | null
  /** Opened while predictions ran. */
  opens: number
  ran: StackPlace | null
  ranThrough: readonly StackPlace[]
  method: string
  runs: number
  runMs: number
  concurrent: number
  open: number
  inputs: readonly ValueFact[]
  stage: number | null
}

// biome-ignore lint/suspicious/noExplicitAny: shapes of packages that are the user's
type Anything = any
type Method = (...given: unknown[]) => unknown

/** Frames that are kept. */
const CALLERS = 4
/** Of one prediction. */
const MOST_ASKED = 256

/** Watches from now on. `stage`: which one runs. */
export class Sessions {
  private readonly entries: Entry[] = []
  private readonly patched = new WeakSet<object>()
  private predicting = false
  private asking = false
  private readonly handles = new Map<Entry, Handle>()
  tf: { memory(): { numTensors: number; numBytes: number } } | null = null

  private readonly stage: () => number | null

  constructor(stage: () => number | null) {
    this.stage = stage
    onLoaded(/onnxruntime|tensorflow|tfjs|litert/, (found, request) => this.patch(found, request))
  }

  /** Sessions that are opened from here on are opened while predicting. */
  beginPredictions(): void {
    this.predicting = true
    for (const one of this.entries) Object.assign(one, { runs: 0, runMs: 0, opens: 0 })
  }

  /** What is asked of sessions of onnxruntime in `prediction`, kept so that it can be asked in another way. Nothing is kept before and after. */
  async asked(prediction: () => Promise<unknown>): Promise<readonly Handle[]> {
    this.asking = true
    await prediction()
    this.asking = false
    const handles = [...this.handles].map(([{ ran }, handle]) => ({ ...handle, ran }))
    this.handles.clear()
    return handles
  }

  facts(predictions: number, stages: readonly string[]): SessionFact[] {
    const used = this.merged().filter(({ runs, opens }) => runs > 0 || opens > 0)
    return used.map(({ runs, runMs, opens, concurrent, open: _, stage, ...one }) => ({
      ...one,
      stage: stage === null ? null : (stages[stage] ?? null),
      runsPerPrediction: runs / predictions,
      runMs: runMs / predictions,
      opensPerPrediction: opens / predictions,
      concurrentRuns: concurrent,
    }))
  }

  /** Threads that sessions were told to use, of those that ran; without a word an engine takes as many as there are cores. */
  threads(): {
    readonly threads: number
    readonly usableCpus: number
    readonly pools: readonly { name: string; threads: number }[]
  } {
    const usableCpus = availableParallelism()
    const ran = this.merged().filter(({ runs }) => runs > 0)
    const pools = ran.map(({ engine, threads }) => ({ name: engine, threads: threads ?? usableCpus }))
    return { threads: Math.max(1, ...pools.map(({ threads }) => threads)), usableCpus, pools }
  }

  /** Sessions of one place and model are one: they were opened again and again. */
  private merged(): Entry[] {
    const byKey = new Map<string, Entry>()
    for (const one of this.entries) {
      const key = `${one.engine} ${one.modelFile} ${one.opened?.file}:${one.opened?.line}`
      const before = byKey.get(key)
      if (before === undefined) byKey.set(key, { ...one })
      else {
        before.runs += one.runs
        before.runMs += one.runMs
        before.opens += one.opens
        before.concurrent = Math.max(before.concurrent, one.concurrent)
        if (before.ran === null) Object.assign(before, { ran: one.ran, ranThrough: one.ranThrough })
        before.stage ??= one.stage
        if (before.inputs.length === 0) before.inputs = one.inputs
      }
    }
    return [...byKey.values()]
  }

  private patch(found: Anything, request: string): void {
    if (typeof found !== 'object' || found === null || this.patched.has(found)) return
    this.patched.add(found)
    try {
      if (found.InferenceSession?.create !== undefined) this.patchOnnxruntime(found, request)
      if (typeof found.memory === 'function' && found.Tensor !== undefined) this.tf = found
      for (const name of ['LayersModel', 'GraphModel'] as const)
        if (found[name]?.prototype !== undefined) this.patchTfjs(found[name].prototype, found)
      if (typeof found.loadAndCompile === 'function') this.patchOpener(found, 'loadAndCompile', 'litert.js')
    } catch {
      // What cannot be patched is not recognised.
    }
  }

  private entry(engine: string, given: Partial<Entry>): Entry {
    const one: Entry = {
      engine,
      version: null,
      modelFile: null,
      modelBytes: null,
      opened: null,
      openMs: null,
      threads: null,
      device: null,
      opens: this.predicting ? 1 : 0,
      ran: null,
      ranThrough: [],
      method: 'run',
      runs: 0,
      runMs: 0,
      concurrent: 0,
      open: 0,
      inputs: [],
      stage: null,
      ...given,
    }
    this.entries.push(one)
    return one
  }

  private patchOnnxruntime(found: Anything, request: string): void {
    const kind = found.InferenceSession
    if (this.patched.has(kind)) return
    this.patched.add(kind)
    const create = kind.create as Method
    const version = versionOf(request)
    kind.create = async (...given: unknown[]) => {
      const opened = calledFrom()
      const start = performance.now()
      const session = (await create.apply(kind, given)) as Anything
      const [model] = given
      const options = (given.find((one) => typeof one === 'object' && one !== null && !ArrayBuffer.isView(one)) ?? {}) as Anything
      const one = this.entry('onnxruntime', {
        version,
        opened,
        openMs: performance.now() - start,
        modelFile: typeof model === 'string' ? path.resolve(model) : null,
        modelBytes: ArrayBuffer.isView(model) ? model.byteLength : null,
        threads: typeof options.intraOpNumThreads === 'number' ? options.intraOpNumThreads : null,
        device: deviceOf(options.executionProviders),
      })
      const run = session.run as Handle['run']
      // Those that are opened anew for each prediction are not to be kept by this.
      if (this.asking || !this.predicting) {
        const handle = { opened, ran: null, reopened: this.asking, asked: [] }
        const open = async () => (await create.apply(kind, given)) as Anything
        this.handles.set(one, { ...handle, open, run: (feeds) => run.call(session, feeds) })
      }
      this.watchRun(session, 'run', one)
      return session
    }
  }

  private patchOpener(holder: Anything, name: string, engine: string): void {
    const open = holder[name] as Method
    holder[name] = async (...given: unknown[]) => {
      const opened = calledFrom()
      const start = performance.now()
      const model = (await open.apply(holder, given)) as Anything
      const file = typeof given[0] === 'string' ? given[0] : null
      this.watchRun(model, 'run', this.entry(engine, { opened, openMs: performance.now() - start, modelFile: file }))
      return model
    }
  }

  private patchTfjs(prototype: Anything, { version }: Anything): void {
    if (this.patched.has(prototype)) return
    this.patched.add(prototype)
    const byModel = new WeakMap<object, Entry>()
    for (const name of ['predict', 'execute', 'executeAsync', 'predictOnBatch']) {
      const method = prototype[name] as Method | undefined
      if (typeof method !== 'function') continue
      const { noteRun } = this
      const sessions = this
      prototype[name] = function (this: object, ...given: unknown[]) {
        let one = byModel.get(this)
        if (one === undefined) {
          one = sessions.entry('tfjs', { version: version?.tfjs ?? version?.['tfjs-core'] ?? null, method: name, opens: 0 })
          byModel.set(this, one)
        }
        // predict calls execute: the outermost counts.
        if (one.open > 0) return method.apply(this, given)
        return noteRun.call(sessions, one, given, () => method.apply(this, given))
      }
    }
  }

  private watchRun(session: Anything, name: string, one: Entry): void {
    const run = session[name] as Method
    session[name] = (...given: unknown[]) => this.noteRun(one, given, () => run.apply(session, given))
  }

  private note(one: Entry, [feeds]: readonly unknown[]): void {
    const handle = this.asking ? this.handles.get(one) : undefined
    if (handle !== undefined && handle.asked.length < MOST_ASKED) handle.asked.push(feeds as Feeds)
  }

  private noteRun(one: Entry, given: readonly unknown[], run: () => unknown): unknown {
    if (one.ran === null) {
      const [ran = null, ...through] = callers(CALLERS)
      Object.assign(one, { ran, ranThrough: through })
    }
    one.stage ??= this.stage()
    if (one.inputs.length === 0) one.inputs = inputsOf(given[0])
    this.note(one, given)
    one.runs++
    one.open++
    one.concurrent = Math.max(one.concurrent, one.open)
    const start = performance.now()
    const done = () => {
      one.open--
      one.runMs += performance.now() - start
    }
    let result: unknown
    try {
      result = run()
    } catch (error) {
      done()
      throw error
    }
    if (result instanceof Promise) result.then(done, done)
    else done()
    return result
  }
}

function inputsOf(feeds: unknown): readonly ValueFact[] {
  const own = valueFact(feeds)
  if (own.kind === 'tensor' || own.kind === 'typed-array') return [own]
  if (Array.isArray(feeds)) return feeds.slice(0, 8).map(valueFact)
  return typeof feeds === 'object' && feeds !== null ? Object.values(feeds).slice(0, 8).map(valueFact) : []
}

function deviceOf(providers: unknown): string {
  const [first] = Array.isArray(providers) ? providers : []
  const name = typeof first === 'string' ? first : ((first as Anything)?.name ?? 'cpu')
  return String(name)
}

/** Of the package that a path leads into; null where none tells. */
function versionOf(request: string): string | null {
  try {
    const require = Module.createRequire(process.argv[1] ?? import.meta.url)
    const name = /node_modules[\\/](@[^\\/]+[\\/][^\\/]+|[^\\/]+)[\\/](?!.*node_modules)/.exec(request)?.[1] ?? request
    return (require(`${name}/package.json`) as { version?: string }).version ?? null
  } catch {
    return null
  }
}
