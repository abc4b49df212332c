// Remedies whose gain shows between operators, on layouts and loops: what each makes of the whole model.
import type { Model } from '@whyslow/graph/model.ts'
import type { EngineOptions } from '@whyslow/measure/engines/types.ts'
import type { Proposal, Remedy, RemedyEvidence } from '../../remedies/kit/remedy.ts'

export interface Between {
  readonly remedy: string
  readonly model: Model
}

export interface BetweenGiven {
  readonly model: Model
  readonly remedies: readonly Remedy[]
  readonly facts: RemedyEvidence
}

/** Share of the p50 that is worth timing whole models. If no saving is predicted, only the whole model can show it. */
const LEAST_SHARE = 0.02

/** The most promising first. */
export async function betweenOperators(
  { model, facts, remedies }: BetweenGiven,
  { options, p50Ms }: { readonly options: EngineOptions; readonly p50Ms: number },
): Promise<readonly Between[]> {
  const setup = { model, options, batchFactor: 1, machineBound: false }
  const tools = { optimize: () => Promise.reject(new Error('the engine is not asked here')) }
  const found: (Between & { readonly savesMs: number })[] = []
  for (const remedy of remedies.filter((one) => one.betweenOperators)) {
    const [proposal] = await remedy.apply(setup, facts, tools)
    if (proposal === undefined || !isPromising(proposal, p50Ms)) continue
    found.push({ remedy: remedy.id, model: proposal.setup.model, savesMs: proposal.predictedSavingMs ?? 0 })
  }
  return found.sort((a, b) => b.savesMs - a.savesMs)
}

const isPromising = ({ predictedSavingMs }: Proposal, p50Ms: number): boolean =>
  predictedSavingMs === null || predictedSavingMs >= LEAST_SHARE * p50Ms
