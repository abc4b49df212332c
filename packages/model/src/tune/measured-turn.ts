// The step `tryOnMeasuredEngine`: remedies were tried on an engine that is twice as fast as the measured one, so the measured one now has its turn with the
// same remedies. The other engine stays only if pairs show that it is faster than the best that came of that.
import type { Proposal, Remedy } from '../remedies/kit/remedy.ts'
import { type Candidate, nameOf } from './candidates.ts'
import { judge } from './judge.ts'
import { GROWTH } from './keep.ts'
import type { Engines } from './other-engines.ts'
import { initialState, removeKept, type SearchPlan, type SearchState, type TakenOut } from './state.ts'

/** `tryOn`: tries these remedies on a setup. */
export async function tryOnMeasuredEngine(
  plan: SearchPlan,
  taken: SearchState,
  { others }: Pick<Engines, 'others'>,
  tryOn: (from: SearchState, rename: (remedy: Remedy) => Remedy) => Promise<SearchState>,
): Promise<Engines> {
  const { bench, evidence } = plan
  const { tried, untried } = taken
  const rename = (remedy: Remedy) => onMeasured(remedy, evidence.engine.id)
  const own = await tryOn({ ...initialState(plan, taken.endMs), tried, untried }, rename)
  const rest = { tried: own.tried, untried: own.untried }
  if (own.kept.length === 0) return { state: { ...taken, ...rest }, before: own, others }
  plan.onStep('the engine that was taken, compared with the best of the measured one', 0, 1)
  const trial = await judge(bench, own.setup, taken.setup, { ...GROWTH, deadlineMs: null })
  const isFaster = trial.outcome === 'measured' && trial.value.verdict === 'faster'
  const engine = nameOf(taken.kept.find(({ remedy }) => remedy.kind === 'engine')!)
  const state = isFaster
    ? withoutAll(plan, { ...taken, ...rest }, own.kept, { others: taken, reason: `${engine} is faster` })
    : withoutAll(plan, own, taken.kept, {
        others: own,
        reason: `not clearly faster than ${evidence.engine.id} with ${own.kept.map(nameOf).join(', ')}`,
      })
  return { state, before: own, others: [] }
}

/** The remedy, with a name of its own for what it gives there. */
const onMeasured = (remedy: Remedy, engineId: string): Remedy => ({
  ...remedy,
  async apply(...given) {
    const proposals = await remedy.apply(...given)
    return proposals.map((one) => ({ ...one, ...precisionOf(remedy, one), variant: `${one.variant} on-${engineId}`.trimStart() }))
  },
})

/** The plan of its fewer bits, which is known under the proposal's own name. */
const precisionOf = ({ precision }: Remedy, { variant, precision: own }: Proposal): Pick<Proposal, 'precision'> =>
  own !== undefined || precision === undefined ? {} : { precision: { method: precision, plan: variant } }

const withoutAll = (
  plan: SearchPlan,
  state: SearchState,
  gone: readonly Candidate[],
  out: Omit<TakenOut, 'candidate'>,
): SearchState => gone.reduceRight((at, candidate) => removeKept(plan, at, { ...out, candidate }), state)
