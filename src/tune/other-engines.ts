// The step `tryEngines`: what is kept on another engine, and the original alone on it, since what pays on one engine may cost on another.
// Those that may not be kept are looked at all the same: their rows say what they would give.
import { geometricMean } from '../measure/timing/statistics.ts'
import type { Remedy } from '../rewrite/remedy.ts'
import { reasonInWords } from '../trials/port.ts'
import { actsOn, type Candidate, nameOf, predictedSpeedup, propose } from './candidates.ts'
import { judgeOnTop } from './keep.ts'
import { distinct } from './look.ts'
import { type FirstLook, firstLooks, isShortlisted } from './shortlist.ts'
import { leftUntried, type SearchPlan, type SearchState, told, withoutKept } from './state.ts'
import { tried } from './tried.ts'

/** Of the budget, for judging them at least, however long the first looks took. */
const JUDGING_SHARE = 0.2

const ALONE = 'on-the-original'

interface Choice extends Candidate {
  /** Its setup holds what was kept; else the original's model and options. */
  readonly onKept: boolean
}

export async function tryEngines(plan: SearchPlan, given: SearchState, remedies: readonly Remedy[]): Promise<SearchState> {
  const { bench, onStep } = plan
  const choices = await choicesOf(plan, given, remedies)
  if (plan.dryRun) return leftUntried(given, choices.filter(({ onKept }) => onKept).map(nameOf))
  const hopefuls = choices.map(({ proposal: { setup } }) => ({ setup, expected: 0 }))
  const onRead = (done: number, of: number) => onStep('a first look at other engines', done, of)
  const looks = await firstLooks(bench, given.setup, hopefuls, { deadlineMs: null, onRead })
  const ranked = choices.map((choice, k) => ({ choice, look: looks[k]! })).sort((a, b) => ratioOf(a.look) - ratioOf(b.look))
  let state: SearchState = { ...given, endMs: Math.max(given.endMs, bench.nowMs() + plan.budgetMs * JUDGING_SHARE) }
  for (const { choice, look } of withoutEchoes(ranked)) state = await take(plan, given, state, { choice, look })
  return state
}

async function choicesOf(plan: SearchPlan, { setup, kept }: SearchState, remedies: readonly Remedy[]): Promise<Choice[]> {
  const { bench, original, evidence, tools } = plan
  const onKept = (await propose(remedies, setup, evidence, tools)).candidates.map((one): Choice => ({ ...one, onKept: true }))
  if (kept.length === 0) return onKept
  const { candidates } = await propose(remedies, original, evidence, tools)
  const alone = candidates.map((one): Choice => ({ ...one, proposal: alongside(one.proposal), onKept: false }))
  return distinct(bench, [...onKept, ...alone], setup)
}

const alongside = (proposal: Candidate['proposal']): Candidate['proposal'] => ({
  ...proposal,
  variant: `${proposal.variant} ${ALONE}`,
})

/** An engine that fails on one set-up after the other for the same reason says it once. */
function withoutEchoes(all: readonly Looked[]): readonly Looked[] {
  const said = new Set<string>()
  return all.filter(({ choice: { proposal }, look: { failure } }) => {
    if (failure === null) return true
    const what = `${proposal.setup.engine?.id} ${reasonInWords(failure)}`
    const isNew = !said.has(what)
    said.add(what)
    return isNew
  })
}

const ratioOf = ({ ratios }: FirstLook): number => (ratios.length > 0 ? geometricMean(ratios) : Number.POSITIVE_INFINITY)

interface Looked {
  readonly choice: Choice
  readonly look: FirstLook
}

/** `given`: before any of them was kept, which their setups stand on. */
async function take(plan: SearchPlan, given: SearchState, state: SearchState, { choice, look }: Looked): Promise<SearchState> {
  const { proposal } = choice
  if (look.failure !== null) return told(plan, state, tried(choice, 'failed', reasonInWords(look.failure)))
  const lookedSpeedup = 1 / ratioOf(look)
  const seen = { lookedSpeedup, ...predictedSpeedup(choice, state) }
  const noGain = `no gain in a first look (${lookedSpeedup.toFixed(2)}×)`
  if (proposal.refused !== undefined && lookedSpeedup < 1) return told(plan, state, tried(choice, 'no-difference', noGain, seen))
  if (proposal.refused !== undefined) {
    const { agreement } = await plan.bench.compare(proposal.setup, 'approximate')
    const reason = `${lookedSpeedup.toFixed(2)}× in a first look, but ${proposal.refused}`
    return told(plan, state, tried(choice, 'rejected', reason, { ...seen, agreement }))
  }
  const other = state.kept.find(({ remedy }) => remedy.id === choice.remedy.id)
  if (other !== undefined) {
    const reason = `${nameOf(other)} was better in the first look`
    return told(plan, state, tried(choice, 'no-difference', reason, seen))
  }
  if (!isShortlisted(look)) return told(plan, state, tried(choice, 'no-difference', noGain, seen))
  const others = choice.onKept ? given.kept.filter(({ remedy }) => actsOn(proposal.setup, remedy)) : []
  const next = await judgeOnTop(plan, state, choice, others)
  const gone = given.kept.filter((one) => next.setup === proposal.setup && !others.includes(one))
  const why = choice.onKept ? 'a setting of the other engine' : `${nameOf(choice)} is faster without it`
  return gone.reduce((at, { remedy }) => withoutKept(at, remedy, next, why), next)
}
