// The loop that whyslow ships, over any engine that feeds a sequence step by step: it keeps the sequence between calls, so that a prompt that
// begins as the one before is not computed again, guesses tokens if it is set up so, and decodes each token once.
import { setImmediate as turn } from 'node:timers/promises'
import { InputError } from '@whyslow/graph/input-error.ts'
import { argmax, type Sampler, samplerOf } from '../engines/loop/sampler.ts'
import { stopSearch } from '../engines/loop/stop.ts'
import type { Generation, GenerationRequest, Generator, Sampling, Sequence } from '../generator.ts'
import { textStream } from '../tokenize/text-stream.ts'
import { guessAfter, type LookupSetup, nextCount } from './lookup.ts'

/** Plain data: a child process and a shipped folder are handed it. */
export interface LoopSetup {
  /** What the cache holds of the call before is used again, as far as the prompts agree. */
  readonly prefixCache: boolean
  /** null: one token a call. */
  readonly lookup: LookupSetup | null
}

export interface LoopRequest {
  /** Ids, or a text that the generator's tokenizer encodes. */
  readonly prompt: readonly number[] | string
  readonly maxNewTokens: number
  readonly sampling: Sampling
  readonly stop: readonly string[]
  readonly ignoreEnd?: boolean
  readonly signal?: AbortSignal | undefined
}

/** `text` is '' while the bytes of a character are incomplete, or a stop text may have begun. */
export interface LoopToken {
  readonly id: number
  readonly text: string
}

export interface LoopEnd {
  readonly promptTokens: number
  /** How many of them the cache held. */
  readonly cachedTokens: number
  readonly generatedTokens: number
  /** Tokens that were guessed, and how many of these were right. */
  readonly guessedTokens: number
  readonly rightTokens: number
  /** `length`: as many tokens as were wanted, or as the context holds. */
  readonly ended: 'length' | 'end' | 'stop' | 'aborted'
  /** Text that belongs to no token any more: what was held back when the last one came. */
  readonly rest: string
}

export interface Loop {
  /** Calls wait for each other: there is one sequence. Leaving the iteration early, or the signal, ends the call after the step that runs. */
  generate(request: LoopRequest): AsyncGenerator<LoopToken, LoopEnd, void>
  close(): Promise<void>
}

/** Throws InputError if the engine's loop is its own. */
export function openLoop(generator: Generator, setup: LoopSetup): Loop {
  if (generator.start === null) throw new InputError(`engine ${generator.engine} has a loop of its own; use it`)
  const kept: Kept = { sequence: generator.start(), ids: [] }
  let last: Promise<unknown> = Promise.resolve()
  return {
    async *generate(request) {
      const before = last
      let free: () => void = () => {}
      last = new Promise<void>((resolve) => {
        free = resolve
      })
      await before
      let isWhole = false
      try {
        const end = yield* generation(generator, kept, setup, request)
        isWhole = end.ended !== 'aborted'
        return end
      } finally {
        // Nobody waits for what was left, and after an error it is in doubt what the cache holds.
        if (!isWhole) {
          kept.sequence.close()
          Object.assign(kept, { sequence: generator.start!(), ids: [] })
        }
        free()
      }
    },
    async close() {
      await last
      kept.sequence.close()
      await generator.close()
    },
  }
}

interface Kept {
  sequence: Sequence
  /** What the sequence's cache holds. */
  ids: number[]
}

async function* generation(
  generator: Generator,
  kept: Kept,
  setup: LoopSetup,
  request: LoopRequest,
): AsyncGenerator<LoopToken, LoopEnd, void> {
  const { sampling, stop, signal, ignoreEnd = false } = request
  const prompt = idsOf(generator, request.prompt)
  const most = roomFor(generator, prompt, request.maxNewTokens)
  const isGreedy = sampling.kind === 'greedy' || sampling.temperature === 0
  const steps = stepsOf(kept, isGreedy ? setup.lookup : null, isGreedy ? null : samplerOf(sampling))
  const cachedTokens = await steps.begin(prompt, setup.prefixCache)
  const stream = generator.decode === null ? null : textStream(generator.decode)
  const stops = stopSearch(stop)
  let generatedTokens = 0
  const end = (ended: LoopEnd['ended']): LoopEnd => {
    const rest = stops.push(stream?.end() ?? '') + stops.end()
    const { guessed, right } = steps
    return { promptTokens: prompt.length, cachedTokens, generatedTokens, guessedTokens: guessed, rightTokens: right, ended, rest }
  }
  for (;;) {
    // Engines that compute in this thread leave others no other turn: sockets, timers, the signal.
    await turn()
    if (signal?.aborted) return end('aborted')
    for (const id of await steps.next(most - generatedTokens)) {
      generatedTokens++
      if (!ignoreEnd && generator.endIds.includes(id)) return end('end')
      yield { id, text: stops.push(stream?.push(id) ?? '') }
      if (stops.found) return end('stop')
      if (generatedTokens === most) return end('length')
      if (signal?.aborted) return end('aborted')
    }
  }
}

