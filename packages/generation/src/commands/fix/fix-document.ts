// What `fix` found, as its part of the document, and the sentence that answers.
import { significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { GenerationDocument, GenerationFix, GenerationTrial } from '@whyslow/report/documents/generation.ts'
import { ratioWithInterval } from '../../measure/summarize.ts'
import type { WholeProof } from '../../prove/prove-whole.ts'

interface Found {
  readonly tried: readonly GenerationTrial[]
  /** Absent: nothing is proven, and `sentence` says why. */
  readonly proven?: WholeProof
  readonly folder?: string | null
  readonly sentence: string
}

export function fixOf({ tried, proven, folder = null, sentence }: Found): GenerationFix {
  if (proven === undefined) {
    const equality = { prompts: 0, tokensPerPrompt: 0, equal: 0, nearTies: 0, perplexityRatio: null, sentence }
    return { tried, kept: [], folder: null, timePerTokenRatio: null, firstTokenRatio: null, equality }
  }
  const { perToken, first } = proven.compared
  return {
    ...{ tried, folder },
    kept: proven.kept.map(({ id }) => id),
    timePerTokenRatio: ratioWithInterval(perToken),
    firstTokenRatio: ratioWithInterval(first),
    equality: proven.judged.equality,
  }
}

/** Trials that were kept and did not pass the last proof. */
export const markDropped = (tried: readonly GenerationTrial[], gone: WholeProof['dropped']): readonly GenerationTrial[] =>
  tried.map((trial) => {
    const found = gone.find(({ id }) => id === trial.remedy && trial.outcome === 'kept')
    return found === undefined ? trial : { ...trial, outcome: found.outcome, reason: `in the last proof, ${found.reason}` }
  })

export function answerOf({ fix, speed, answer }: GenerationDocument): string {
  if (fix === undefined) return answer
  if (fix.timePerTokenRatio === null) return `Nothing was written: ${fix.equality.sentence}.`
  const { value, low, high } = fix.timePerTokenRatio
  const before = speed.timePerTokenMs?.value
  const times = `${significant(1 / value, 2)} times as fast (${significant(1 / high, 2)}–${significant(1 / low, 2)})`
  const changed =
    before === undefined ? `A token comes ${times}` : `A token takes ${time(before * value)} instead of ${time(before)}, ${times}`
  const unchanged = `No remedy makes a token faster. In a folder as fix writes it, the unchanged model needs ${significant(value, 2)} of its time for a token (${significant(low, 2)}–${significant(high, 2)})`
  const token = fix.kept.length === 0 ? unchanged : changed
  const first = fix.firstTokenRatio === null ? '' : `, and the first one ${significant(fix.firstTokenRatio.value, 2)} of its time`
  const written = fix.folder === null ? 'Nothing was written' : `Written: ${fix.folder}`
  return `${token}${first}; ${fix.equality.sentence}. ${written}.`
}
