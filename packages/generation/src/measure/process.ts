// What one fresh process measures of a generator: opening, the first call, warm calls, a call that ends by itself, and the two curves.
import type { Clock } from '@whyslow/measure/engines/sampler.ts'
import { median } from '@whyslow/measure/statistics/index.ts'
import type { Generator } from '../generator.ts'
import { type Around, measuredCall } from './calls.ts'
import { madeUpPrompt, type Prompt, type Tokens, usersPrompt } from './prompts.ts'
import { timeDepths, timePrefill, timeSeveral } from './steps.ts'
import type { MeasuredCall, MeasurePlan, ProcessMeasurement, StepTimes } from './types.ts'

/** Room that a context keeps for the steps that are timed at a depth. */
const SPARE_TOKENS = 8
/** A call of an engine without steps that is made for its depth alone: enough tokens for a time per token. */
const DEPTH_CALL_TOKENS = 24
/** A text that does not end by itself is cut here, in multiples of the new tokens that were requested. */
const MOST_NATURAL = 4

export async function measureProcess(
  open: () => Promise<Generator>,
  plan: MeasurePlan,
  around: Around,
): Promise<ProcessMeasurement> {
  const { now } = around
  const from = now()
  const generator = await open()
  const openMs = now() - from
  try {
    return { openMs, ...(await measureOpened(generator, plan, around)) }
  } finally {
    await generator.close()
  }
}

async function measureOpened(
  generator: Generator,
  plan: MeasurePlan,
  around: Around,
): Promise<Omit<ProcessMeasurement, 'openMs'>> {
  const { engine, versions, context } = generator
  const { vocabulary } = tokensOf(generator, plan)
  const reasons: Record<string, string> = {}
  const { now } = around
  const next = promptsOf(generator, plan, now)
  const { newTokens } = plan
  const asked = { newTokens, ignoreEnd: true, keepsIds: plan.prompts !== null }
  const one = () => measuredCall(generator, next(), asked, around)
  const cold = await one()
  const calls = await warmCalls(one, plan, now)
  const natural = plan.naturalStop ? await naturalStop(generator, next(), newTokens, around) : null
  around.callsMade?.()
  const curves = await measureCurves(generator, { ...plan, promptTokens: lengthOf(calls, plan) }, around, reasons)
  return {
    ...{ engine, versions, vocabulary, context, hasSteps: generator.start !== null, cold, calls },
    // A text that was cut off did not end by itself.
    natural: natural?.endedByItself ? { tokens: natural.newTokens, totalMs: natural.totalMs } : null,
    ...curves,
    reasons,
  }
}

/** Tokens of a prompt: the user's own are as long as they are. */
function lengthOf(calls: readonly MeasuredCall[], { prompts, promptTokens }: MeasurePlan): number {
  const lengths = prompts === null ? [] : calls.flatMap((call) => call.promptTokens ?? [])
  return lengths.length === 0 ? promptTokens : Math.round(median(lengths))
}

async function warmCalls(one: () => Promise<MeasuredCall>, plan: MeasurePlan, now: Clock): Promise<MeasuredCall[]> {
  const calls: MeasuredCall[] = []
  const until = now() + plan.callsMs
  while (calls.length < plan.leastCalls || (calls.length < plan.mostCalls && now() < until)) calls.push(await one())
  return calls
}

function naturalStop(generator: Generator, prompt: Prompt, newTokens: number, around: Around): Promise<MeasuredCall> {
  // Of a text nobody knows how many tokens it has.
  const fed = typeof prompt.given === 'string' ? 0 : prompt.given.length
  const room = (generator.context ?? Number.POSITIVE_INFINITY) - fed
  const most = Math.max(1, Math.min(MOST_NATURAL * newTokens, room))
  return measuredCall(generator, prompt, { newTokens: most, ignoreEnd: false }, around)
}

const tokensOf = ({ encode, endIds, vocabulary }: Generator, plan: MeasurePlan): Tokens => ({
  ...{ encode, endIds },
  vocabulary: vocabulary ?? plan.vocabulary,
})

/** The next prompt at each call; a made-up one is as long as the plan says, unless a length is given. */
function promptsOf(generator: Generator, plan: MeasurePlan, now: Clock): (length?: number) => Prompt {
  const tokens = tokensOf(generator, plan)
  let made = 0
  return (length) => {
    const at = made++
    const { prompts, promptTokens, seed } = plan
    if (prompts === null || length !== undefined) return madeUpPrompt(tokens, length ?? promptTokens, seed + at, now)
    return usersPrompt(tokens, prompts[(seed + at) % prompts.length]!, now)
  }
}

type Curves = Pick<ProcessMeasurement, 'prefill' | 'depths' | 'several'>

async function measureCurves(
  generator: Generator,
  plan: MeasurePlan,
  around: Around,
  reasons: Record<string, string>,
): Promise<Curves> {
  const { context, start } = generator
  const most = (context ?? Number.POSITIVE_INFINITY) - SPARE_TOKENS
  const depths = plan.depths.filter((depth) => depth <= most)
  if (depths.length < plan.depths.length) reasons.depthLine = `the model's context has ${context} tokens`
  if (start === null) return { prefill: null, depths: await depthsByCalls(generator, { ...plan, depths }, around), several: [] }
  const ids = { ...tokensOf(generator, plan), encode: null }
  const { given } = madeUpPrompt(ids, Math.max(...plan.several, plan.promptTokens, 512), plan.seed, around.now)
  if (typeof given === 'string') throw new Error('an engine that is fed step by step has to say its vocabulary')
  const { sequences } = generator
  const steps = { start, sequences, now: around.now, ids: (many: number) => given.slice(0, many) }
  const prefill = await timePrefill(steps, plan.promptTokens, plan.rounds)
  const { times, reason } = depths.length === 0 ? { times: [], reason: null } : await timeDepths(steps, { ...plan, depths })
  if (reason !== null) reasons.depthLine = reason
  if (plan.several.length === 0) return { prefill, depths: times, several: [] }
  const room = Math.min(plan.promptTokens, most - Math.max(...plan.several))
  return { prefill, depths: times, several: await timeSeveral(steps, { ...plan, depth: room }) }
}

/** Whole calls with prompts of several lengths, in turns, for an engine without steps. The depth of a call is that of its middle token. */
async function depthsByCalls(generator: Generator, plan: MeasurePlan, around: Around): Promise<StepTimes[]> {
  const next = promptsOf(generator, { ...plan, seed: plan.seed + 1_000_000 }, around.now)
  const rows = plan.depths.map(() => ({ ms: [] as number[], depth: [] as number[] }))
  const asked = { newTokens: DEPTH_CALL_TOKENS, ignoreEnd: true }
  for (let round = 0; round < plan.rounds; round++) {
    for (const [index, depth] of plan.depths.entries()) {
      const call = await measuredCall(generator, next(Math.max(1, depth)), asked, around)
      if (call.perTokenMs === null) continue
      rows[index]!.ms.push(call.perTokenMs)
      rows[index]!.depth.push((call.promptTokens ?? depth) + call.newTokens / 2)
    }
  }
  return rows.flatMap(({ ms, depth }) =>
    ms.length === 0 ? [] : [{ depth: Math.round(median(depth)), tokens: 1, samplesMs: ms, runMs: [] }],
  )
}
