// The search: each candidate on top of what is kept so far, faster in pairs of processes and equal by the gate, within the budget.
import fs from 'node:fs'
import { firstLineOf, InputError } from '@whyslow/graph/input-error.ts'
import { LEAST_PAIRS } from '@whyslow/measure/statistics/index.ts'
import { significant } from '@whyslow/measure/statistics/numbers.ts'
import { reasonInWords, type Trial } from '@whyslow/measure/trials/port.ts'
import type { GenerationTrial } from '@whyslow/report/documents/generation.ts'
import { ratioWithInterval } from '../measure/summarize.ts'
import type { Answer, Divergence, FedText } from './answers.ts'
import type { Bench, Prompts } from './bench.ts'
import { firstOf, lookTokens } from './budget.ts'
import type { Application, Candidate, CandidateContext } from './candidate.ts'
import { type Duel, type DuelPlan, duel, isDoubtful, isFaster, LEAST_GAIN, mayBeFaster } from './duel.ts'
import { divergences, type EqualityJudgement, type Gate, judge, type Ratings, type Scores } from './equality.ts'
import { lossOf, type Metric, type Score } from './metric.ts'
import type { GeneratorSetup } from './setup.ts'

export interface SearchPlan {
  readonly bench: Bench
  readonly base: GeneratorSetup
  /** Shows the original's logits: `base`, or the same model on another engine; null: nothing can. */
  readonly reference: GeneratorSetup | null
  readonly candidates: readonly Candidate[]
  /** Prompts of a first look at equality, and for how many tokens. */
  readonly look: { readonly prompts: Prompts; readonly tokens: number }
  readonly duel: Omit<DuelPlan, 'bench'>
  readonly gate: Omit<Gate, 'lossless'>
  /** The user's own, which judges what is lossy; null: perplexity and near ties do. */
  readonly metric: { readonly of: Metric; readonly before: Score } | null
  readonly known: CandidateContext
  /** Whether there is time for another candidate. */
  readonly hasTime: () => boolean
  readonly onTrial?: (trial: GenerationTrial) => void
  readonly signal?: AbortSignal | undefined
}

export interface KeptRemedy {
  readonly id: string
  readonly effect: Candidate['effect']
  readonly changes: readonly string[]
  /** The setup with it and all kept before it. */
  readonly setup: GeneratorSetup
}

/** The reason that a user reads of what was not tried. */
export const NO_TIME = 'the budget ended before it; give --budget for more time'

export interface GenerationSearch {
  readonly tried: readonly GenerationTrial[]
  readonly kept: readonly KeptRemedy[]
}

export async function search(plan: SearchPlan): Promise<GenerationSearch> {
  const tried = new Map<Candidate, GenerationTrial>()
  const kept: KeptRemedy[] = []
  const lost = new Map<string, string>()
  let standing = looked(plan)
  const skipped: Candidate[] = []
  const tryNext = async (candidate: Candidate): Promise<void> => {
    plan.signal?.throwIfAborted()
    const setup = kept.at(-1)?.setup ?? plan.base
    const careful = lost.get(candidate.family ?? candidate.id)
    const why = careful === undefined ? (plan.hasTime() ? null : NO_TIME) : `${careful}, which is more careful`
    const { trial, won } =
      why === null ? await tryOne(plan, candidate, setup, standing) : { trial: row(candidate, 'does not apply', why), won: null }
    // A second turn that does not apply changes nothing about what the first one measured.
    if (trial.outcome !== 'does not apply' || (tried.get(candidate)?.timePerTokenRatio ?? null) === null)
      tried.set(candidate, trial)
    if (careful !== undefined) skipped.push(candidate)
    if (trial.outcome !== 'does not apply') plan.onTrial?.(trial)
    if (candidate.family !== undefined && (trial.outcome === 'not equal' || trial.outcome === 'not faster'))
      lost.set(candidate.family, `${candidate.id} is ${trial.outcome}`)
    if (won === null) return
    const { applied, answers } = won
    kept.push({ id: candidate.id, effect: candidate.effect, ...applied })
    if (candidate.effect === 'lossy' || !standing.isOriginal) standing = { answers, isOriginal: false }
  }
  const undecided: { readonly candidate: Candidate; readonly on: number }[] = []
  for (const candidate of plan.candidates) {
    await tryNext(candidate)
    if (isUndecided(tried.get(candidate)!)) undecided.push({ candidate, on: kept.length })
  }
  // What was kept since then took time away, of which this is a larger share now.
  for (const { candidate, on } of undecided) {
    if (kept.length === on || !plan.hasTime()) continue
    lost.delete(candidate.family ?? candidate.id)
    await tryNext(candidate)
    // Those less careful were left out because it was no gain.
    for (const other of skipped.filter(({ family }) => family === candidate.family)) await tryNext(other)
  }
  return { tried: [...tried.values()], kept }
}

