// What one fresh process measures of a generator: opening, the first call, warm calls, a call that ends by itself, and the two curves.
import type { Clock } from '@whyslow/measure/engines/sampler.ts'
import { median } from '@whyslow/measure/statistics/index.ts'
import type { Generator } from '../generator.ts'
import { type CallClocks, measuredCall } from './calls.ts'
import { madeUpMedia, madeUpPrompt, type Prompt, piecesOf, readSounds, type Tokens, usersPrompt } from './prompts.ts'
import { timeDepths, timePrefill, timeSeveral } from './steps.ts'
import type { MeasuredCall, MeasurePlan, ProcessMeasurement, StepTimes } from './types.ts'

/** Room that a context keeps for the steps that are timed at a depth. */
const SPARE_TOKENS = 8
/** A call of an engine without steps that is made for its depth alone: enough tokens for a time per token. */
const DEPTH_CALL_TOKENS = 24
/** A text that does not end by itself is cut here, in multiples of the new tokens that were requested. */
const MOST_NATURAL = 4

/** Tokens of the first call, whose first one is what is cold. */
const COLD_TOKENS = 16
const SLOW_TOKENS_MS = 10_000
/** The share of a limited process that the tokens of one call may take. */
const TOKENS_SHARE = 0.25
/** Fewer give no time per token. */
const LEAST_TOKENS = 8

const UNCOUNTED =
  'the server does not say how many tokens a chunk holds; let its stream tell usage, or name a path of it that lists tokens, as in /completion'

export async function measureProcess(
  open: () => Promise<Generator>,
  plan: MeasurePlan,
  around: CallClocks,
): Promise<ProcessMeasurement> {
  const { now } = around
  const from = now()
  const generator = await open()
  const openMs = now() - from
  try {
    const isOver = () => plan.processMs !== null && now() - from > plan.processMs
    const measured = await measureOpened(generator, plan, { ...around, isOver })
    return { openMs, ...measured, tookMs: now() - from }
  } finally {
    await generator.close()
  }
}

interface Clocks extends CallClocks {
  /** Whether the process has no time left for more. */
  readonly isOver: () => boolean
}

async function measureOpened(
  generator: Generator,
  requested: MeasurePlan,
  around: Clocks,
): Promise<Omit<ProcessMeasurement, 'openMs' | 'tookMs'>> {
  const { engine, versions, context, threads, defaultThreads } = generator
  const { vocabulary } = tokensOf(generator, requested)
  const reasons: Record<string, string> = {}
  const { now } = around
  const next = promptsOf(generator, requested, now)
  // What an encoder reads is no beginning that a cache of prefixes could hold.
  const asked = { ignoreEnd: true, keepsIds: requested.prompts !== null && generator.encoder === undefined }
  const one = (newTokens: number) => measuredCall(generator, next(), { ...asked, newTokens }, around)
  const cold = await one(Math.min(requested.newTokens, COLD_TOKENS))
  const plan = paced(requested, cold)
  const calls = await warmCalls(() => one(plan.newTokens), plan, now)
  if (calls.some(({ newTokens: made }) => made === null)) reasons.timePerToken = UNCOUNTED
  const known = { ...plan, promptTokens: lengthOf(calls, generator, plan) }
  const natural = plan.naturalStop
    ? await within(around, 'naturalStop', reasons, () => naturalStop(generator, next(), known, around))
    : null
  around.callsMade?.()
  const curves = await measureCurves(generator, known, around, reasons)
  const undrafted = calls.some(({ drafted }) => drafted !== undefined)
    ? await within(around, 'speculation', reasons, async () => [
        await measuredCall(generator, next(), { ...asked, newTokens: plan.newTokens, drafts: false }, around),
      ])
    : null
  return {
    ...{ engine, versions, vocabulary, context, hasSteps: generator.start !== null, cold, calls },
    ...(threads === undefined ? {} : { threads }),
    ...(defaultThreads === undefined ? {} : { defaultThreads }),
    natural: natural === null ? null : naturalOf(natural, reasons),
    ...curves,
    ...(undrafted === null ? {} : { undrafted }),
    reasons,
  }
}

