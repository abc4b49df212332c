// The branch of an If that is taken whatever comes in stands in its place: see rewrite/known-branches.ts.
import { sum } from '@whyslow/graph/rewrite/floats.ts'
import { withKnownBranches } from '@whyslow/graph/rewrite/known-branches.ts'
import type { Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { defineRemedy, predictedSaving, type RemedyEvidence, rewriteProposal } from '../kit/remedy.ts'

const TREATS = ['dispatch-overhead', 'unfused-operators']

export const knownBranches = defineRemedy({
  id: 'known-branches',
  title: 'Branches that are always taken replace their condition',
  treats: TREATS,
  effect: 'exact',
  kind: 'rewrite',
  goals: ['latency', 'throughput', 'load-time'],
  apply(setup, evidence) {
    const rewritten = withKnownBranches(setup.model)
    if (rewritten === undefined) return []
    const { model, replaced } = rewritten
    return rewriteProposal(setup, {
      model,
      changes: [`${count(replaced.length, 'If')} replaced by the branch that is always taken`],
      predictedSavingMs: savingOf(evidence, replaced),
    })
  },
})

/** What the Ifs take by themselves, without their branches. */
function savingOf(evidence: RemedyEvidence, replaced: readonly Replacement[]): number | null {
  if (evidence.profile === undefined) return predictedSaving(TREATS, evidence)
  const names = new Set(replaced.flatMap(({ parts }) => parts.flatMap(({ name, output }) => [name, output[0]!])))
  const own = evidence.profile.nodes.filter(
    ({ opType, origin, inner }) => opType === 'If' && (inner?.nodes ?? origin).some((name) => names.has(name)),
  )
  return sum(own.map(({ timeMs }) => timeMs))
}