/** Not faster with significance, though the median of its pairs says so. */
const isUndecided = ({ outcome, timePerTokenRatio: ratio }: GenerationTrial): boolean =>
  outcome === 'not faster' && ratio !== null && ratio.value < LEAST_GAIN

/** What a lossless candidate must answer: the same as the setup that it is tried on. */
interface Standing {
  readonly answers: readonly Answer[]
  /** Nothing lossy was kept: these are the original's answers. */
  readonly isOriginal: boolean
}

interface Outcome {
  readonly trial: GenerationTrial
  /** What is kept, and its answers; null: nothing. */
  readonly won: { readonly applied: Extract<Application, { setup: GeneratorSetup }>; readonly answers: readonly Answer[] } | null
}

async function tryOne(plan: SearchPlan, candidate: Candidate, setup: GeneratorSetup, standing: Standing): Promise<Outcome> {
  const applied = await applyCandidate(candidate, setup, plan.known, plan.signal)
  const lost = (outcome: GenerationTrial['outcome'], reason: string, found: Duel | null = null): Outcome => {
    // A copy of the model for each candidate would fill the disk before the search ends.
    if ('folder' in applied) fs.rmSync(applied.folder, { recursive: true, force: true })
    return { trial: row(candidate, outcome, reason, found), won: null }
  }
  if ('reason' in applied) return lost(applied.failed === true ? 'failed' : 'does not apply', applied.reason)
  const compare = (most: number, before: Duel['readings'] = []) =>
    duel(setup, applied.setup, { ...plan.duel, bench: plan.bench, most }, before)
  // Tokens take less time than pairs, and most of what is lossy fails by them: one pair shows whether they are worth it.
  const isLossy = candidate.effect === 'lossy'
  let compared = await compare(isLossy ? 1 : plan.duel.most)
  if (isLossy && compared.outcome === 'measured' && isDoubtful(compared.value))
    compared = await compare(2, compared.value.readings)
  if (compared.outcome !== 'measured') return lost('failed', reasonInWords(compared))
  if (!(isLossy ? mayBeFaster(compared.value) : isFaster(compared.value)))
    return lost('not faster', timesText(compared.value), compared.value)
  const judged = await lookedAt(plan, { effect: candidate.effect, before: setup, after: applied.setup }, standing)
  if (judged.outcome !== 'measured') return lost('failed', reasonInWords(judged), compared.value)
  const { passes, equality, answers } = judged.value
  if (!passes) return lost('not equal', equality.sentence, compared.value)
  if (isLossy) compared = await compare(plan.duel.most, compared.value.readings)
  if (compared.outcome !== 'measured') return lost('failed', reasonInWords(compared))
  const found = compared.value
  if (!isFaster(found)) return lost('not faster', timesText(found), found)
  return { trial: row(candidate, 'kept', `${timesText(found)}; ${equality.sentence}`, found), won: { applied, answers } }
}

/** One candidate's failure is its own: the others go on. Throws the signal's reason alone. */
export async function applyCandidate(
  candidate: Candidate,
  setup: GeneratorSetup,
  known: CandidateContext,
  signal: AbortSignal | undefined,
): Promise<Application> {
  try {
    return await candidate.apply(setup, known)
  } catch (error) {
    signal?.throwIfAborted()
    return error instanceof InputError ? { reason: error.message } : { reason: firstLineOf(error), failed: true }
  }
}

/** The first look at equality: the original's answers to fewer prompts, and fewer tokens of them, than in the last proof. */
function looked({ look: { prompts, tokens }, known }: SearchPlan): Standing {
  const answers = known.answers.slice(0, prompts.length).map(({ prompt, ids }) => ({ prompt, ids: ids.slice(0, tokens) }))
  return { answers, isOriginal: true }
}

interface Tried {
  readonly effect: Candidate['effect']
  readonly before: GeneratorSetup
  readonly after: GeneratorSetup
}

/**
 * What is lossy is compared with the original; what is lossless with the setup that it is tried on. Behind products of int8, a graph that computes the same
 * in another order rounds to other tokens: there it is compared with the original, as what it is tried on was.
 */
async function lookedAt(plan: SearchPlan, tried: Tried, { answers, isOriginal }: Standing): Promise<Trial<JudgedAnswers>> {
  const { effect, before, after } = tried
  const asLossy = () => judgeSetup(plan, after, looked(plan).answers, false)
  if (effect === 'lossy') return asLossy()
  // All answers are there for a metric; whether tokens are equal takes a few.
  const few = firstOf(answers).map((answer) => ({ ...answer, ids: answer.ids.slice(0, lookTokens(answer.ids.length)) }))
  const judged = await judgeSetup(plan, after, few, true)
  if (judged.outcome !== 'measured' || isOriginal) return judged
  const { equality, ...rest } = judged.value
  if (!rest.passes && before.source !== after.source) return asLossy()
  const sentence = `compared with what was kept before it, ${equality.sentence}`
  return { outcome: 'measured', value: { ...rest, equality: { ...equality, sentence } } }
}

export interface JudgedAnswers extends EqualityJudgement {
  /** Answers of the setup that was judged. */
  readonly answers: readonly Answer[]
}

