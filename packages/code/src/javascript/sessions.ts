// What the models that the user's code opened are asked, and how long they take: the facts of each session.
import { availableParallelism } from 'node:os'
import type { SessionFact, ValueFact } from '../facts.ts'
import { type OpenedModel, watchEngines, whenDone } from '../turns/engine-calls.ts'
import type { Feeds, Handle } from './instead-of-sessions.ts'
import { callerPlace, callers, type StackPlace } from './stack.ts'
import { valueFact } from './values.ts'

interface Entry extends Omit<OpenedModel, 'open' | 'run'> {
  opened: StackPlace | null
  /** Opened while predictions ran. */
  opens: number
  ran: StackPlace | null
  ranThrough: readonly StackPlace[]
  runs: number
  runMs: number
  concurrent: number
  open: number
  inputs: readonly ValueFact[]
  stage: number | null
}

/** Frames that are kept. */
const CALLERS = 4
/** Most feeds that are kept of one prediction. */
const MOST_ASKED = 256

/** Watches from now on. `stage`: which one runs. */
export class Sessions {
  private readonly entries: Entry[] = []
  private predicting = false
  private asking = false
  private readonly handles = new Map<Entry, Handle>()
  tf: { memory(): { numTensors: number; numBytes: number } } | null = null

  private readonly stage: () => number | null

  constructor(stage: () => number | null) {
    this.stage = stage
    watchEngines<Entry>({
      loaded: (found) => {
        if (typeof found.memory === 'function' && found.Tensor !== undefined) this.tf = found
      },
      opening: callerPlace,
      opened: (model, opened) => this.opened(model, opened as StackPlace | null),
      run: (one, given, run) => this.noteRun(one, given, run),
    })
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

  private opened({ open, run, ...model }: OpenedModel, opened: StackPlace | null): Entry {
    const one: Entry = {
      ...model,
      opened,
      // Models of TensorFlow.js are seen when they run first.
      opens: this.predicting && model.openMs !== null ? 1 : 0,
      ran: null,
      ranThrough: [],
      runs: 0,
      runMs: 0,
      concurrent: 0,
      open: 0,
      inputs: [],
      stage: null,
    }
    this.entries.push(one)
    // Sessions that are opened again for each prediction are not to be kept by this.
    if (open !== undefined && run !== undefined && (this.asking || !this.predicting)) {
      const handle = { opened, ran: null, reopened: this.asking, asked: [] }
      this.handles.set(one, { ...handle, open, run: run as Handle['run'] })
    }
    return one
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
    return whenDone(run, () => {
      one.open--
      one.runMs += performance.now() - start
    })
  }
}

function inputsOf(feeds: unknown): readonly ValueFact[] {
  const own = valueFact(feeds)
  if (own.kind === 'tensor' || own.kind === 'typed-array') return [own]
  if (Array.isArray(feeds)) return feeds.slice(0, 8).map(valueFact)
  return typeof feeds === 'object' && feeds !== null ? Object.values(feeds).slice(0, 8).map(valueFact) : []
}
