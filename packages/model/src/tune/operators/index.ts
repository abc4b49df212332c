// Operators alone: what takes long above its floor is taken out of the model with the shapes it runs with, and timed against variants that
// each change one thing, in turns. It tells why an operator is slow, and what an exact remedy would give, before the whole model is tried.
import path from 'node:path'
import { firstLineOf } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { type LiftedModel, withExecutedSubgraphs } from '@whyslow/graph/rewrite/executed-subgraphs.ts'
import { partOf } from '@whyslow/graph/rewrite/part.ts'
import type { InnerOrigin } from '@whyslow/graph/types.ts'
import type { TypeAsRun } from '@whyslow/measure/outputs/types-task.ts'
import { medianOrNull, ratioOverRounds } from '@whyslow/measure/statistics/index.ts'
import { timeModels } from '@whyslow/measure/timing/operators/index.ts'
import type { TimedModel } from '@whyslow/measure/timing/operators/task.ts'
import type { OperatorExperiments } from '@whyslow/measure/timing/operators/types.ts'
import type { Profile } from '@whyslow/measure/timing/types.ts'
import type { NodeProto } from 'onnx-buf'
import type { AnalyzedEvidence } from '../../analyze/analyzed-evidence.ts'
import type { NodeCost } from '../../analyze/costs.ts'
import type { PrecisionBench } from '../../quantize/plan/bench.ts'
import { identityOf, inputTypes } from '../../quantize/plan/small-models.ts'
import { timedEmpty } from '../../quantize/plan/small-operators.ts'
import { typesAsRun } from '../../quantize/plan/types-as-run.ts'
import type { Remedy, RemedyEvidence } from '../../remedies/kit/remedy.ts'
import { type Between, betweenOperators } from './between-operators.ts'
import { chainOf, LINKS } from './chain.ts'
import { type Group, groupsOf, mergeGroups } from './groups.ts'
import { executedPart, floatVariant, int8Variant } from './precisions.ts'
import { type ExperimentPart, experimentOf, LEAST_ROUNDS } from './rows.ts'
import { type Variant, variantsOf } from './variants.ts'

type Bench = Pick<
  PrecisionBench,
  'run' | 'engineId' | 'options' | 'limits' | 'folder' | 'samples' | 'p50Ms' | 'write' | 'writeBytes' | 'nextName'
>

export interface ExperimentsPlan {
  readonly bench: Bench
  readonly model: Model
  /** As the engine was given it. */
  readonly modelFile: string
  /** Path of an inputs.json, for the whole model: random numbers may take other branches than the user's, or other rounds of a loop. */
  readonly savedInputs: string
  readonly evidence: AnalyzedEvidence
  readonly remedies: readonly Remedy[]
  /** For remedies, but for the inputs and outputs of the part. */
  readonly facts: RemedyEvidence
  /** Time for the timing, ms. */
  readonly budgetMs: number
  /** For the whole model as it is and as remedies that act between operators make it, if there is one, ms; its share of the budget if that is more. */
  readonly wholesMs: number
}

/** As many as give a ratio an interval that one wild round hardly widens; more of them, which make it narrower, where time is left. */
const ROUNDS = 6
const MOST_ROUNDS = 12
const SAMPLE_MS = 2
/** Runs of a slow operator in each round, whatever it takes. */
const LEAST = { warmup: 1, samples: 2 } as const
/** A run of this time is long enough to average over what disturbs it: one prediction in each of the fewest rounds tells. */
const SLOW_MS = 20
const FEW = { rounds: LEAST_ROUNDS, warmup: 1, samples: 1 } as const
/** What one model takes in a round in addition to its samples: opening, warming. */
const OPEN_MS = 3.5
/** The plan's times are those of a quiet machine; if it is not, what was begun ends, up to this many times as long. */
const SLOWER = 3
/** Share of the time: the whole model with its operators takes no more, and they have the rest. */
const WHOLE_SHARE = 0.5
/** Distinct parts that are taken out, at most: they are written to disk before any is timed. */
const MOST_PARTS = 60

