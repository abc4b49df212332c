// How long the search takes: what `--budget` says, or a default that grows with the time of a token, and how long the last proof takes after it.
import { LEAST_PAIRS } from '@whyslow/measure/statistics/index.ts'
import { durationInWords } from '@whyslow/measure/statistics/numbers.ts'
import { PROCESS_MS } from '@whyslow/measure/trials/limits.ts'
import { COLD_TOKENS } from './times.ts'

/** Calls of one process of a pair, the first of which is cold, and the new tokens of the others: the median of three does not see what disturbs one. */
export const CALLS = 4
export const CALL_TOKENS = 48
/** Pairs of processes at most: of a candidate, and of the whole folder at the end, where so many tell in spite of disturbed ones. */
export const MOST_PAIRS = 6
export const PROOF_PAIRS = 12
/** What is proven last: greedy tokens of so many prompts, each so long. */
export const PROOF_PROMPTS = 20
export const PROOF_TOKENS = 128
/** A first look at a candidate's tokens. */
const LOOK_PROMPTS = 6
const LOOK_TOKENS = 48
/** The prompts or answers of a first look, and how many of the tokens of each it takes. */
export const firstOf = <T>(all: readonly T[]): readonly T[] => all.slice(0, LOOK_PROMPTS)
export const lookTokens = (tokens: number): number => Math.min(LOOK_TOKENS, tokens)

const USUAL_SECONDS = 75
const MOST_SECONDS = 900
/** Candidates that get so far as to be compared in pairs, where nothing is known yet. */
const PROVEN = 6

export interface Pace {
  readonly openMs: number
  readonly firstMs: number
  readonly perTokenMs: number
}

export interface Budget {
  readonly seconds: number
  readonly isDefault: boolean
  /** The original's answers and the last proof, which are not part of it. */
  readonly proofSeconds: number
  /** Prompts of the last proof. */
  readonly prompts: number
}

export function budgetFor(given: number | null, { openMs, firstMs, perTokenMs }: Pace, prompts: number): Budget {
  const call = (tokens: number) => firstMs + tokens * perTokenMs
  const processMs = PROCESS_MS + openMs + call(COLD_TOKENS) + (CALLS - 1) * call(CALL_TOKENS)
  const wanted = (PROVEN * 2 * LEAST_PAIRS * processMs) / 1000
  const grown = Math.min(MOST_SECONDS, Math.max(USUAL_SECONDS, Math.ceil(wanted)))
  const proofMs = 2 * prompts * call(PROOF_TOKENS) + 2 * LEAST_PAIRS * processMs
  return { seconds: given ?? grown, isDefault: given === null, proofSeconds: Math.ceil(proofMs / 1000), prompts }
}

/** The plan, as it is printed before the search. */
export function budgetPlan({ seconds, isDefault, proofSeconds, prompts }: Budget): string {
  const less = isDefault ? '--budget 60s for less' : '--budget'
  return `Then the remedies: about ${durationInWords(seconds)} (${less}), and the proof on ${prompts} prompts × ${PROOF_TOKENS} tokens: about ${durationInWords(proofSeconds)}.`
}
