// The step `tryEngines`: what is kept on another engine, and the original alone on it, since what pays on one engine may cost on another.
// First looks say which is likely the best, pairs say it of those that come near. Those that may not be kept are looked at all the same: their
// rows say what they would give. An engine that is twice as fast in a first look is taken before any remedy (`tryEngineFirst`), and the measured one
// has its turn after it (measured-turn.ts).

import { geometricMean } from '@whyslow/measure/statistics/index.ts'
import { timesAsFast } from '@whyslow/measure/statistics/numbers.ts'
import { reasonInWords } from '@whyslow/measure/trials/port.ts'
import type { Remedy, RemedyEvidence, RemedySetup } from '../remedies/kit/remedy.ts'
import { actsOn, type Candidate, nameOf, predictedSpeedup, propose } from './candidates.ts'
import { rebuildSetup } from './drop.ts'
import { judge } from './judge.ts'
import { GROWTH, judgeOnTop } from './keep.ts'
import { distinctCandidates } from './look.ts'
import { type FirstLook, firstLooks, isShortlisted, PROMISING_RATIO, readOnce } from './shortlist.ts'
import { markUntried, recordTrial, removeKept, type SearchPlan, type SearchState } from './state.ts'
import { type TriedRemedy, trialResult } from './tried-remedy.ts'

/** Share of the budget for judging them at least, however long the first looks took. */
const JUDGING_SHARE = 0.2

const ALONE = 'on-the-original'

interface Choice extends Candidate {
  /** Its setup holds what was kept; else the original's model and options. */
  readonly onKept: boolean
}

/** Over the first look of the engine that is kept: up to here another engine is judged against it, since one look can be so far off. */
const NEAR = 1.3
/** How many others have a turn after one that the last proof refused. */
const MOST_INSTEAD = 2

export interface Engines {
  readonly state: SearchState
  /** The state before any of them was kept. */
  readonly before: SearchState
  /** Set-ups that another one was better than in the first look, best first. */
  readonly others: readonly EngineLook[]
}

/** So much faster in a first look, an engine is judged before any remedy, and remedies are tried on it; pairs may show a little less. */
const TWICE = 2
const NEARLY_TWICE = 1.8

/** null: none is twice as fast as the measured one with the original. What is then tried again later is reported later. */
export async function tryEngineFirst(
  whole: SearchPlan,
  given: SearchState,
  remedies: readonly Remedy[],
): Promise<Engines | null> {
  if (whole.dryRun) return null
  // Fewer bits take long to find: they come after the remedies.
  const { int8On: _, ...tools } = whole.tools
  const plan = { ...whole, tools }
  const choices = (await choicesOf(plan, given, remedies)).filter(({ proposal: { refused } }) => refused === undefined)
  const hopefuls = choices.map(({ proposal: { setup } }) => ({ setup, expected: 0 }))
  const onRead = (done: number, of: number) => plan.onStep('a first look at other engines', done, of)
  const looks = await readOnce(plan.bench, given.setup, hopefuls, { deadlineMs: given.endMs, onRead })
  if (!looks.some((look) => ratioOf(look) * TWICE <= 1)) return null
  const rows: TriedRemedy[] = []
  const found = await tryEngines({ ...plan, onTried: (row) => rows.push(row) }, given, remedies)
  if (!found.state.tried.some(({ kept, judgement }) => kept && (judgement?.speedup ?? 0) >= NEARLY_TWICE)) return null
  for (const row of rows) plan.onTried(row)
  return found
}

