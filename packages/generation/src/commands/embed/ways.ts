// Ways of batching as several processes measured them: medians over processes, ways against each other by pairs of passes, and what a text's time
// is made of.
import { median, type RatioInterval, ratioOverRounds } from '@whyslow/measure/statistics/index.ts'
import type { EmbeddingPart, EmbeddingParts, EmbeddingWay } from '@whyslow/report/documents/embedding.ts'
import { overProcesses, ratioWithInterval } from '../../measure/summarize.ts'
import type { TextEncoder } from '../../recognize/text-encoder.ts'
import { batchesOf, paddedToIn, positionsOf } from '../../texts/batches.ts'
import type { Pass, TextsProcess, WayTimes } from '../../texts/measure-texts.ts'
import type { TextsWay } from '../../texts/texts-plan.ts'

/** The way is of all texts, and not of the few that are padded to the maximum. */
export const isWhole = ({ ways }: Pick<TextsProcess, 'ways'>, at: number): boolean => ways[at]!.way.texts === null

/** Medians of each process, one text. */
export const eachOf = ({ passes, texts }: WayTimes, of: (pass: Pass) => number = ({ totalMs }) => totalMs): number =>
  median(passes.map(of)) / texts

interface Seen {
  readonly processes: readonly TextsProcess[]
  /** Tokens of each text after it was cut. */
  readonly kept: readonly number[]
  readonly maximum: number | null
  readonly encoder: TextEncoder
}

export function wayOf(way: TextsWay, at: number, { processes, kept, maximum, encoder }: Seen): EmbeddingWay {
  const { batch, order, padding } = way
  const times = processes.map(({ ways }) => ways[at]!)
  const { texts } = times[0]!
  const own = kept.slice(0, texts)
  const paddedTo = paddedToIn(way, { ...encoder, maximum })
  const computed = positionsOf(batchesOf(own, batch, order), own, paddedTo)
  const baseline = padding === 'maximum' ? at - 1 : isPairOfMaximum(processes[0]!.ways, at) ? at : 0
  return {
    ...{ batch, order, padding, paddedTo, texts },
    msPerText: overProcesses(times.map((one) => eachOf(one))),
    paddedShare: 1 - own.reduce((sum, one) => sum + one, 0) / computed,
    ratio: baseline === at ? null : ratioWithInterval(ratioOf(processes, at, baseline)),
  }
}

/** The few texts whose padding to the maximum comes next. */
const isPairOfMaximum = (ways: readonly WayTimes[], at: number): boolean => ways[at + 1]?.way.padding === 'maximum'

/** Time of a text over time of a text, by rounds of all processes: passes of a round are next to each other. */
export function ratioOf(processes: readonly TextsProcess[], at: number, baseline: number): RatioInterval {
  const ratios = processes.flatMap(({ ways }) => {
    const [own, other] = [ways[at]!, ways[baseline]!]
    const rounds = Math.min(own.passes.length, other.passes.length)
    const eachMs = ({ passes, texts }: WayTimes, round: number) => passes[round]!.totalMs / texts
    return Array.from({ length: rounds }, (_, round) => eachMs(own, round) / eachMs(other, round))
  })
  return ratioOverRounds(ratios)
}

export function partsOf(
  processes: readonly TextsProcess[],
  at: number,
  { batch, paddedShare }: Pick<EmbeddingWay, 'batch' | 'paddedShare'>,
): EmbeddingParts {
  const over = (of?: (pass: Pass) => number) => median(processes.map(({ ways }) => eachOf(ways[at]!, of)))
  const timed = (id: EmbeddingPart['id'], of: (pass: Pass) => number): EmbeddingPart => ({ id, ms: over(of), how: 'timed' })
  const totalMs = over()
  const model = timed('model', (pass) => pass.modelMs)
  const wasteMs = model.ms * paddedShare
  const parts: EmbeddingPart[] = [
    timed('tokenize', (pass) => pass.tokenizeMs),
    timed('padding', (pass) => pass.paddingMs),
    ...(wasteMs > 0
      ? ([
          { id: 'model', ms: model.ms - wasteMs, how: 'computed' },
          { id: 'model-padding', ms: wasteMs, how: 'computed' },
        ] as const)
      : [model]),
    timed('pooling', (pass) => pass.poolingMs),
    timed('normalization', (pass) => pass.normalizeMs),
  ]
  const known = parts.reduce((sum, { ms }) => sum + ms, 0)
  return { batch, totalMs, parts: [...parts, { id: 'unexplained', ms: totalMs - known, how: 'rest' }] }
}
