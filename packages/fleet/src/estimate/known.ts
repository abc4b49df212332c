// How well estimates did on machines that are known: every report of a model estimated from every other machine that has it.
import { machineKey } from '@whyslow/measure/machine/key.ts'
import { median } from '@whyslow/measure/statistics/index.ts'
import type { ReportDocument, ReportMachine } from '@whyslow/report/documents/report.ts'
import type { SavedReport } from '@whyslow/report/documents/saved-report.ts'
import { familyOf } from '../study/machine-class.ts'
import { rowKey } from '../study/study.ts'
import { estimate } from './estimate.ts'

/** Below, an interval would be of too few. */
export const LEAST_PAIRS = 4
/** The share of truths that an interval is to hold. */
const HELD = 0.8

export interface KnownPair {
  /** The logarithm of the measured over the estimated. */
  readonly error: number
  readonly families: string
  readonly threads: ThreadChange
}

/** Whether the other set-up has more threads: how well a model spreads over them is told by no roof. */
export type ThreadChange = 'fewer' | 'as many' | 'more'

export function threadChange(from: number | undefined, to: number | undefined): ThreadChange {
  if (from === undefined || to === undefined || from === to) return 'as many'
  return to < from ? 'fewer' : 'more'
}

/** The setup's own identity: the machine's facts and the threads the engine was told. */
const setupOf = ({ machine, engine }: ReportDocument): string => `${machineKey(machine)} ${engine?.options.threads ?? ''}`

/** Threads that it was measured with: those named, else those of its roofs. undefined: engines with kernels of their own have no roofs. */
export const threadsOf = ({ engine, machine }: ReportDocument): number | undefined =>
  engine?.options.threads ?? machine.roofs[0]?.threads

export const familiesOf = (from: ReportMachine, to: Pick<ReportMachine, 'isa'>): string =>
  `${familyOf(from) ?? 'unknown'} to ${familyOf(to) ?? 'unknown'}`

/** Whether there is something to scale: times of nodes, and roofs. */
export const canScale = ({ profile, nodes, machine }: ReportDocument): boolean =>
  profile !== null && nodes.length > 0 && machine.roofs.length > 0

/** All pairs of reports of one engine that have the same model and inputs on two setups. */
export function knownPairs(reports: readonly ReportDocument[], engineId: string): KnownPair[] {
  const usable = reports.filter((report) => canScale(report) && report.engine?.id === engineId)
  return usable.flatMap((from) =>
    usable.flatMap((to) => {
      if (setupOf(from) === setupOf(to) || rowKey(from) !== rowKey(to)) return []
      const { p50Ms } = estimate(from as SavedReport, to.machine)
      return [
        {
          error: Math.log(to.latency!.p50Ms / p50Ms),
          families: familiesOf(from.machine, to.machine),
          threads: threadChange(threadsOf(from), threadsOf(to)),
        },
      ]
    }),
  )
}

export interface Spread {
  /** What was measured over what was estimated, in the middle; 1 if the threads are as many. */
  readonly bias: number
  /** Up and down from there. */
  readonly factor: number
  /** Once the bias is taken out. */
  readonly medianError: number
  readonly pairs: number
  /** They are of the change of threads in question. */
  readonly isAlike: boolean
}

/**
 * `pairs`: between families of processors as these. From those whose threads changed as these do, else from all: by how much the estimate missed the truth in the median, and the factor
 * up and down from there that held the truth as often as HELD, by the rank that also counts the one to come (split conformal prediction: Vovk,
 * Gammerman, Shafer, Algorithmic Learning in a Random World, 2005). null: too few pairs.
 */
export function spreadOf(pairs: readonly KnownPair[], change: ThreadChange): Spread | null {
  const like = pairs.filter(({ threads }) => threads === change)
  const enough = like.length >= LEAST_PAIRS
  const judged = enough ? like : pairs
  // Each pair of as many threads is there both ways, so that the middle is none.
  const biased = enough && change !== 'as many'
  if (judged.length < LEAST_PAIRS) return null
  const errors = judged.map(({ error }) => error).sort((a, b) => a - b)
  // Each is judged by the others, as the one to come will be.
  const sizes = errors.map((error, i) => Math.abs(error - (biased ? median(errors.toSpliced(i, 1)) : 0))).sort((a, b) => a - b)
  const rank = Math.min(sizes.length, Math.ceil((sizes.length + 1) * HELD))
  return {
    bias: biased ? Math.exp(median(errors)) : 1,
    factor: Math.exp(sizes[rank - 1]!),
    medianError: Math.expm1(median(sizes)),
    pairs: judged.length,
    isAlike: enough,
  }
}