export async function tryEngines(plan: SearchPlan, given: SearchState, remedies: readonly Remedy[]): Promise<Engines> {
  const choices = await choicesOf(plan, given, remedies)
  if (plan.dryRun) {
    const untried = markUntried(given, choices.filter(({ onKept }) => onKept).map(nameOf))
    return { state: untried, before: untried, others: [] }
  }
  const ranked = await rankedLooks(plan, given.setup, choices)
  let state = withTimeToJudge(plan, given)
  const others: EngineLook[] = []
  const judged = new Set<string | undefined>()
  for (const one of withoutEchoes(ranked)) {
    const inFloat = inFloatThere(ranked, one)
    if (inFloat !== undefined) {
      state = recordTrial(plan, state, outdone(one, inFloat.choice, state))
      continue
    }
    const held = ranked.find(({ choice }) => state.kept.includes(choice))
    const isNext = betterThan(state, one) !== undefined && isShortlisted(one.look)
    const isRival = held !== undefined && isNext && isNear(one, held) && !judged.has(engineOf(one.choice))
    const float = isRival || betterThan(state, one) === undefined ? await floatAsFast(plan, state, ranked, one) : null
    if (float !== null) {
      state = recordTrial(plan, state, outdone(one, float.choice, state, 'is as fast in pairs'))
      continue
    }
    state = isRival ? await judgeBeside(plan, given, withTimeToJudge(plan, state), one) : await take(plan, given, state, one)
    // Of each engine the best of its set-ups.
    if (isRival) judged.add(engineOf(one.choice)).add(engineOf(held.choice))
    if (held !== undefined && !state.kept.includes(held.choice)) others.unshift(held)
    else if (isNext && !isRefused(state, one)) others.push(one)
  }
  return { state, before: given, others }
}

/**
 * After the remedies on an engine that was taken first: what fewer bits give on other engines, judged against what is kept by then, which holds
 * that engine in float or none.
 */
export async function tryInBits(plan: SearchPlan, engines: Engines, remedies: readonly Remedy[]): Promise<Engines> {
  const { kept, setup } = engines.state
  const onMeasured = await rebuildSetup(
    plan,
    kept.filter(({ remedy }) => remedy.kind !== 'engine'),
  )
  if (onMeasured === null) return engines
  const given: SearchState = { ...engines.state, ...onMeasured }
  const choices = await choicesOf(plan, given, remedies)
  const ranked = await rankedLooks(
    plan,
    setup,
    choices.filter(({ proposal }) => proposal.precision !== undefined),
  )
  let state = withTimeToJudge(plan, engines.state)
  for (const one of withoutEchoes(ranked)) {
    const isNext = betterThan(state, one)?.proposal.precision === undefined && isShortlisted(one.look)
    state = isNext ? await judgeBeside(plan, given, state, one) : await take(plan, given, state, one)
  }
  return { ...engines, state }
}

/** First looks at all of them, best first. */
async function rankedLooks(
  { bench, onStep }: SearchPlan,
  base: RemedySetup,
  choices: readonly Choice[],
): Promise<readonly EngineLook[]> {
  const hopefuls = choices.map(({ proposal: { setup } }) => ({ setup, expected: 0 }))
  const onRead = (done: number, of: number) => onStep('a first look at other engines', done, of)
  const looks = await firstLooks(bench, base, hopefuls, { deadlineMs: null, onRead })
  return choices.map((choice, k) => ({ choice, look: looks[k]! })).sort((a, b) => ratioOf(a.look) - ratioOf(b.look))
}

/** The same engine in float, if that came near to what has fewer bits in its first look, and pairs do not show it to be slower. */
async function floatAsFast(
  plan: SearchPlan,
  state: SearchState,
  ranked: readonly EngineLook[],
  one: EngineLook,
): Promise<EngineLook | null> {
  const { precision, refused, setup } = one.choice.proposal
  if (precision === undefined || refused !== undefined || !isShortlisted(one.look)) return null
  const float = ranked.find(
    ({ choice, look }) =>
      engineOf(choice) === engineOf(one.choice) &&
      choice.proposal.precision === undefined &&
      ratioOf(look) <= NEAR * ratioOf(one.look) &&
      (choice.proposal.refused !== undefined || !isRefused(state, { choice, look })),
  )
  if (float === undefined) return null
  plan.onStep(`in pairs: ${nameOf(one.choice)}, against ${nameOf(float.choice)}`, 0, 1)
  const { endMs } = withTimeToJudge(plan, state)
  const trial = await judge(plan.bench, float.choice.proposal.setup, setup, { ...GROWTH, deadlineMs: endMs })
  return trial.outcome === 'measured' && trial.value.verdict !== 'faster' ? float : null
}

