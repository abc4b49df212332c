// How well foretelling did on machines that are known: every report of a model foretold from every other machine that has it.
import { machineKey } from '../../machine/key.ts'
import type { ReportDocument } from '../../report/documents/report.ts'
import type { SavedReport } from '../../report/documents/saved-report.ts'
import { familyOf } from '../study/machine-class.ts'
import { rowKey } from '../study/study.ts'
import { estimate } from './estimate.ts'

/** Below, an interval would be of too few. */
export const LEAST_PAIRS = 4
/** The share of truths that an interval is to hold. */
const HELD = 0.8

export interface KnownPair {
  /** The logarithm of what was measured over what was foretold. */
  readonly error: number
  readonly families: string
}

/** The setup's own identity: the machine's facts and the threads the engine was told. */
export const setupOf = ({ machine, engine }: ReportDocument): string => `${machineKey(machine)} ${engine?.options.threads ?? ''}`

/** That it was measured with: told, else as many as its roofs. undefined: engines with kernels of their own have no roofs. */
export const threadsOf = ({ engine, machine }: ReportDocument): number | undefined =>
  engine?.options.threads ?? machine.roofs[0]?.threads

export const familiesOf = (from: ReportDocument['machine'], to: Pick<ReportDocument['machine'], 'isa'>): string =>
  `${familyOf(from) ?? 'unknown'} to ${familyOf(to) ?? 'unknown'}`

/** Whether there is something to scale: times of nodes, and roofs. */
export const canScale = ({ profile, nodes, machine }: ReportDocument): boolean =>
  profile !== null && nodes.length > 0 && machine.roofs.length > 0

/** Of reports of one engine, all pairs of the same model asked the same on two setups. */
export function knownPairs(reports: readonly ReportDocument[], engineId: string): KnownPair[] {
  const usable = reports.filter((report) => canScale(report) && report.engine?.id === engineId)
  return usable.flatMap((from) =>
    usable.flatMap((to) => {
      if (setupOf(from) === setupOf(to) || rowKey(from) !== rowKey(to)) return []
      const { p50Ms } = estimate(from as SavedReport, to.machine)
      return [{ error: Math.log(to.latency!.p50Ms / p50Ms), families: familiesOf(from.machine, to.machine) }]
    }),
  )
}

/**
 * The factor up and down that held the truth as often as HELD among pairs, by the rank that also counts the one to come (split conformal
 * prediction: Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World, 2005); and the median error. null: too few pairs.
 */
export function spreadOf(pairs: readonly KnownPair[]): { factor: number; medianError: number } | null {
  if (pairs.length < LEAST_PAIRS) return null
  const sizes = pairs.map(({ error }) => Math.abs(error)).sort((a, b) => a - b)
  const rank = Math.min(sizes.length, Math.ceil((sizes.length + 1) * HELD))
  return { factor: Math.exp(sizes[rank - 1]!), medianError: Math.expm1(sizes[(sizes.length - 1) >> 1]!) }
}