/** A product that takes this long has work for all threads. */
const LONG_MS = 0.06
/** Longer ones are timed once in a row, so that there is time for others. */
const LONGEST_IN_A_ROW_MS = 1

interface Taken {
  readonly group: Group
  readonly part: Model
  /** What is timed: the part this many times in a row, that each pays less for its ends. */
  readonly row: Model
  readonly links: number
  readonly variants: readonly Variant[]
  /** Timed where the others leave time for it. */
  readonly int8: Variant | undefined
}

type LeftOut = OperatorExperiments['left'][number]

/** undefined without a profile and its costs. */
export async function operatorExperiments(plan: ExperimentsPlan): Promise<OperatorExperiments | undefined> {
  const { profile, costs, latency } = plan.evidence
  if (!profile || !costs || !latency) return undefined
  const left: LeftOut[] = []
  let found: Found = { rows: [] }
  const seen = await lookAt(plan, profile, costs.nodes)
  if (seen.groups.length === 0) return { rows: [], left: [], coveredShare: 0 }
  try {
    if (seen.reason !== null) throw new Error(seen.reason)
    found = await timed(plan, await take(plan, seen.groups, seen.source, left), left)
  } catch (error) {
    left.push(...seen.groups.filter(({ atFloor }) => !atFloor).map((group) => leftOut(group, firstLineOf(error))))
  }
  const named = new Set(found.rows.flatMap(({ nodes }) => nodes))
  const aboveMs = profile.nodes.map((node, i) => node.timeMs - costs.nodes[i]!.cappedFloorMs)
  const of = (keep: (name: string) => boolean): number =>
    profile.nodes.reduce((sum, { name }, i) => sum + (keep(name) ? aboveMs[i]! : 0), 0)
  return {
    ...found,
    left,
    coveredShare:
      of((name) => named.has(name)) /
      Math.max(
        1e-9,
        of(() => true),
      ),
  }
}

type Found = Pick<OperatorExperiments, 'rows' | 'wholeMs' | 'wholes'>

type Seen = { readonly groups: readonly Group[] } & (
  | { readonly source: Source; readonly reason: null }
  /** Why the types of values are not known. */
  | { readonly reason: string }
)

/** What is worth taking out, of subgraphs too; of the main graph alone where the model with its subgraphs lifted gives no types. */
async function lookAt(plan: ExperimentsPlan, profile: Profile, costs: readonly NodeCost[]): Promise<Seen> {
  const ran = profile.nodes.flatMap(({ inner, runsPerPrediction }) => (inner && runsPerPrediction > 0 ? [inner.path] : []))
  const found = await lookInto(plan, profile, costs, ran)
  return found.reason === null || ran.length === 0 ? found : lookInto(plan, profile, costs, [])
}

async function lookInto(
  plan: ExperimentsPlan,
  profile: Profile,
  costs: readonly NodeCost[],
  subgraphs: readonly InnerOrigin['path'][],
): Promise<Seen> {
  const lifted = withExecutedSubgraphs(plan.model, subgraphs)
  const groups = groupsOf(profile, costs, lifted, plan.evidence.latency!.p50Ms)
  if (groups.length === 0) return { groups, source: { ...lifted, types: new Map() }, reason: null }
  try {
    return { groups, source: { ...lifted, types: await typesAsRun(plan.bench, lifted.model, valuesOf(groups)) }, reason: null }
  } catch (error) {
    return { groups, reason: firstLineOf(error) }
  }
}

const leftOut = ({ nodes }: Group, reason: string): LeftOut => ({
  nodes: nodes.map(({ name }) => name),
  opTypes: [...new Set(nodes.map(({ opType }) => opType))],
  reason,
})

const valuesOf = (groups: readonly Group[]): ReadonlySet<string> =>
  new Set(groups.flatMap(({ parts }) => parts.flatMap(({ input, output }) => [...input, ...output])))

