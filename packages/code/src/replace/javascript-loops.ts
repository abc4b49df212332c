// Loops over elements of a JavaScript program and the passes over typed arrays that do the same: written from their syntax (javascript/piece.ts,
// candidates.ts), run in a process of their own on the values that the program's loops saw and on numbers made to tell them apart, and timed in
// turns (javascript/prove.ts). What is not equal bit for bit is not offered; why stands next to it.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { startOf } from '../javascript/exported.ts'
import { userFiles } from '../javascript/user-files.ts'
import { askOnce } from './ask-once.ts'
import { type Candidate, findCandidates, type RefusedPlace } from './javascript/candidates.ts'
import type { ProveAnswer, ProvePlan } from './javascript/plan.ts'
import { type LoopsAnswer, loopsAnswer, replacementOf } from './loop-replacement.ts'

export interface JavascriptQuestion {
  /** Absolute. */
  readonly file: string
  readonly call: string | null
  readonly data: string | null
  /** Arguments of a script. */
  readonly arguments?: readonly string[]
  /** The lines that matter in a file of the user's. */
  readonly hot: (file: string) => readonly number[]
  /** How long to time, of all places together. */
  readonly budgetMs: number
  readonly limitMs: number
  readonly signal?: AbortSignal | undefined
}

interface Placed {
  /** Absolute. */
  readonly file: string
  readonly candidate: Candidate
}

const TYPED = { language: 'javascript', form: 'typed array' } as const
const KERNEL = { language: 'javascript', form: 'kernel with SIMD' } as const

const childFile = (): string => fileURLToPath(new URL('./javascript/child.js', compiledTwin(import.meta.url)))

/** Never throws, but for an aborted signal. */
export async function replaceJavascriptLoops(question: JavascriptQuestion): Promise<LoopsAnswer> {
  const { placed, refused } = candidatesOf(question)
  if (placed.length === 0) return { replacements: [], refused, failed: null, ran: false }
  const { file, call, data, budgetMs } = question
  const candidates = placed.map(({ file: own, candidate: { look, atoms, before, after } }) => ({
    file: own,
    look,
    atoms,
    before,
    after,
  }))
  const program = { file, call, start: startOf(file, call), arguments: question.arguments ?? [] }
  const plan: ProvePlan = { ...program, candidates, budgetMs, data: data === null ? null : path.resolve(data) }
  const { limitMs, signal } = question
  const words = [childFile()]
  const asked = { executable: process.execPath, words, plan: JSON.stringify(plan), answersOn: 'pipe', limitMs, signal } as const
  const told = await askOnce<ProveAnswer>(asked)
  if (typeof told === 'string') return { replacements: [], refused, failed: told, ran: true }
  return answerOf(told, placed, refused)
}

/** What the process's answer says. Exported for its test. */
function answerOf(told: ProveAnswer, placed: readonly Placed[], refused: readonly RefusedPlace[]): LoopsAnswer {
  const all = told.proven.map(({ at, kernel, ...measured }) => {
    const { file, candidate } = placed[at]!
    const { line, endLine, function: name, code } = candidate
    const form = kernel === undefined ? TYPED : KERNEL
    return replacementOf({ ...measured, line, endLine, function: name, code, equal: 'bits', ...kernel }, file, form)
  })
  const unproven = told.refused.map(({ at, reason }) => ({ ...placeOf(placed[at]!), reason }))
  return loopsAnswer(all, { refused: [...refused, ...unproven], failed: told.failed, ran: true })
}

const placeOf = ({ candidate: { line, function: name } }: Placed) => ({ line, function: name })

function candidatesOf({ file, hot }: JavascriptQuestion): {
  readonly placed: readonly Placed[]
  readonly refused: readonly RefusedPlace[]
} {
  const placed: Placed[] = []
  const refused: RefusedPlace[] = []
  for (const { path: own, text } of userFiles(file)) {
    const lines = hot(own)
    if (lines.length === 0) continue
    const isHot = (line: number, endLine: number) => lines.some((one) => one >= line && one <= endLine)
    const found = findCandidates(text, own, isHot)
    placed.push(...found.found.map((candidate) => ({ file: own, candidate })))
    refused.push(...found.refused)
  }
  return { placed, refused }
}
