// A generator without a model: the next token follows from the last two by a rule, so that every answer is known, and each call of the engine is
// counted. Its text is a letter for each token.
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Generator, Sequence, Step } from '../../src/generator.ts'

export interface RuleOptions {
  readonly vocabulary?: number
  readonly context?: number
  readonly endIds?: readonly number[]
  /** The token after `ids`; by default (3a + b + 1) mod vocabulary of the last two. */
  readonly next?: (ids: readonly number[]) => number
  /** Added to the logits after `ids`. */
  readonly bend?: (logits: Float32Array, ids: readonly number[]) => void
  readonly decode?: (ids: readonly number[]) => string
  /** What each call of the engine waits for. */
  readonly before?: () => Promise<void>
  /** Default true. false: cutting to more than nothing throws. */
  readonly canCut?: boolean
  /** Only the last position's logits are given, whatever is asked for. */
  readonly lastOnly?: boolean
}

export interface RuleGenerator extends Generator {
  /** Lengths of the calls so far, in order. */
  readonly calls: readonly number[]
  readonly closed: () => boolean
}

/** The best logit is 10, the others lie between 0 and 1. */
const BEST = 10

export function ruleGenerator({
  vocabulary = 26,
  context = 512,
  endIds = [],
  next = (ids) => (3 * ids.at(-1)! + (ids.at(-2) ?? 0) + 1) % vocabulary,
  bend = () => {},
  before = async () => {},
  canCut = true,
  lastOnly = false,
  decode = (ids) => ids.map((id) => String.fromCharCode(97 + (id % 26))).join(''),
}: RuleOptions = {}): RuleGenerator {
  const calls: number[] = []
  let isClosed = false
  const logitsAfter = (ids: readonly number[]): Float32Array => {
    const logits = Float32Array.from({ length: vocabulary }, (_, id) => ((id * 7 + ids.length) % 11) / 11)
    logits[next(ids)] = BEST
    bend(logits, ids)
    return logits
  }
  const start = (): Sequence => {
    let held: number[] = []
    return {
      get length() {
        return held.length
      },
      async feed(ids, which): Promise<Step> {
        if (held.length + ids.length > context) throw new InputError(`the context holds ${context} tokens`)
        calls.push(ids.length)
        await before()
        const from = which === 'none' ? ids.length : which === 'last' || lastOnly ? ids.length - 1 : 0
        const given = ids.slice(from).map((_, at) => logitsAfter([...held, ...ids.slice(0, from + at + 1)]))
        held = [...held, ...ids]
        const logits = new Float32Array(given.length * vocabulary)
        for (const [at, row] of given.entries()) logits.set(row, at * vocabulary)
        return { logits, positions: given.length, runMs: 1, feedsMs: 0 }
      },
      canCut,
      cut(length) {
        if (!canCut && length > 0) throw new Error('a state cannot be cut')
        held = held.slice(0, length)
      },
      close() {},
    }
  }
  return {
    engine: 'scripted',
    versions: {},
    vocabulary,
    context,
    endIds,
    encode: (text) => [...text].map((letter) => Math.max(0, letter.charCodeAt(0) - 97) % vocabulary),
    decode,
    generate: () => Promise.reject(new Error('its loop is not its own')),
    start,
    calls,
    closed: () => isClosed,
    async close() {
      isClosed = true
    },
  }
}
