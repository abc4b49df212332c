// One call of a generator, timed from outside and from what it reports of itself.
import type { Clock } from '@whyslow/measure/engines/sampler.ts'
import type { Generation, GenerationRequest, Generator } from '../generator.ts'
import type { Prompt } from './prompts.ts'
import type { MeasuredCall } from './types.ts'

export interface CallClocks {
  readonly now: Clock
  /** Time of garbage collection in this process from one time of the clock to another, ms. */
  readonly garbageMs: (fromMs: number, toMs: number) => Promise<number>
  /** Called once all calls that a user would make are over, before the curves. */
  readonly callsMade?: () => void
}

export interface CallOptions extends Pick<GenerationRequest, 'newTokens' | 'ignoreEnd' | 'plain' | 'drafts'> {
  /** The prompt is the user's: what was generated after it is of interest. */
  readonly keepsIds?: boolean
}

export async function measuredCall(
  generator: Pick<Generator, 'generate'>,
  prompt: Prompt,
  { keepsIds = false, ...asked }: CallOptions,
  { now, garbageMs }: CallClocks,
): Promise<MeasuredCall> {
  const { given, media } = prompt
  const source = media === undefined ? { prompt: given } : { prompt: given, media }
  const request = { ...asked, ...source, sampling: { kind: 'greedy' }, stop: [] } as const
  const from = now()
  // A caller that streams; what it does with a token is its own affair.
  const made = await generator.generate(request, () => {})
  const call = callOf(made, prompt, keepsIds)
  const first = from + call.firstMs - (prompt.tokenizeMs ?? 0)
  const [firstGarbageMs, restMs] = [await garbageMs(from, first), await garbageMs(first, from + made.totalMs)]
  return { ...call, firstGarbageMs, garbageMs: made.parts.garbageMs ?? restMs }
}

type Call = Omit<MeasuredCall, 'firstGarbageMs' | 'garbageMs'>

export function callOf(made: Generation, { given, tokenizeMs: ownMs, paddingTokens }: Prompt, keepsIds: boolean): Call {
  const { tokens, parts, promptTokens, generatedTokens } = made
  // Of an engine that gives text alone, a chunk may be empty.
  const chunks = tokens.filter(({ id, text }) => id !== null || (text !== null && text !== ''))
  const [first] = chunks
  if (first === undefined) throw new Error('the generator gave no token')
  const isOfTokens = chunks.every(({ id }) => id !== null)
  const newTokens = generatedTokens ?? (isOfTokens ? chunks.length : null)
  const gapsMs = chunks.slice(1).map(({ atMs }, k) => atMs - chunks[k]!.atMs)
  // The first chunk holds as many tokens as the others do on average: those after it took the time between it and the last.
  const after = newTokens === null ? 0 : newTokens - newTokens / chunks.length
  const spanMs = chunks.at(-1)!.atMs - first.atMs
  const tokenizeMs = ownMs ?? parts.tokenizeMs ?? null
  const ids = tokens.map(({ id }) => id)
  return {
    promptTokens: promptTokens ?? (typeof given === 'string' ? null : given.length),
    cachedTokens: made.cachedTokens,
    newTokens,
    endedByItself: made.ended !== 'length',
    // A prompt that was tokenized before the call is part of what a user waits for.
    firstMs: first.atMs + (ownMs ?? 0),
    perTokenMs: made.timePerTokenMs ?? (after > 0 && chunks.length > 1 ? spanMs / after : null),
    gapsMs,
    // A token that ends the text is in no chunk.
    gapsAre: isOfTokens || (newTokens !== null && newTokens <= chunks.length + 1) ? 'tokens' : 'chunks',
    totalMs: made.totalMs + (ownMs ?? 0),
    tokenizeMs,
    parts,
    ...(made.encoded === undefined ? {} : { encoded: made.encoded }),
    ...(paddingTokens === undefined ? {} : { paddingTokens }),
    ...(made.drafted === undefined ? {} : { drafted: made.drafted }),
    ...(made.detokenize === undefined ? {} : { detokenize: made.detokenize }),
    ids: keepsIds && typeof given !== 'string' && !ids.includes(null) ? [...given, ...(ids as number[])] : null,
  }
}