function idsOf({ encode, engine, vocabulary }: Generator, prompt: readonly number[] | string): readonly number[] {
  if (typeof prompt === 'string') {
    if (encode === null) throw new InputError(`engine ${engine} has no tokenizer: give the prompt as token ids`)
    const ids = encode(prompt)
    if (ids.length === 0) throw new InputError('the prompt has no tokens; give at least one')
    return ids
  }
  if (prompt.length === 0) throw new InputError('the prompt has no tokens; give at least one')
  const wrong = prompt.find((id) => !Number.isInteger(id) || id < 0 || (vocabulary !== null && id >= vocabulary))
  if (wrong !== undefined) throw new InputError(`the prompt holds ${wrong}, which is not an id of the ${vocabulary ?? ''} tokens`)
  return prompt
}

/** Tokens that can follow. Throws InputError if none can. */
function roomFor({ context }: Generator, prompt: readonly number[], wanted: number): number {
  const room = context === null ? wanted : Math.min(wanted, context - prompt.length)
  if (room < 1 && wanted > 0)
    throw new InputError(`the prompt has ${prompt.length} tokens, and the model's context holds ${context}; shorten it`)
  if (!(wanted >= 1)) throw new InputError(`${wanted} new tokens: give at least 1`)
  return room
}

/** The engine's calls, and which tokens come of them. */
interface Steps {
  /** Feeds the prompt; gives how many of its tokens the cache held. */
  begin(prompt: readonly number[], usesCache: boolean): Promise<number>
  /** The next tokens, at least one and at most `most`. */
  next(most: number): Promise<readonly number[]>
  /** Tokens that were guessed, and that were guessed right. */
  readonly guessed: number
  readonly right: number
}

/** `choose`: null for the most probable token. */
function stepsOf(kept: Kept, lookup: LookupSetup | null, choose: Sampler | null): Steps {
  const ahead: number[] = []
  let [guessed, right, last, count] = [0, 0, 0, lookup?.most ?? 0]
  const guesses = (most: number) =>
    lookup === null ? [] : guessAfter([...kept.ids, last], Math.min(count, most - 1), lookup.least)
  const checked = async (guess: readonly number[]): Promise<readonly number[]> => {
    const tokens = guess.length === 0 ? [await chosen(kept, [last], choose)] : []
    if (guess.length === 0) return tokens
    const logits = await fed(kept, [last, ...guess], 'all')
    const width = logits.length / (1 + guess.length)
    for (let at = 0; at <= guess.length; at++) {
      tokens.push(argmax(logits.subarray(at * width, (at + 1) * width)))
      if (tokens[at] !== guess[at]) break
    }
    const rightNow = tokens.length - 1
    cut(kept, kept.ids.length - (guess.length - rightNow))
    guessed += guess.length
    right += rightNow
    count = nextCount(count, guess.length, rightNow, lookup!.most)
    return tokens
  }
  return {
    // The last token of the prompt is fed in any case: its logits choose the first one.
    async begin(prompt, usesCache) {
      const cached = usesCache ? Math.min(agreement(kept.ids, prompt), prompt.length - 1) : 0
      cut(kept, cached)
      ahead.push(await chosen(kept, prompt.slice(cached), choose))
      return cached
    },
    async next(most) {
      const tokens = ahead.length > 0 ? ahead.splice(0) : await checked(guesses(most))
      last = tokens.at(-1)!
      return tokens
    },
    get guessed() {
      return guessed
    },
    get right() {
      return right
    },
  }
}

/** The token after `ids`: the engine's own if it is the most probable one that is wanted. */
async function chosen(kept: Kept, ids: readonly number[], choose: Sampler | null): Promise<number> {
  if (choose !== null || kept.sequence.next === undefined) return (choose ?? argmax)(await fed(kept, ids, 'last'))
  const token = await kept.sequence.next(ids)
  kept.ids.push(...ids)
  return token
}

async function fed(kept: Kept, ids: readonly number[], which: 'last' | 'all'): Promise<Float32Array> {
  const { logits } = await kept.sequence.feed(ids, which)
  kept.ids.push(...ids)
  return logits
}

function cut(kept: Kept, length: number): void {
  if (length === kept.ids.length) return
  kept.sequence.cut(length)
  kept.ids.length = length
}

function agreement(a: readonly number[], b: readonly number[]): number {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length++
  return length
}

/** The generator with this loop in place of the engine's own. */
export function withLoop(generator: Generator, setup: LoopSetup): Generator {
  const loop = openLoop(generator, setup)
  return {
    ...generator,
    async generate({ prompt, newTokens, ignoreEnd, sampling, stop }: GenerationRequest, onToken): Promise<Generation> {
      const startMs = performance.now()
      const tokens: { id: number; text: string; atMs: number }[] = []
      const running = loop.generate({ prompt, maxNewTokens: newTokens, ignoreEnd, sampling, stop })
      for (;;) {
        const { value, done } = await running.next()
        const atMs = performance.now() - startMs
        if (!done) {
          tokens.push({ ...value, atMs })
          onToken?.(tokens.at(-1)!)
          continue
        }
        const { promptTokens, cachedTokens, generatedTokens, ended } = value
        return {
          ...{ tokens, promptTokens, cachedTokens, generatedTokens },
          ended: ended === 'aborted' ? 'length' : ended,
          totalMs: atMs,
          parts: {},
        }
      }
    },
    close: loop.close,
  }
}