/** What runs the model as it is on the same engine, may not be kept, and looked as fast: fewer bits are not what gains there. */
const inFloatThere = (ranked: readonly EngineLook[], { choice, look }: EngineLook): EngineLook | undefined =>
  choice.proposal.precision === undefined || look.failure !== null
    ? undefined
    : ranked.find(
        (one) =>
          engineOf(one.choice) === engineOf(choice) &&
          one.choice.proposal.precision === undefined &&
          one.choice.proposal.refused !== undefined &&
          ratioOf(one.look) <= ratioOf(look),
      )

const outdone = ({ choice, look }: EngineLook, better: Candidate, state: SearchState, how = 'was better in the first look') =>
  trialResult(choice, 'no-difference', `${nameOf(better)} ${how}`, {
    lookedSpeedup: 1 / ratioOf(look),
    ...predictedSpeedup(choice, state),
  })

/** For another reason than that it is not faster. */
const isRefused = ({ tried }: SearchState, { choice }: EngineLook): boolean =>
  tried.some(({ name, outcome }) => name === nameOf(choice) && (outcome === 'failed' || outcome === 'rejected'))

const isNear = ({ choice, look }: EngineLook, held: EngineLook): boolean =>
  engineOf(choice) !== engineOf(held.choice) && ratioOf(look) <= NEAR * ratioOf(held.look)

const withTimeToJudge = ({ bench, budgetMs }: SearchPlan, state: SearchState): SearchState => ({
  ...state,
  endMs: Math.max(state.endMs, bench.nowMs() + budgetMs * JUDGING_SHARE),
})

/**
 * In place of an engine that the last proof refused the next best, on what was kept before any engine; where none is kept, that alone. null: the
 * refused holds no engine.
 */
export async function tryInstead(
  plan: SearchPlan,
  { before, others }: Engines,
  refused: SearchState,
  doubt: string | null,
): Promise<Engines | null> {
  const engine = refused.kept.find(({ remedy }) => remedy.kind === 'engine')
  if (engine === undefined) return null
  const own = new Set(before.kept.map(nameOf))
  const given = refused.kept
    .filter((one) => !own.has(nameOf(one)))
    .reduceRight((at, candidate) => removeKept(plan, at, { candidate, others: before, reason: doubt }), refused)
  const { setup, kept, p50Ms } = before
  let state: SearchState = { ...given, setup, kept, p50Ms, tried: keptAgain(before, given.tried) }
  const left = others.filter(({ choice }) => engineOf(choice) !== engineOf(engine)).slice(0, MOST_INSTEAD)
  while (left.length > 0 && state.setup === setup) {
    const next = left.shift()!
    const rows = state.tried.filter((row) => own.has(row.name) || row.name !== nameOf(next.choice))
    state = await take(plan, before, withTimeToJudge(plan, { ...state, tried: rows }), next)
  }
  return { state, before, others: left }
}

/** The rows, with what was kept before any engine as it was reported then. */
function keptAgain({ kept, tried }: SearchState, rows: readonly TriedRemedy[]): readonly TriedRemedy[] {
  const names = new Set(kept.map(nameOf))
  const own = new Map(tried.flatMap((row) => (row.kept && names.has(row.name) ? [[row.name, row] as const] : [])))
  return rows.map((row) => own.get(row.name) ?? row)
}

const engineOf = ({ proposal }: Candidate): string | undefined => proposal.setup.engine?.id

async function choicesOf(plan: SearchPlan, { setup, kept }: SearchState, remedies: readonly Remedy[]): Promise<Choice[]> {
  const { bench, original, evidence, tools } = plan
  // What has fewer bits already is quantized for the engine that is measured: another one is given the original, quantized for it.
  const { int8On: _, ...inBits } = tools
  const isQuantized = kept.some(({ remedy }) => remedy.precision !== undefined)
  const proposed = isQuantized
    ? await propose(remedies, setup, inFewerBits(evidence), inBits)
    : await propose(remedies, setup, evidence, tools)
  const onKept = proposed.candidates.map((one): Choice => ({ ...one, onKept: true }))
  if (kept.length === 0) return onKept
  const { candidates } = await propose(remedies, original, evidence, isQuantized ? tools : inBits)
  const alone = candidates.map((one): Choice => ({ ...one, proposal: alongside(one.proposal), onKept: false }))
  return distinctCandidates(bench, [...onKept, ...alone], setup)
}