interface Source extends LiftedModel {
  readonly types: ReadonlyMap<string, TypeAsRun>
}

/** Some of a group's nodes as a model; what they read that the engine computes beforehand is a constant there. */
const cut = ({ model, types, called }: Source, { constants }: Group, parts: readonly NodeProto[]): Model | undefined =>
  partOf(model, parts, types, (value) => constants.has(called.get(value) ?? value))

/** Groups that turn out to be the same model are one. */
async function take(plan: ExperimentsPlan, groups: readonly Group[], source: Source, left: LeftOut[]): Promise<readonly Taken[]> {
  const taken = new Map<string, Taken>()
  for (const group of groups) {
    const alone = cut(source, group, group.parts)
    if (alone === undefined || inputTypes(alone) === undefined) {
      if (!group.atFloor) left.push(leftOut(group, 'it cannot be taken out of the model alone'))
      continue
    }
    const part = executedPart(alone, group)
    const identity = `${identityOf(part)} ${group.numbers}`
    const known = taken.get(identity)
    if (known !== undefined) taken.set(identity, { ...known, group: mergeGroups(known.group, group) })
    else if (taken.size >= MOST_PARTS) left.push(...(group.atFloor ? [] : [leftOut(group, NO_TIME)]))
    else {
      const chain = group.timeMs / group.runs <= LONGEST_IN_A_ROW_MS ? chainOf(part) : undefined
      const timed = { part, row: chain ?? part }
      taken.set(identity, {
        ...timed,
        group,
        links: chain ? LINKS : 1,
        variants: group.atFloor ? [] : await variantsFor(plan, group, timed, source),
        int8: int8Variant(timed, source.types, plan.evidence),
      })
    }
  }
  return [...taken.values()]
}

const NO_TIME = 'there was no time for it'

async function variantsFor(
  { facts, remedies, bench }: ExperimentsPlan,
  group: Group,
  timed: { readonly part: Model; readonly row: Model },
  source: Source,
): Promise<readonly Variant[]> {
  const inputs = (inputTypes(timed.part) ?? []).map(({ name, type }) => ({ name, ...type, freeAxes: [] }))
  const lanes = facts.instructionSets.some((one) => one.startsWith('avx512')) ? 16 : 8
  const evidence = { ...facts, inputs, outputs: [], findings: [] }
  const float = floatVariant(timed)
  const varied = await variantsOf(timed, {
    options: bench.options,
    lanes,
    threadsInUse: facts.threadsInUse,
    isLong: group.timeMs / group.runs >= LONG_MS,
    remedies,
    opTypes: group.opTypes,
    evidence,
  })
  const variants = float === undefined ? varied : [float, ...varied]
  const pass = group.longest && cut(source, group, group.longest)
  if (!pass) return variants
  const detail = 'in one pass over the same numbers (as long as the longest of them alone)'
  return [...variants, { kind: 'one-pass', remedy: null, detail, model: pass, options: {}, share: 1 }]
}

