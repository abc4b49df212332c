// A generator on a scripted clock: every time is planted, so that what measuring says of it can be worked out by hand.
import type { GeneratedToken, Generation, GenerationRequest, Generator, Sequence } from '@whyslow/generation/generator.ts'

export interface Script {
  readonly openMs?: number
  /** A step with m tokens at depth d: fixed + d × perDepth + (m - 1) × perMore. */
  readonly fixedMs?: number
  readonly perDepthMs?: number
  readonly perMoreMs?: number
  /** Added around the engine's call of each step. */
  readonly feedsMs?: number
  /** Of the first call of a process, added to its first token. */
  readonly coldMs?: number
  /** Added to the gap before the token of this place in a call. */
  readonly jitterMs?: (token: number) => number
  /** Tokens in one chunk; above 1 the engine gives text alone. */
  readonly bundle?: number
  readonly hasSteps?: boolean
  readonly context?: number | null
  /** A text ends by itself after so many tokens. */
  readonly endsAfter?: number
  /** Most sequences at the same time. */
  readonly sequences?: number
  readonly encodeMs?: number | null
  /** How many sequences the engine says that it holds. */
  readonly said?: number | null
  /** Whether it counts the tokens that it generates. */
  readonly counts?: boolean
  readonly takesTexts?: boolean
  readonly takesIds?: boolean
  /** Why the request of this place fails; false: it does not. */
  readonly fails?: (request: number) => string | false
  /** Threads that its package would take by itself. */
  readonly defaultThreads?: number
  /** Most tokens that one step takes. */
  readonly feedsMost?: number
}

export interface Scripted {
  readonly open: () => Promise<Generator>
  readonly now: () => number
  /** What was requested, in order. */
  readonly requests: GenerationRequest[]
  /** The lengths that sequences were started for. */
  readonly starts: (number | undefined)[]
  /** Sequences that were not closed. */
  readonly openSequences: () => number
}

const VOCABULARY = 100
const END = 7

export function scriptedGenerator(script: Script = {}): Scripted {
  const {
    openMs = 500,
    fixedMs = 10,
    perDepthMs = 0.01,
    perMoreMs = 1,
    feedsMs = 0,
    coldMs = 0,
    bundle = 1,
    hasSteps = true,
  } = script
  const { jitterMs = () => 0, endsAfter = 40, context = 4096, sequences = 100, encodeMs = null, said = null } = script
  const { counts = true, takesTexts = bundle > 1, takesIds = true, fails = () => false, feedsMost = 1e9 } = script
  let clockMs = 0
  let alive = 0
  const requests: GenerationRequest[] = []
  const starts: (number | undefined)[] = []
  const stepMs = (depth: number, tokens: number) => fixedMs + depth * perDepthMs + (tokens - 1) * perMoreMs

  function start(longest?: number): Sequence {
    starts.push(longest)
    if (alive === sequences) throw new Error('no more sequences')
    alive++
    let length = 0
    return {
      get length() {
        return length
      },
      async feed(ids) {
        if (ids.length > feedsMost) throw new Error(`no more than ${feedsMost} at once`)
        const runMs = stepMs(length, ids.length)
        clockMs += runMs + feedsMs
        length += ids.length
        return { logits: new Float32Array(), positions: 0, runMs, feedsMs }
      },
      cut(to) {
        if (to > length) throw new Error('cut is no feed')
        length = to
      },
      close() {
        alive--
      },
    }
  }

  async function generate(request: GenerationRequest, onToken: (token: GeneratedToken) => void = () => {}): Promise<Generation> {
    const reason = fails(requests.length)
    requests.push(request)
    if (reason !== false) throw new Error(reason)
    const began = clockMs
    const prompt = typeof request.prompt === 'string' ? request.prompt.split(' ').length : request.prompt.length
    const ends = request.ignoreEnd ? request.newTokens : Math.min(request.newTokens, endsAfter)
    const tokens: GeneratedToken[] = []
    let decodeRunMs = 0
    const prefillRunMs = stepMs(0, prompt) + (requests.length === 1 ? coldMs : 0)
    for (let k = 0; k < ends; k++) {
      const runMs = k === 0 ? prefillRunMs : stepMs(prompt + k, 1) + jitterMs(k)
      if (k > 0) decodeRunMs += runMs
      clockMs += runMs + feedsMs
      const isShown = (k + 1) % bundle === 0 || k === ends - 1
      if (!isShown) continue
      const token =
        bundle > 1 ? { id: null, text: 'abcd', atMs: clockMs - began } : { id: k % 5, text: null, atMs: clockMs - began }
      tokens.push(token)
      onToken(token)
    }
    return {
      tokens,
      promptTokens: prompt,
      cachedTokens: 0,
      generatedTokens: counts ? ends : null,
      ended: ends < request.newTokens ? 'end' : 'length',
      totalMs: clockMs - began,
      parts: bundle > 1 ? {} : { prefillRunMs, decodeRunMs, feedsMs: feedsMs * ends },
    }
  }

  const encode = (text: string) => {
    clockMs += encodeMs ?? 0
    return text.split(' ').map((word) => (word.length * 31 + word.charCodeAt(0)) % VOCABULARY)
  }

  return {
    async open() {
      clockMs += openMs
      return {
        engine: 'scripted',
        versions: { scripted: '1.0.0' },
        vocabulary: bundle > 1 ? null : VOCABULARY,
        context,
        endIds: [END],
        encode: encodeMs === null ? null : encode,
        decode: null,
        generate,
        ...{ takesTexts, takesIds },
        start: hasSteps ? start : null,
        ...(said === null ? {} : { sequences: said }),
        ...(script.defaultThreads === undefined ? {} : { threads: 2, defaultThreads: script.defaultThreads }),
        close: async () => {},
      }
    },
    now: () => clockMs,
    requests,
    starts,
    openSequences: () => alive,
  }
}
