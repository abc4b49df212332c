// Which changed setups there are to try, likeliest first.
import type { Goal, Proposal, Remedy, RemedyEvidence, RemedySetup, RemedyTools } from '../remedies/remedy.ts'

/** A proposal with the remedy that made it. */
export interface Candidate {
  readonly remedy: Remedy
  readonly proposal: Proposal
}

export type Only = ReadonlySet<string> | null

/** Whether the remedy may be tried: it serves the goal, its loss is allowed, and it is not one that must be named. */
export function isAllowed(remedy: Remedy, goal: Goal, maxLoss: number | null, only: Only): boolean {
  const named = only?.has(remedy.id) ?? false
  if (only !== null && !named) return false
  if (remedy.onlyWhenNamed !== undefined && !named) return false
  if (remedy.effect === 'approximate' && maxLoss === null) return false
  return remedy.goals.includes(goal)
}

export interface Proposed {
  readonly candidates: readonly Candidate[]
  /** Remedies that threw: a fault of theirs costs their own trial and nothing else. */
  readonly failed: readonly { readonly remedy: Remedy; readonly reason: string }[]
  /** Remedies that do not apply to the setup. */
  readonly idle: readonly Remedy[]
}

/** Proposals of all remedies for the setup, by predicted saving, then in the remedies' own order. */
export async function propose(
  remedies: readonly Remedy[],
  setup: RemedySetup,
  evidence: RemedyEvidence,
  tools: RemedyTools,
): Promise<Proposed> {
  const candidates: Candidate[] = []
  const failed: { remedy: Remedy; reason: string }[] = []
  const idle: Remedy[] = []
  for (const remedy of remedies) {
    try {
      const proposals = await remedy.apply(setup, evidence, tools)
      if (proposals.length === 0) idle.push(remedy)
      candidates.push(...proposals.map((proposal) => ({ remedy, proposal })))
    } catch (error) {
      failed.push({ remedy, reason: firstLine(error) })
    }
  }
  const saving = ({ proposal }: Candidate): number => proposal.predictedSavingMs ?? 0
  return { candidates: candidates.sort((a, b) => saving(b) - saving(a)), failed, idle }
}

/** The same remedy and variant on another setup; null where it does not apply there any more. */
export async function proposeAgain(
  { remedy, proposal }: Candidate,
  setup: RemedySetup,
  evidence: RemedyEvidence,
  tools: RemedyTools,
): Promise<Candidate | null> {
  const proposals = await remedy.apply(setup, evidence, tools)
  const same = proposals.find(({ variant }) => variant === proposal.variant)
  return same === undefined ? null : { remedy, proposal: same }
}

/** 'thread-count 1', 'memory-arena': how a trial is called. */
export const nameOf = ({ remedy, proposal }: Candidate): string =>
  proposal.variant === '' ? remedy.id : `${remedy.id} ${proposal.variant}`

export const firstLine = (error: unknown): string => String(error instanceof Error ? error.message : error).split('\n')[0]!