/** What keeps the engine for a model in float is no reason against it for one that has fewer bits. */
const inFewerBits = ({ otherEngines, ...evidence }: RemedyEvidence): RemedyEvidence => ({
  ...evidence,
  ...(otherEngines === undefined ? {} : { otherEngines: otherEngines.map(({ refusedInFloat: _, ...one }) => one) }),
})

const alongside = (proposal: Candidate['proposal']): Candidate['proposal'] => ({
  ...proposal,
  variant: `${proposal.variant} ${ALONE}`,
})

/** An engine that fails on one set-up after the other for the same reason says it once. */
function withoutEchoes(all: readonly EngineLook[]): readonly EngineLook[] {
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

export interface EngineLook {
  readonly choice: Choice
  readonly look: FirstLook
}

/** What was kept of the same remedy; of those that may not be kept nothing is. */
const betterThan = ({ kept }: SearchState, { choice: { remedy, proposal } }: EngineLook): Candidate | undefined =>
  proposal.refused === undefined ? kept.find((one) => one.remedy.id === remedy.id) : undefined

/** `given`: before any of them was kept, which their setups stand on. */
async function take(
  plan: SearchPlan,
  given: SearchState,
  state: SearchState,
  { choice, look }: EngineLook,
): Promise<SearchState> {
  const { proposal } = choice
  if (look.failure !== null) return recordTrial(plan, state, trialResult(choice, 'failed', reasonInWords(look.failure)))
  const lookedSpeedup = 1 / ratioOf(look)
  const seen = { lookedSpeedup, ...predictedSpeedup(choice, state) }
  const noGain = `no gain in a first look (${timesAsFast(lookedSpeedup)})`
  if (proposal.refused !== undefined && lookedSpeedup < 1)
    return recordTrial(plan, state, trialResult(choice, 'no-difference', noGain, seen))
  if (proposal.refused !== undefined) {
    const { agreement } = await plan.bench.compare(proposal.setup, 'approximate')
    const { refused } = proposal
    const reason = `${timesAsFast(lookedSpeedup)} in a first look, but ${refused}`
    return recordTrial(plan, state, trialResult(choice, 'rejected', reason, { ...seen, agreement, refused }))
  }
  const other = betterThan(state, { choice, look })
  if (other !== undefined) return recordTrial(plan, state, outdone({ choice, look }, other, state))
  if (!isShortlisted(look)) return recordTrial(plan, state, trialResult(choice, 'no-difference', noGain, seen))
  if (ratioOf(look) > PROMISING_RATIO) return judgeBeside(plan, given, state, { choice, look })
  const { endMs } = state
  return { ...(await judgeBeside(plan, given, { ...state, endMs: Number.POSITIVE_INFINITY }, { choice, look })), endMs }
}

/** Against what is kept, in whose place it comes where it is faster. */
async function judgeBeside(
  plan: SearchPlan,
  given: SearchState,
  state: SearchState,
  { choice }: EngineLook,
): Promise<SearchState> {
  const { proposal, onKept } = choice
  const others = onKept ? given.kept.filter(({ remedy }) => actsOn(proposal.setup, remedy)) : []
  const next = await judgeOnTop(plan, state, choice, others)
  if (next.setup !== proposal.setup) return next
  // What an engine before this one did without may be kept again.
  const restored: SearchState = { ...next, tried: keptAgain(given, next.tried) }
  const gone = [...given.kept, ...state.kept.filter(({ remedy }) => remedy.kind === 'engine')].filter(
    (one) => !others.includes(one),
  )
  return gone.reduce((at, one) => removeKept(plan, at, { candidate: one, others: next, reason: whyGone(one, choice) }), restored)
}

function whyGone({ remedy }: Candidate, choice: Choice): string {
  if (remedy.kind === 'engine') return `${nameOf(choice)} is faster in pairs`
  return choice.onKept ? 'a setting of the other engine' : `${nameOf(choice)} is faster without it`
}