/** The parts with their variants, as far as the budget goes. */
async function timed(plan: ExperimentsPlan, taken: readonly Taken[], left: LeftOut[]): Promise<Found> {
  const { bench, budgetMs } = plan
  const empty = timedEmpty(bench)
  const between = await betweenOperators(plan, { options: bench.options, p50Ms: plan.evidence.latency!.p50Ms })
  const moreMs = between.length > 0 ? plan.wholesMs : 0
  const mostMs = Math.max(WHOLE_SHARE * budgetMs, moreMs)
  const rounds = between.length > 0 ? roundsOfTwo(plan, mostMs) : ROUNDS
  const whole = wholeModel(plan, rounds, mostMs)
  const changed = whole ? await changedModels(plan, between, { whole, rounds, mostMs }) : []
  const models: TimedModel[] = [empty, ...(whole ? [whole] : []), ...changed.map(({ model }) => model)]
  const asked: ExperimentPart[] = []
  const besideMs = whole ? (1 + changed.length) * wholeRoundsMs(plan, rounds) : 0
  const ownMs = Math.max(budgetMs / 2, budgetMs - Math.max(0, besideMs - moreMs))
  const allMs = budgetMs + Math.min(moreMs, besideMs)
  const { counts, inInt8, spentMs } = fitting(taken, ownMs)
  for (const one of [...taken].sort((a, b) => b.group.aboveMs - a.group.aboveMs)) {
    const { group, part, row, links, variants } = one
    const tried = [...variants.slice(0, counts.get(one) ?? 0), ...(inInt8.has(one) ? [one.int8!] : [])]
    if (tried.length === 0) {
      const reason = variants.length === 0 ? 'nothing about it could be varied' : NO_TIME
      if (!group.atFloor) left.push(leftOut(group, reason))
      continue
    }
    const keys: string[] = []
    for (const [k, { model, options }] of [{ model: row, options: {} }, ...tried].entries()) {
      keys.push(await add(bench, models, { model, options, worth: worthOf(one, Math.max(0, k - 1)), few: fewOf(group) }))
    }
    asked.push({ group, part, links, variants: tried, keys })
  }
  if (asked.length === 0) return { rows: [] }
  const most = Math.max(ROUNDS, Math.min(MOST_ROUNDS, Math.floor((ROUNDS * ownMs) / spentMs)))
  const { run, engineId: engine, options, limits, folder } = bench
  const times = await timeModels({
    ...{ run, engine, limits, folder, models, rounds: most, sampleMs: SAMPLE_MS, least: LEAST },
    enough: { rounds: ROUNDS, ms: allMs },
    budgetMs: SLOWER * allMs,
    options: { ...options, reuseOutputs: true, directCall: false },
  })
  const wholeTimes = whole && times.get(whole.key)
  const wholeMs = Array.isArray(wholeTimes) ? medianOrNull(wholeTimes) : null
  const scale = wholeMs === null ? 1 : plan.evidence.latency!.p50Ms / wholeMs
  const rows = asked.flatMap((one) => {
    const row = experimentOf(one, times, { emptyKey: empty.key, scale })
    if (typeof row !== 'string') return [row]
    left.push(leftOut(one.group, row))
    return []
  })
  const wholes = whole ? changed.flatMap((one) => savingOnWhole(one, times, whole, plan.evidence.latency!.p50Ms)) : []
  return { rows, wholeMs, ...(wholes.length > 0 && { wholes }) }
}

/** What one model as large as the whole takes, in so many rounds. */
function wholeRoundsMs({ evidence }: ExperimentsPlan, rounds: number): number {
  const { p50Ms, loadMs } = evidence.latency!
  return rounds * (Math.max(SAMPLE_MS, (LEAST.warmup + LEAST.samples) * p50Ms) + (loadMs ?? 0))
}

/** As many as there is time for with the model as it is and as one remedy makes it, but no fewer than give an interval. */
const roundsOfTwo = (plan: ExperimentsPlan, mostMs: number): number =>
  Math.max(LEAST_ROUNDS, Math.min(ROUNDS, Math.floor(mostMs / (2 * wholeRoundsMs(plan, 1)))))

/** The whole model, where there is time for it. */
function wholeModel(plan: ExperimentsPlan, rounds: number, mostMs: number): TimedModel | undefined {
  const { bench, modelFile, savedInputs } = plan
  const [sample] = bench.samples
  if (sample === undefined || wholeRoundsMs(plan, rounds) > mostMs) return undefined
  const inputs = Object.entries(sample).map(([name, { dtype, shape }]) => ({ name, type: { dtype, shape: [...shape] } }))
  return { key: 'whole', file: modelFile, inputs, saved: savedInputs, ...(rounds < ROUNDS && { few: { rounds, ...LEAST } }) }
}

interface ChangedModel {
  readonly remedy: string
  readonly model: TimedModel
}

