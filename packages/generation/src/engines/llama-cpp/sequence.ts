// Steps of llama.cpp through node-llama-cpp. Its engine gives the next token, or the probabilities of all as a map, which takes longer than a step of a small
// model. So a step is timed as it is in use, with a token, and the probabilities are those of the last position evaluated once more, untimed. A greedy loop
// takes the engine's own token: without options it is the most probable one.
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Sequence, Step } from '../../generator.ts'
import type { Evaluation, LlamaSequence, Token } from './module.ts'

export interface Limits {
  readonly context: number
  readonly vocabulary: number
}

export function sequenceOf(sequence: LlamaSequence, { context, vocabulary }: Limits): Sequence {
  // The engine's own sequence is the same for all: an empty cache first.
  let ready: Promise<unknown> = sequence.clearHistory()
  let length = 0
  const erase = (from: number) => sequence.eraseContextTokenRanges([{ start: from, end: sequence.nextTokenIndex }])
  const loop = tokenLoop(sequence)
  const step = async (ids: readonly Token[], logits: 'last' | 'all' | 'none'): Promise<Step> => {
    const started = performance.now()
    if (logits === 'all') {
      const items = ids.map((id) => [id, { generateNext: { token: true, probabilities: true } }] as const)
      const evaluated = await sequence.controlledEvaluate(items)
      const runMs = performance.now() - started
      return { logits: logitsOf(evaluated, vocabulary), positions: ids.length, runMs, feedsMs: 0 }
    }
    await loop.next(ids)
    const runMs = performance.now() - started
    if (logits === 'none') return { logits: new Float32Array(0), positions: 0, runMs, feedsMs: 0 }
    await erase(sequence.nextTokenIndex - 1)
    const again = await sequence.controlledEvaluate([[ids.at(-1)!, { generateNext: { probabilities: true } }]])
    return { logits: logitsOf(again, vocabulary), positions: 1, runMs, feedsMs: 0 }
  }
  const inTurn = async <T>(ids: readonly Token[], evaluate: () => Promise<T>): Promise<T> => {
    if (length + ids.length > context)
      throw new InputError(
        `the context holds ${context} tokens, and ${length + ids.length} would be needed; give a shorter prompt`,
      )
    length += ids.length
    const answer = ready.then(evaluate)
    ready = answer.catch(() => {})
    return answer
  }
  return {
    get length() {
      return length
    },
    feed: (ids, logits) => inTurn(ids, () => step(ids, logits)),
    next: (ids) => inTurn(ids, () => loop.next(ids)),
    cut(to) {
      length = Math.min(length, to)
      ready = ready.then(() => erase(to))
    },
    close() {
      ready = ready.then(async () => {
        await loop.end()
        await sequence.clearHistory()
      })
    },
  }
}

/**
 * The most probable token after those that are fed. One loop of the package for all steps: a call of its own for each makes a sampler anew, with room for the
 * whole vocabulary.
 */
function tokenLoop(sequence: LlamaSequence) {
  let tokens: ReturnType<LlamaSequence['evaluate']> | null = null
  return {
    async next(ids: readonly Token[]): Promise<Token> {
      const begun = tokens ?? sequence.evaluate(ids, { temperature: 0, yieldEogToken: true })
      const given = tokens === null ? begun.next() : begun.next(ids)
      // What fails has ended.
      tokens = null
      const { value } = await given
      if (value === undefined) throw new Error('llama.cpp gave no next token')
      tokens = begun
      return value
    },
    async end(): Promise<void> {
      await tokens?.return()
      tokens = null
    },
  }
}

/** Logarithms of probabilities: logits up to a constant for each position. A token without a probability has one too small to be said. */
function logitsOf(evaluated: readonly (Evaluation | undefined)[], vocabulary: number): Float32Array {
  const rows = evaluated.flatMap((one) => (one?.next.probabilities === undefined ? [] : [one.next.probabilities]))
  const logits = new Float32Array(rows.length * vocabulary).fill(SMALLEST)
  for (const [row, probabilities] of rows.entries())
    for (const [token, probability] of probabilities) logits[row * vocabulary + token] = Math.max(SMALLEST, Math.log(probability))
  return logits
}

/** The logarithm of the smallest float32 that is not 0. */
const SMALLEST = Math.log(1.4e-45)
