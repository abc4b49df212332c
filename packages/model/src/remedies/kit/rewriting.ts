// A remedy that puts something in place of operators, in all graphs of a model: what differs from one such remedy to the next.
import type { Model } from '@whyslow/graph/model.ts'
import { rewriteToTheEnd } from '@whyslow/graph/rewrite/bypass.ts'
import { type Matching, type Replacement, rewriteGraphs } from '@whyslow/graph/rewrite/match.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import type { NodeProto } from 'onnx-buf'
import { predictedSaving, type Remedy, type RemedyEvidence, rewriteProposal } from './remedy.ts'
import { savingByFusing, savingByRemoving } from './unfused.ts'

export interface RewriteResult<Found> {
  readonly model: Model
  readonly replaced: readonly Found[]
  /** All nodes that something stands in place of. */
  readonly parts: readonly NodeProto[]
  /** The findings that the remedy treats. */
  readonly treats: readonly string[]
}

type Saving<Found> = (evidence: RemedyEvidence, rewritten: RewriteResult<Found>) => number | null

interface Rewriting<Found> extends Omit<Remedy, 'kind' | 'goals' | 'apply'>, Partial<Pick<Remedy, 'goals'>> {
  /** Replacements in one graph, which do not overlap. */
  readonly find: (matching: Matching, fresh: (hint: string) => string, evidence: RemedyEvidence) => readonly Found[]
  /** Looked for again in what came of it, until there is nothing more. */
  readonly toTheEnd?: true
  /** Imported where something was replaced. */
  readonly domains?: Readonly<Record<string, number>>
  /** What was changed, one line each. */
  readonly changes: (rewritten: RewriteResult<Found>) => string | readonly string[]
  /** Saving per prediction that is expected, ms. */
  readonly saving: Saving<Found>
  /** Looks for what it wanted in the graph that the engine then runs. */
  readonly took?: (executed: GraphView, rewritten: RewriteResult<Found>) => boolean
}

/** One that is approximate proposes nothing where no loss is allowed. */
export function rewritingRemedy<Found extends Replacement>(rewriting: Rewriting<Found>): Remedy {
  const { find, toTheEnd, domains, changes, saving, took, ...about } = rewriting
  const { effect, treats } = about
  return {
    kind: 'rewrite',
    goals: ['latency', 'throughput'],
    ...about,
    apply(setup, evidence) {
      if (effect === 'approximate' && evidence.constraints.maxLoss === null) return []
      const findIn = (matching: Matching, fresh: (hint: string) => string) => find(matching, fresh, evidence)
      const found = toTheEnd ? rewriteToTheEnd(setup.model, findIn) : rewriteGraphs(setup.model, findIn, domains)
      if (found === undefined) return []
      const rewritten = { ...found, parts: found.replaced.flatMap(({ parts }) => parts), treats }
      return rewriteProposal(setup, {
        model: found.model,
        changes: [changes(rewritten)].flat(),
        predictedSavingMs: saving(evidence, rewritten),
        ...(took && { took: (executed: GraphView) => took(executed, rewritten) }),
      })
    },
  }
}

/** Each replacement makes one operator of several. */
export const savingOfFusing: Saving<Replacement> = (evidence, { treats, replaced }) => savingByFusing(evidence, treats, replaced)

/** The operators go. */
export const savingOfRemoving: Saving<unknown> = (evidence, { treats, parts }) => savingByRemoving(evidence, treats, parts)

/** What the findings say. */
export const byFindings: Saving<unknown> = (evidence, { treats }) => predictedSaving(treats, evidence)

/** What the profile tells; without one, what the findings say. */
export const byProfile =
  <Found>(saving: Saving<Found>): Saving<Found> =>
  (evidence, rewritten) =>
    evidence.profile === undefined ? predictedSaving(rewritten.treats, evidence) : saving(evidence, rewritten)