/** What a generator whose tokens of a call take longer has time for: fewer tokens, once each. A natural stop is cut by them, too. */
function paced(plan: MeasurePlan, { perTokenMs }: MeasuredCall): MeasurePlan {
  const { newTokens, processMs } = plan
  const mostMs = Math.min(SLOW_TOKENS_MS, TOKENS_SHARE * (processMs ?? Number.POSITIVE_INFINITY))
  // A first token may be cold, and its prompt long: only those after it are fewer.
  if (perTokenMs === null || newTokens * perTokenMs <= mostMs) return plan
  return { ...plan, newTokens: Math.min(newTokens, Math.max(LEAST_TOKENS, Math.floor(mostMs / perTokenMs))), rounds: 1 }
}

/** Tokens of a prompt: the user's own are as long as they are, and a decoder behind an encoder begins with a few. */
function lengthOf(calls: readonly MeasuredCall[], { encoder }: Generator, { prompts, promptTokens }: MeasurePlan): number {
  const lengths = prompts === null && encoder === undefined ? [] : calls.flatMap((call) => call.promptTokens ?? [])
  return lengths.length === 0 ? promptTokens : Math.round(median(lengths))
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** What was measured before stays, whatever a part after it meets; null: it failed, and the reason is kept. */
async function orReason<T>(part: string, reasons: Record<string, string>, measure: () => Promise<T>): Promise<T | null> {
  try {
    return await measure()
  } catch (error) {
    reasons[part] = wordsOf(error)
    return null
  }
}

/** null and the reason, too, if the process has no time left. */
async function within<T>(
  { isOver }: Clocks,
  part: string,
  reasons: Record<string, string>,
  measure: () => Promise<T>,
): Promise<T | null> {
  if (!isOver()) return orReason(part, reasons, measure)
  reasons[part] = 'the time of a quick measurement was over; leave out --quick'
  return null
}

/** A text that was cut off did not end by itself. */
function naturalOf(
  { newTokens, totalMs, endedByItself }: MeasuredCall,
  reasons: Record<string, string>,
): ProcessMeasurement['natural'] {
  if (!endedByItself) return null
  if (newTokens !== null) return { tokens: newTokens, totalMs }
  reasons.naturalStop = UNCOUNTED
  return null
}

async function warmCalls(one: () => Promise<MeasuredCall>, plan: MeasurePlan, now: Clock): Promise<MeasuredCall[]> {
  const calls: MeasuredCall[] = []
  const until = now() + plan.callsMs
  while (calls.length < plan.leastCalls || (calls.length < plan.mostCalls && now() < until)) calls.push(await one())
  return calls
}

function naturalStop(
  generator: Generator,
  prompt: Prompt,
  { promptTokens, newTokens }: MeasurePlan,
  around: CallClocks,
): Promise<MeasuredCall> {
  // Of a text nobody knows how many tokens it has: as many as were planned.
  const fed = typeof prompt.given === 'string' || generator.encoder !== undefined ? promptTokens : prompt.given.length
  const room = (generator.context ?? Number.POSITIVE_INFINITY) - fed
  const most = Math.max(1, Math.min(MOST_NATURAL * newTokens, room))
  return measuredCall(generator, prompt, { newTokens: most, ignoreEnd: false }, around)
}

const tokensOf = (
  { encode, decode, endIds, vocabulary, takesTexts = false, takesIds = true }: Generator,
  plan: MeasurePlan,
): Tokens => ({
  ...{ encode, decode, endIds, takesTexts, takesIds },
  vocabulary: vocabulary ?? plan.vocabulary,
})

/** The next prompt at each call; a made-up one is as long as the plan says, unless a length is given. */
function promptsOf(generator: Generator, plan: MeasurePlan, now: Clock): (length?: number) => Prompt {
  const tokens = tokensOf(generator, plan)
  const { encoder } = generator
  const pieces = encoder === undefined ? [] : piecesOf(readSounds(plan.sounds ?? []), encoder)
  let made = 0
  return (length) => {
    const at = made++
    const { prompts, promptTokens, seed } = plan
    if (pieces.length > 0) return pieces[(seed + at) % pieces.length]!
    if (encoder !== undefined && encoder.reads !== 'text') return madeUpMedia(encoder, promptTokens, seed + at)
    if (prompts === null || length !== undefined) return madeUpPrompt(tokens, length ?? promptTokens, seed + at, now)
    return usersPrompt(tokens, prompts[(seed + at) % prompts.length]!, now)
  }
}

type Curves = Pick<ProcessMeasurement, 'prefill' | 'depths' | 'several'>

async function measureCurves(
  generator: Generator,
  plan: MeasurePlan,
  around: Clocks,
  reasons: Record<string, string>,
): Promise<Curves> {
  const { context, start } = generator
  const most = (context ?? Number.POSITIVE_INFINITY) - SPARE_TOKENS
  const depths = plan.depths.filter((depth) => depth <= most)
  if (depths.length < plan.depths.length) reasons.depthLine = `the model's context has ${context} tokens`
  if (start === null) {
    const times = await depthsByCalls(generator, { ...plan, depths }, { around, reasons })
    return { prefill: null, depths: times, several: [] }
  }
  const ids = { ...tokensOf(generator, plan), encode: null }
  const { given } = madeUpPrompt(ids, Math.max(...plan.several, plan.promptTokens, 512), plan.seed, around.now)
  if (typeof given === 'string') throw new Error('an engine that is fed step by step has to say its vocabulary')
  const { sequences } = generator
  const room = Math.max(1, Math.min(plan.promptTokens, most - Math.max(0, ...plan.several)))
  const longest = Math.max(plan.promptTokens, room + Math.max(0, ...plan.several), ...depths) + SPARE_TOKENS
  const steps = {
    ...{ sequences, now: around.now },
    start: () => start(Math.min(longest, context ?? longest)),
    ids: (many: number) => given.slice(0, many),
  }
  const prefill = await within(around, 'prefill', reasons, () => timePrefill(steps, plan.promptTokens, plan.rounds))
  const deep =
    depths.length === 0 ? null : await within(around, 'depthLine', reasons, () => timeDepths(steps, { ...plan, depths }))
  if (deep !== null && deep.reason !== null) reasons.depthLine = deep.reason
  const several =
    plan.several.length === 0
      ? null
      : await within(around, 'severalTokens', reasons, () => timeSeveral(steps, { ...plan, depth: room }))
  return { prefill, depths: deep?.times ?? [], several: several ?? [] }
}

/** Whole calls with prompts of several lengths, in turns, for an engine without steps. The depth of a call is that of its middle token. */
async function depthsByCalls(
  generator: Generator,
  plan: MeasurePlan,
  { around, reasons }: { readonly around: Clocks; readonly reasons: Record<string, string> },
): Promise<StepTimes[]> {
  const next = promptsOf(generator, { ...plan, seed: plan.seed + 1_000_000 }, around.now)
  const rows = plan.depths.map(() => ({ ms: [] as number[], depth: [] as number[] }))
  const asked = { newTokens: DEPTH_CALL_TOKENS, ignoreEnd: true }
  const inTurns = Array.from({ length: plan.rounds }, () => [...plan.depths.entries()]).flat()
  await within(around, 'depthLine', reasons, async () => {
    for (const [index, depth] of inTurns) {
      if (around.isOver()) break
      const call = await measuredCall(generator, next(Math.max(1, depth)), asked, around)
      if (call.newTokens === null) reasons.depthLine = UNCOUNTED
      if (call.perTokenMs === null || call.newTokens === null) continue
      rows[index]!.ms.push(call.perTokenMs)
      rows[index]!.depth.push((call.promptTokens ?? depth) + call.newTokens / 2)
    }
  })
  return rows.flatMap(({ ms, depth }) =>
    ms.length === 0 ? [] : [{ depth: Math.round(median(depth)), tokens: 1, samplesMs: ms, runMs: [] }],
  )
}
