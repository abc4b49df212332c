// The loop that whyslow ships, over any engine that feeds a sequence step by step: it keeps the sequence between calls, so that a prompt that
// begins as the one before is not computed again, guesses tokens if it is set up so, and decodes each token once.
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { InputError } from '@whyslow/graph/input-error.ts'
import { processorFor } from '../engines/loop/processors.ts'
import { argmax, isGreedy, type Sampler, samplerOf } from '../engines/loop/sampler.ts'
import { stopSearch } from '../engines/loop/stop.ts'
import type { Generation, GenerationRequest, Generator, LogitsProcessor, Media, Sampling, Sequence } from '../generator.ts'
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
  /** What an encoder reads in place of the prompt. */
  readonly media?: Media | undefined
  readonly maxNewTokens: number
  readonly sampling: Sampling
  readonly stop: readonly string[]
  readonly ignoreEnd?: boolean
  /** As in GenerationRequest. */
  readonly plain?: boolean | undefined
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
  /**
   * Calls wait for each other: there is one sequence. Leaving the iteration early, or the signal, ends the call after the step that runs. An iterator
   * whose next token nobody fetches while another call waits loses the sequence after a while: if it is read on, it throws InputError.
   */
  generate(request: LoopRequest): AsyncGenerator<LoopToken, LoopEnd, void>
  close(): Promise<void>
}

/** How long a call that waits lets another one rest on a token: as long as a client that reads slowly may take. */
const LEFT_AFTER_MS = 10_000

/** Throws InputError if the engine's loop is its own. */
export function openLoop(generator: Generator, setup: LoopSetup, { leftAfterMs = LEFT_AFTER_MS } = {}): Loop {
  if (generator.start === null) throw new InputError(`engine ${generator.engine} has a loop of its own; use it`)
  let kept: Kept = { sequence: generator.start(), ids: [] }
  let last: Turn | null = null
  const beginAnew = (source?: Source) => {
    kept.sequence.close()
    kept = { sequence: source === undefined ? generator.start!() : generator.start!(undefined, source), ids: [] }
  }
  const ended = async (before: Turn | null) => {
    if (before === null || (await isFree(before, leftAfterMs))) return
    beginAnew()
    before.isLost = true
    before.free()
  }
  return {
    async *generate(request) {
      const before = last
      const mine = newTurn()
      last = mine
      await ended(before)
      let isWhole = false
      try {
        const source = sourceOf(generator, request)
        // What an encoder reads is read by a sequence of its own.
        if (generator.beginning !== undefined) beginAnew(source)
        const running = generation(generator, kept, { setup, source, request })
        for (;;) {
          const { value, done } = await running.next()
          if (done) {
            isWhole = value.ended !== 'aborted'
            return value
          }
          mine.restsSince = performance.now()
          yield value
          mine.restsSince = null
          if (mine.isLost)
            throw new InputError(
              'another call took over, since this one was not read to the end; read to the end, or call return()',
            )
        }
      } finally {
        // Nobody waits for what was left, and after an error it is in doubt what the cache holds.
        if (!isWhole && !mine.isLost) beginAnew()
        mine.free()
      }
    },
    async close() {
      await ended(last)
      kept.sequence.close()
      await generator.close()
    },
  }
}

/** A call's hold on the sequence. */
interface Turn {
  readonly freed: Promise<void>
  free(): void
  /** When it gave a token whose successor nobody has fetched yet; null: it computes, or waits. */
  restsSince: number | null
  isLost: boolean
}

function newTurn(): Turn {
  let free: () => void = () => {}
  const freed = new Promise<void>((resolve) => {
    free = resolve
  })
  return { freed, free, restsSince: null, isLost: false }
}