/** Changed models in addition to the whole, as many as there is time for. */
async function changedModels(
  plan: ExperimentsPlan,
  between: readonly Between[],
  { whole, rounds, mostMs }: { readonly whole: TimedModel; readonly rounds: number; readonly mostMs: number },
): Promise<readonly ChangedModel[]> {
  const { bench } = plan
  const fitting = between.slice(0, Math.floor(mostMs / wholeRoundsMs(plan, rounds)) - 1)
  return Promise.all(
    fitting.map(async ({ remedy, model }) => {
      const key = bench.nextName('whole')
      const { file } = await bench.write(model, path.join(bench.folder, key))
      return { remedy, model: { ...whole, key, file } }
    }),
  )
}

function savingOnWhole(
  { remedy, model }: ChangedModel,
  times: Awaited<ReturnType<typeof timeModels>>,
  whole: TimedModel,
  p50Ms: number,
): NonNullable<OperatorExperiments['wholes']> {
  const [before, after] = [times.get(whole.key), times.get(model.key)]
  if (!Array.isArray(before) || !Array.isArray(after)) return []
  const rounds = Math.min(before.length, after.length)
  if (rounds < LEAST_ROUNDS) return []
  const { ratio, ratioLow, ratioHigh } = ratioOverRounds(Array.from({ length: rounds }, (_, k) => after[k]! / before[k]!))
  return [{ remedy, ms: p50Ms * (1 - ratio), low: p50Ms * (1 - ratioHigh), high: p50Ms * (1 - ratioLow) }]
}

const fewOf = ({ timeMs, runs }: Group): TimedModel['few'] => (timeMs / runs >= SLOW_MS ? FEW : undefined)

/** Worth of a part's variant, by its place in their order; the part itself is worth as much as the first. */
const worthOf = ({ group }: Taken, k: number): number => group.aboveMs / (k + 1)

/**
 * How many variants of each part, the first ones, the time is enough for. What explains most comes first: of a part the first ones, and of
 * parts those that take longest above their floor; a part's second counts half as much as its first, its third a third.
 */
function fitting(taken: readonly Taken[], budgetMs: number) {
  // A variant that does more work takes longer by as much.
  const roundsMs = ({ group, links }: Taken, share = 1): number => {
    const { rounds, warmup, samples } = fewOf(group) ?? { rounds: ROUNDS, ...LEAST }
    return rounds * (Math.max(SAMPLE_MS, ((warmup + samples) * links * group.timeMs) / group.runs / share) + OPEN_MS)
  }
  const wanted = taken.flatMap((one) =>
    // The first one brings the part itself.
    one.variants.map(({ share }, k) => {
      const ms = roundsMs(one, share) + (k === 0 ? roundsMs(one) : 0)
      return { one, k, worth: worthOf(one, k), ms }
    }),
  )
  const counts = new Map<Taken, number>()
  let spentMs = 0
  for (const { one, k, ms } of wanted.sort((a, b) => b.worth - a.worth)) {
    if ((counts.get(one) ?? 0) !== k || spentMs + ms > budgetMs) continue
    counts.set(one, k + 1)
    spentMs += ms
  }
  // int8 changes what is computed: it is asked once all else was.
  const inInt8 = new Set<Taken>()
  for (const one of [...taken].sort((a, b) => b.group.timeMs - a.group.timeMs)) {
    const ms = roundsMs(one) * (counts.has(one) ? 1 : 2)
    if (one.int8 === undefined || spentMs + ms > budgetMs) continue
    inInt8.add(one)
    spentMs += ms
  }
  return { counts, inInt8, spentMs }
}

type Wanted = Pick<Variant, 'model' | 'options'> & Required<Pick<TimedModel, 'worth'>> & { readonly few: TimedModel['few'] }

async function add(bench: Bench, models: TimedModel[], { model, options, worth, few }: Wanted): Promise<string> {
  const key = bench.nextName('operator')
  const inputs = inputTypes(model)
  if (inputs === undefined) return key
  const { file } = await bench.write(model, path.join(bench.folder, key))
  models.push({ key, file, inputs, options, worth, ...(few && { few }) })
  return key
}
