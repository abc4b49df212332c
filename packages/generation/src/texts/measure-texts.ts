// Texts encoded in several ways in one process, in turns: each round has a pass over the texts in every way, so that what changes on the machine
// meets all alike. The first pass of each way is not counted.
import { average } from '@whyslow/measure/statistics/index.ts'
import type { TextEncoder } from '../recognize/text-encoder.ts'
import type { Tokenizer } from '../tokenize/tokenizer.ts'
import { batchesOf, cutLengths, paddedToIn } from './batches.ts'
import { type Encode, type EncodeParts, encodeOf, type StepTimes } from './encode.ts'
import type { TextsPlan, TextsWay } from './texts-plan.ts'
import { type Probe, withinTime } from './within-time.ts'

export interface TextsInput {
  readonly encoder: TextEncoder
  readonly plan: TextsPlan
  readonly threads: number | null
}

/** One pass over the texts of a way. */
export interface Pass extends StepTimes {
  readonly totalMs: number
}

export interface WayTimes {
  readonly way: TextsWay
  readonly texts: number
  readonly passes: readonly Pass[]
}

export interface TextsProcess {
  readonly versions: Readonly<Record<string, string>>
  readonly openMs: number
  readonly firstTextMs: number
  readonly count: number
  readonly width: number
  /** Tokens of each text that was encoded, before it was cut. */
  readonly lengths: readonly number[]
  readonly ways: readonly WayTimes[]
}

export interface OpenedEncoder {
  readonly session: EncodeParts['session'] & { close(): Promise<void> }
  readonly tokenizer: Pick<Tokenizer, 'encode' | 'encodeWhole'>
  readonly versions: Readonly<Record<string, string>>
}

/** Texts of the first look at how long one takes. */
const PROBED = 4
/** No other text is looked at after this share of `mostMs`. */
const PROBE_SHARE = 0.1

export async function measureTexts(
  open: () => Promise<OpenedEncoder>,
  { encoder, plan }: Omit<TextsInput, 'threads'>,
  now: () => number,
): Promise<TextsProcess> {
  const from = now()
  const { session, tokenizer, versions } = await open()
  const openMs = now() - from
  try {
    const encode = encodeOf({ session, tokenizer, encoder, longest: plan.longest, now })
    const before = now()
    const { width } = await encode.batch(plan.texts.slice(0, 1), encoder.fixedLength)
    const firstTextMs = now() - before
    const all = plan.texts.slice(0, plan.count ?? undefined).map((text) => encode.ids(text).length)
    const { count, ways } =
      plan.count === null
        ? withinTime(plan, await probe(encode, { plan, kept: cutLengths(all, plan.longest), padTo: encoder.fixedLength, now }))
        : { count: plan.count, ways: plan.ways }
    const texts = plan.texts.slice(0, count)
    const lengths = all.slice(0, count)
    const kept = cutLengths(lengths, plan.longest)
    const runs = ways.map((way) => {
      const some = way.texts === null ? texts : texts.slice(0, way.texts)
      const batches = batchesOf(kept.slice(0, some.length), way.batch, way.order).map((batch) => batch.map((at) => some[at]!))
      const padTo = paddedToIn(way, { ...plan, ...encoder })
      return { way, texts: some.length, passes: [] as Pass[], pass: () => passOf(encode, batches, padTo, now) }
    })
    for (const { pass } of runs) await pass()
    const until = now() + plan.roundsMs
    for (let round = 0; round < plan.mostRounds && (round < plan.leastRounds || now() < until); round++)
      for (let k = 0; k < runs.length; k++) {
        // Another one begins each round.
        const one = runs[(k + round) % runs.length]!
        one.passes.push(await one.pass())
      }
    return { versions, openMs, firstTextMs, count, width, lengths, ways: runs.map(({ pass: _, ...times }) => times) }
  } finally {
    await session.close()
  }
}

interface Probed {
  readonly plan: TextsPlan
  /** Tokens of all texts, after they were cut. */
  readonly kept: readonly number[]
  readonly padTo: number | null
  readonly now: () => number
}

async function probe(encode: Encode, { plan, kept, padTo, now }: Probed): Promise<Probe> {
  const from = now()
  let probed = 0
  while (probed < Math.min(PROBED, kept.length) && now() - from <= plan.mostMs * PROBE_SHARE)
    await encode.batch([plan.texts[probed++]!], padTo)
  const spentMs = Math.max(1e-3, now() - from)
  const positions = kept.map((length) => Math.max(1, padTo ?? 0, length))
  const positionMs = spentMs / positions.slice(0, probed).reduce((sum, one) => sum + one, 0)
  return { eachMs: Math.max(spentMs / probed, positionMs * average(positions)), positionMs }
}

async function passOf(
  encode: Encode,
  batches: readonly (readonly string[])[],
  padTo: number | null,
  now: () => number,
): Promise<Pass> {
  const sum = { tokenizeMs: 0, paddingMs: 0, modelMs: 0, poolingMs: 0, normalizeMs: 0 }
  const from = now()
  for (const batch of batches) {
    const made = await encode.batch(batch, padTo)
    for (const step of Object.keys(sum) as (keyof typeof sum)[]) sum[step] += made[step]
  }
  return { totalMs: now() - from, ...sum }
}