/** Answers of `setup` to the prompts of `original`, as the gate judges them. */
export async function judgeSetup(
  { bench, reference, gate, known, metric }: Pick<SearchPlan, 'bench' | 'reference' | 'gate' | 'known' | 'metric'>,
  setup: GeneratorSetup,
  original: readonly Answer[],
  lossless: boolean,
): Promise<Trial<JudgedAnswers>> {
  const prompts = original.map(({ prompt }) => prompt)
  const tokens = Math.max(...original.map(({ ids }) => ids.length))
  const answered = await answersInParts(bench, setup, prompts, tokens)
  if (answered.outcome !== 'measured') return answered
  const other = answered.value
  const judged = (said: Ratings | Scores | null): Trial<JudgedAnswers> => ({
    outcome: 'measured',
    value: { ...judge(original, other, said, { ...gate, lossless }), answers: other },
  })
  if (!lossless && metric !== null) {
    try {
      return judged(await scoresOf(metric, other))
    } catch (error) {
      // What a metric cannot score is one candidate's failure.
      if (error instanceof InputError) return { outcome: 'failed', reason: error.message }
      throw error
    }
  }
  if (lossless || reference === null) return judged(null)
  const ratings = await ratingsOf({ bench, reference, known }, setup, { original, other })
  return ratings.outcome === 'measured' ? judged(ratings.value) : ratings
}

/** Prompts that one process answers: with more, a slow model would not end in the time that a process has. */
const PART = 20

/** As `bench.answers`, a process for each part of the prompts. */
export async function answersInParts(
  bench: Pick<Bench, 'answers'>,
  setup: GeneratorSetup,
  prompts: Prompts,
  tokens: number,
): Promise<Trial<readonly Answer[]>> {
  const answers: Answer[] = []
  for (let from = 0; from < prompts.length; from += PART) {
    const part = await bench.answers(setup, prompts.slice(from, from + PART), tokens)
    if (part.outcome !== 'measured') return part
    answers.push(...part.value)
  }
  return { outcome: 'measured', value: answers }
}

async function scoresOf({ of, before }: NonNullable<SearchPlan['metric']>, answers: readonly Answer[]): Promise<Scores> {
  const after = await of.score(textsOf(answers.slice(0, of.count)))
  return { metric: { name: of.name, before: before.value, after: after.value }, loss: lossOf(before, after) }
}

/** Throws InputError if nobody can make text of the answers' ids. */
export const textsOf = (answers: readonly Answer[]): readonly string[] =>
  answers.map(({ text }) => {
    if (text === undefined) throw new InputError('the engine gives no texts, which --metric scores; leave --metric out')
    return text
  })

async function ratingsOf(
  { bench, reference, known }: { readonly bench: Bench; readonly reference: GeneratorSetup; readonly known: CandidateContext },
  setup: GeneratorSetup,
  { original, other }: { readonly original: readonly Answer[]; readonly other: readonly Answer[] },
): Promise<Trial<Ratings>> {
  const rated = known.hasEncoder
    ? known.answers.map((answer) => fedText(answer, null, known))
    : known.texts.map((ids): FedText => ({ ids, divergence: null }))
  const differing = divergences(original, other).flatMap((found, at): FedText[] =>
    found === null ? [] : [fedText(original[at]!, found, known)],
  )
  const ofOriginal = await bench.rating(reference, [...rated, ...differing])
  if (ofOriginal.outcome !== 'measured') return ofOriginal
  const ofOther = await bench.rating(setup, rated)
  if (ofOther.outcome !== 'measured') return ofOther
  return { outcome: 'measured', value: { original: ofOriginal.value, other: ofOther.value } }
}

/** A prompt and its answer, as one text or behind an encoder that reads the prompt. */
function fedText({ prompt, ids }: Answer, divergence: Divergence | null, { hasEncoder = false }: CandidateContext): FedText {
  if (hasEncoder) return { source: prompt, ids, divergence }
  return {
    ids: [...prompt, ...ids],
    divergence: divergence === null ? null : { ...divergence, at: prompt.length + divergence.at },
  }
}

function row({ id }: Candidate, outcome: GenerationTrial['outcome'], reason: string, found: Duel | null = null): GenerationTrial {
  return { remedy: id, outcome, reason, timePerTokenRatio: found === null ? null : ratioWithInterval(found.perToken) }
}

/** 'a token takes 0.41 of the time (0.38–0.44), the first one 1.01'; few pairs are told. */
export function timesText({ perToken, first, readings: { length } }: Duel): string {
  const { ratio, ratioLow, ratioHigh } = perToken
  const range = `${significant(ratioLow, 2)}–${significant(ratioHigh, 2)}`
  const interval = length >= LEAST_PAIRS ? range : length === 1 ? 'one pair' : `${range} in ${length} pairs`
  return `a token takes ${significant(ratio, 2)} of the time (${interval}), the first one ${significant(first.ratio, 2)}`
}
