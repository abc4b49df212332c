// Other set-ups of the server at a rate at which requests wait: the same arrivals are sent to them, and then to the set-up of the command
// once more, since a machine may have changed meanwhile.
import { InputError } from '@whyslow/graph/input-error.ts'
import type { LoadAlternative, LoadDocument, LoadPoint, LoadSetup } from '@whyslow/report/documents/load.ts'
import { partOf } from '../../load/facts.ts'
import { openModelTarget } from './model-target.ts'
import type { OpenedTarget } from './opened-target.ts'
import type { LoadOptions } from './options.ts'
import type { Plan } from './plan.ts'
import { remeasure } from './remeasure.ts'

/** Share of the latency of the slowest hundredth: below it, a server waits for nothing that another set-up would give. */
const WAITING_SHARE = 1 / 3
export interface OtherSetup {
  readonly workers: number
  readonly threads: number | null
  /** auto: as many as pay by what predictions of several cost. */
  readonly maxBatch: number | 'auto'
}

export interface Alternatives {
  readonly alternatives: readonly LoadAlternative[]
  /** What was not tried, and why. */
  readonly notes: readonly string[]
}

/** The highest rate at which requests wait and the server keeps up, else the lowest at which it does not; null: nobody waits. */
export function waitingPoint(points: readonly LoadPoint[]): LoadPoint | null {
  const waits = points.filter((point) => {
    if (point.offeredPerSecond === null) return false
    const queue = partOf(point, 'queue')
    return point.saturated || (queue !== null && queue.slowestMs > WAITING_SHARE * point.parts!.slowest.latencyMs)
  })
  const keepsUp = waits.findLast(({ saturated }) => !saturated)
  return keepsUp ?? waits[0] ?? null
}

/** The other way to share the CPUs, and joining requests or not. */
export function otherSetups({ workers, threadsPerWorker, maxBatch, engine }: LoadSetup, cpus: number): readonly OtherSetup[] {
  if (engine === null) return []
  const split = workers === 1 ? { workers: cpus, threads: 1 } : { workers: 1, threads: cpus }
  return [
    { workers, threads: threadsPerWorker, maxBatch: maxBatch === 1 ? 'auto' : 1 },
    ...(cpus === 1 ? [] : [{ ...split, maxBatch }]),
  ]
}

interface Trying {
  /** The point of the command. */
  readonly before: LoadPoint
  readonly others: readonly OtherSetup[]
  /** A run with another set-up, null: that of the command. Throws InputError if the model cannot be served so. */
  readonly run: (other: OtherSetup | null) => Promise<{ readonly setup: LoadSetup; readonly point: LoadPoint }>
}

/** Each of the others, and then the command's own once more. */
export async function tryAlternatives({ before, others, run }: Trying): Promise<Alternatives> {
  const tried: { setup: LoadSetup; point: LoadPoint }[] = []
  const notes: string[] = []
  for (const other of others) {
    try {
      tried.push(await run(other))
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      notes.push(`not tried: ${error.problem}`)
    }
  }
  if (tried.length === 0) return { alternatives: [], notes }
  const { point: after } = await run(null)
  return { alternatives: tried.map(({ setup, point }) => ({ setup, before, point, after })), notes }
}

export interface AlternativesContext {
  readonly file: string
  readonly opened: OpenedTarget
  readonly plan: Plan
  readonly options: LoadOptions
  /** Temporary. */
  readonly folder: string
}

/** The document with other set-ups, where requests wait at a rate that was requested. */
export async function withAlternatives(document: LoadDocument, around: AlternativesContext): Promise<LoadDocument> {
  const { points, setup, machine, search } = document
  const { options, opened, plan, file, folder } = around
  const before = search === null && options.alternatives ? waitingPoint(points) : null
  if (before === null || setup === null) return document
  const runOn = (target: OpenedTarget) => remeasure(before, target, { plan, options })
  const run = async (other: OtherSetup | null) => {
    options.onProgress?.({ stage: other === null ? 'as it was, again' : inWords(other), done: 0, of: 1 })
    if (other === null) return { setup, point: await runOn(opened) }
    const batchDelayMs = other.maxBatch === 'auto' || other.maxBatch === 1 ? 0 : options.batchDelayMs
    const target = await openModelTarget(file, { ...options, ...other, batchDelayMs }, folder)
    try {
      const alone = target.setup!.whyAlone ?? null
      if (other.maxBatch === 'auto' && alone !== null) throw new InputError(`joining requests: ${alone}`)
      return { setup: target.setup!, point: await runOn(target) }
    } finally {
      target.close()
    }
  }
  const { alternatives, notes } = await tryAlternatives({ before, others: otherSetups(setup, machine.usableCpus), run })
  return { ...document, alternatives, warnings: [...document.warnings, ...notes] }
}

const inWords = ({ workers, threads, maxBatch }: OtherSetup): string =>
  `--workers ${workers}${threads === null ? '' : ` --threads ${threads}`} --max-batch ${maxBatch}`
