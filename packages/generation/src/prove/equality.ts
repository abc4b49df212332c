// Whether a faster generator still says the same. Lossless remedies must give the very ids. Others may choose another token only where the original
// itself was all but undecided, and must rate natural texts as it does: perplexity at most 1 % above. Texts that the original generated would be
// no measure: it chose them because it rates them best, and whatever differs from it must lose on them. A metric of the user's own decides in place of both.
// `accuracy_level` 4 of MatMulNBits, which onnxruntime chooses by itself on some machines, flips tokens that are not close (onnxruntime#29849): this refuses it.
import { significant } from '@whyslow/measure/statistics/numbers.ts'
import type { GenerationEquality, GenerationMetric } from '@whyslow/report/documents/generation.ts'
import { type Answer, type Divergence, divergenceOf, type Rating } from './answers.ts'
import { metricText } from './metric.ts'

/** Logits closer than this are a near tie: the second token is at least 0.6 times as probable as the first. */
export const NEAR_TIE = 0.5
/** What perplexity may lose unless --max-loss says otherwise. */
export const DEFAULT_LOSS = 0.01

export interface Gate {
  readonly lossless: boolean
  /** Largest share by which perplexity may rise, or loss of the user's metric. */
  readonly maxLoss: number
  /** The user allowed a loss: tokens may differ where the original was decided, and that is counted and said. */
  readonly allowsOthers: boolean
}

/** What the original and the other say of the same texts, and how clear the original's choice was at each divergence; null: an engine shows no logits. */
export interface Ratings {
  readonly original: Rating
  readonly other: Rating
}

/** What the user's own metric says of both. */
export interface Scores {
  readonly metric: GenerationMetric
  /** The metric's own unit; below 0: the other is better. */
  readonly loss: number
}

/** Sums of shares differ in their last digits. */
const FLOAT_SLACK = 1e-9

export interface EqualityJudgement {
  readonly equality: GenerationEquality
  readonly passes: boolean
}

export const divergences = (original: readonly Answer[], other: readonly Answer[]): readonly (Divergence | null)[] =>
  original.map((answer, at) => divergenceOf(answer, other[at]!))

/** Throws if `other` answers other prompts. */
export function judge(
  original: readonly Answer[],
  other: readonly Answer[],
  said: Ratings | Scores | null,
  { lossless, maxLoss, allowsOthers }: Gate,
): EqualityJudgement {
  const [ratings, scores] = said === null ? [null, null] : 'metric' in said ? [null, said] : [said, null]
  if (original.length !== other.length) throw new Error(`${original.length} answers, and ${other.length} of the other`)
  const found = divergences(original, other)
  const prompts = original.length
  const tokensPerPrompt = Math.max(0, ...original.map(({ ids }) => ids.length))
  const equal = found.filter((one) => one === null).length
  const nearTies = (ratings?.original.gaps ?? []).filter((gap) => gap < NEAR_TIE).length
  const perplexityRatio = ratings === null ? null : ratioOf(ratings)
  const metric = scores === null ? {} : { metric: scores.metric }
  const facts = { prompts, tokensPerPrompt, equal, nearTies, perplexityRatio, ...metric }
  const others = prompts - equal - nearTies
  const isRatedAlike = perplexityRatio !== null && perplexityRatio <= 1 + maxLoss
  const isAlike = scores === null ? isRatedAlike && (others === 0 || allowsOthers) : scores.loss <= maxLoss + FLOAT_SLACK
  return {
    equality: { ...facts, sentence: sentenceOf({ ...facts, others, lossless, maxLoss, scores }) },
    passes: lossless ? equal === prompts : isAlike,
  }
}

const ratioOf = ({ original, other }: Ratings): number => Math.exp(other.nats / other.tokens - original.nats / original.tokens)

interface Facts extends Omit<GenerationEquality, 'sentence'> {
  readonly others: number
  readonly lossless: boolean
  readonly maxLoss: number
  readonly scores: Scores | null
}

function sentenceOf(facts: Facts): string {
  const { prompts, tokensPerPrompt, equal, nearTies, others, perplexityRatio, lossless, maxLoss, scores } = facts
  const of = `${prompts} ${prompts === 1 ? 'prompt' : 'prompts'} × ${tokensPerPrompt} tokens`
  const tokens =
    equal === prompts
      ? `all tokens are equal (${of}, greedy)`
      : `${equal} of ${of} are equal token by token${scores === null && !(lossless && perplexityRatio === null) ? `; ${differ(nearTies, others, perplexityRatio === null)}` : ''}`
  if (scores !== null) {
    const limit =
      scores.loss > maxLoss + FLOAT_SLACK ? `: a loss of ${significant(scores.loss, 2)}, more than the ${maxLoss} allowed` : ''
    return `${tokens}; ${metricText(scores.metric)}${limit}`
  }
  if (lossless || perplexityRatio === null) return tokens
  const change = perplexityRatio - 1
  const limit = change > maxLoss ? `, more than the ${inPercent(maxLoss)} allowed` : ''
  return `${tokens}; perplexity ${change >= 0 ? 'rises' : 'falls'} by ${inPercent(Math.abs(change))}${limit}`
}

/** Finer than a whole percent: the limit is one. */
const inPercent = (share: number): string => `${significant(100 * share, 2)} %`

function differ(nearTies: number, others: number, isUnknown: boolean): string {
  if (isUnknown) return `${others} differ, and no logits say how clear the choice was`
  const near = nearTies === 0 ? '' : `${nearTies} first differ at a near tie (logits closer than ${NEAR_TIE})`
  const clear = others === 0 ? '' : `${others} first differ without a near tie`
  return [near, clear].filter(Boolean).join(', ')
}