/** Waits until the turn is free, or rests longer than a reader would: false, since it has left. */
async function isFree(turn: Turn, leftAfterMs: number): Promise<boolean> {
  for (;;) {
    const asleep = new AbortController()
    const slept = sleep(leftAfterMs, false, { signal: asleep.signal }).catch(() => false)
    const isFreed = await Promise.race([turn.freed.then(() => true), slept])
    asleep.abort()
    if (isFreed) return true
    if (turn.restsSince !== null && performance.now() - turn.restsSince >= leftAfterMs) return false
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
  { setup, source, request }: { readonly setup: LoopSetup; readonly source: Source; readonly request: LoopRequest },
): AsyncGenerator<LoopToken, LoopEnd, void> {
  const { sampling, stop, signal, ignoreEnd = false, plain = false } = request
  const { beginning } = generator
  const prompt = beginning?.ids ?? (source as readonly number[])
  const most = roomFor(generator, prompt, request.maxNewTokens)
  const takesBest = isGreedy(sampling)
  const process = processorFor({ ...beginning, endIds: generator.endIds }, { sampling, plain })
  const choose = processed(process, takesBest ? null : samplerOf(sampling, prompt), {
    prompt,
    // What does not end is not forced to end.
    most: ignoreEnd ? Number.POSITIVE_INFINITY : most,
  })
  // A guess that is wrong is cut off, and one is checked by the logits as they are.
  const lookup = takesBest && choose === null && kept.sequence.canCut !== false ? setup.lookup : null
  const steps = stepsOf(kept, lookup, choose)
  const stream = generator.decode === null ? null : textStream(generator.decode)
  const stops = stopSearch(stop)
  let [generatedTokens, cachedTokens] = [0, 0]
  const end = (ended: LoopEnd['ended']): LoopEnd => {
    const rest = stops.push(stream?.end() ?? '') + stops.end()
    const { guessed, right } = steps
    return { promptTokens: prompt.length, cachedTokens, generatedTokens, guessedTokens: guessed, rightTokens: right, ended, rest }
  }
  // Who has left while others were answered needs no prompt computed.
  if (signal?.aborted) return end('aborted')
  cachedTokens = await steps.begin(prompt, setup.prefixCache && beginning === undefined)
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

type Source = readonly number[] | Media

const sourceOf = (generator: Generator, { prompt, media }: LoopRequest): Source => media ?? idsOf(generator, prompt)

/** Chooses after the logits were changed as files and request say; null: the most probable token, of the logits as they are. */
function processed(
  process: LogitsProcessor | null,
  choose: Sampler | null,
  answer: { readonly prompt: readonly number[]; readonly most: number },
): Sampler | null {
  if (process === null) return choose
  const made: number[] = []
  return (logits) => {
    process(logits, { ...answer, made })
    const id = (choose ?? argmax)(logits)
    made.push(id)
    return id
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
    throw new InputError(`the prompt has ${prompt.length} tokens, and the model's context holds ${context}; shorten it`, {
      code: 'context_length_exceeded',
    })
  if (!(wanted >= 1) || wanted % 1 > 0) throw new InputError(`${wanted} new tokens: give a whole number from 1`)
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
      const agreed = usesCache ? Math.min(agreement(kept.ids, prompt), prompt.length - 1) : 0
      // A state has taken in all that was fed: it goes on as it is, or not at all.
      const cached = agreed < kept.ids.length && kept.sequence.canCut === false ? 0 : agreed
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
  for (const id of ids) kept.ids.push(id)
  return token
}

async function fed(kept: Kept, ids: readonly number[], which: 'last' | 'all'): Promise<Float32Array> {
  const { logits, positions } = await kept.sequence.feed(ids, which)
  if (which === 'all' && positions !== ids.length)
    throw new Error(`the engine gave logits of ${positions} positions of ${ids.length}: prompt lookup needs all; leave it out`)
  for (const id of ids) kept.ids.push(id)
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
    async generate(
      { prompt, media, newTokens, ignoreEnd, sampling, stop, plain }: GenerationRequest,
      onToken,
    ): Promise<Generation> {
      const startMs = performance.now()
      const tokens: { id: number; text: string; atMs: number }[] = []
      const running = loop.generate({ prompt, media, maxNewTokens: newTokens, ignoreEnd, sampling, stop, plain })
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
