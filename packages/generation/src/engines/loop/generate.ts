// A whole call over a sequence whose loop is ours: the prompt in one call, then one token after the other, with what each part took.
import { InputError } from '@whyslow/graph/input-error.ts'
import { detokenizeTimes } from '../../detokenize-times.ts'
import type {
  CallParts,
  Constraints,
  DecoderBeginning,
  GeneratedToken,
  Generation,
  GenerationRequest,
  Sequence,
  Step,
} from '../../generator.ts'
import type { TextStream } from '../../tokenize/text-stream.ts'
import type { Encoded, Encoder } from './encoder.ts'
import { processorFor } from './processors.ts'
import { samplerOf } from './sampler.ts'
import { stopSearch } from './stop.ts'

export interface LoopParts {
  readonly sequence: Sequence
  readonly encode: ((text: string) => readonly number[]) | null
  /** Made again for each call; null: no tokenizer. */
  readonly stream: (() => TextStream) | null
  readonly endIds: readonly number[]
  readonly context: number | null
  /** As the port has them; absent: nothing is changed. */
  readonly process?: DecoderBeginning['process']
  readonly constraints?: Constraints
}

type Timed = { -readonly [Part in keyof CallParts]: number }

/** Generates from an empty sequence, which is cut to nothing first. Throws InputError if the request does not fit the model. */
export async function generateWith(
  parts: LoopParts,
  request: GenerationRequest,
  onToken?: (token: GeneratedToken) => void,
): Promise<Generation> {
  const { sequence, endIds } = parts
  const started = performance.now()
  const since = () => performance.now() - started
  const times: Timed = { prefillRunMs: 0, decodeRunMs: 0, feedsMs: 0, logitsMs: 0, samplerMs: 0 }
  const add = (part: keyof Timed, ms: number) => {
    times[part] = (times[part] ?? 0) + ms
  }
  const prompt = promptIds(parts, request)
  if (typeof request.prompt === 'string') add('tokenizeMs', since())
  checkLength(parts, prompt.length, request.newTokens)
  const sample = samplerOf(request.sampling, prompt)
  const process = processorFor(parts, request)
  const made: number[] = []
  // What does not end is not forced to end.
  const most = request.ignoreEnd ? Number.POSITIVE_INFINITY : request.newTokens
  const stream = parts.stream?.() ?? null
  const stops = stopSearch(request.stop)
  const tokens: GeneratedToken[] = []
  const textMs: number[] = []
  const give = (token: GeneratedToken) => {
    tokens.push(token)
    if (onToken === undefined) return
    const before = performance.now()
    onToken(token)
    add('streamerMs', performance.now() - before)
  }
  const addStep = (part: 'prefillRunMs' | 'decodeRunMs', { runMs, feedsMs, logitsMs = 0 }: Step) => {
    add(part, runMs)
    add('feedsMs', feedsMs)
    add('logitsMs', logitsMs)
  }
  sequence.cut(0)
  let ended: Generation['ended'] = 'length'
  let fed: readonly number[] = prompt
  while (tokens.length < request.newTokens) {
    const step = await sequence.feed(fed, 'last')
    addStep(tokens.length === 0 ? 'prefillRunMs' : 'decodeRunMs', step)
    if (process !== null) {
      const processed = performance.now()
      process(step.logits, { prompt, made, most })
      add('processorsMs', performance.now() - processed)
    }
    const before = performance.now()
    const id = sample(step.logits)
    add('samplerMs', performance.now() - before)
    if (!request.ignoreEnd && endIds.includes(id)) {
      ended = 'end'
      break
    }
    made.push(id)
    const detokenized = times.detokenizeMs ?? 0
    const text = stream === null ? null : textAfter(id, { stream, stops, add, isLast: tokens.length + 1 === request.newTokens })
    if (stream !== null) textMs.push(times.detokenizeMs! - detokenized)
    give({ id, text, atMs: since() })
    if (stops.found) {
      ended = 'stop'
      break
    }
    fed = [id]
  }
  if (ended === 'end' && stream !== null) restOfText(tokens, stops.push(stream.end()) + stops.end())
  return {
    tokens,
    promptTokens: prompt.length,
    cachedTokens: 0,
    generatedTokens: tokens.length,
    ended,
    totalMs: since(),
    parts: times,
    ...detokenizeTimes(textMs),
  }
}

export interface EncodedParts extends Omit<LoopParts, 'sequence' | 'process' | 'constraints'> {
  readonly encoder: Encoder
  readonly beginning: DecoderBeginning
  readonly start: (encoded: Encoded) => Sequence
}

/** The same of an encoder–decoder: the encoder reads the prompt, or sound, or an image once; the decoder begins as its files say. */
export async function generateEncoded(
  { encoder, beginning, start, ...parts }: EncodedParts,
  request: GenerationRequest,
  onToken?: (token: GeneratedToken) => void,
): Promise<Generation> {
  const started = performance.now()
  const source = request.media ?? promptIds(parts, request)
  if (Array.isArray(source) && source.length === 0) throw new InputError('the prompt has no tokens; give one that has')
  const tokenized = performance.now()
  const encoded = await encoder.encode(source)
  const sequence = start(encoded)
  const ready = performance.now()
  const later = (token: GeneratedToken): GeneratedToken => ({ ...token, atMs: token.atMs + ready - started })
  try {
    const own = onToken === undefined ? undefined : (token: GeneratedToken) => onToken(later(token))
    const { process, constraints = {} } = beginning
    const decoder = { ...parts, sequence, process, constraints }
    const made = await generateWith(decoder, { ...request, prompt: beginning.ids }, own)
    return {
      ...made,
      tokens: made.tokens.map(later),
      encoded: encoded.input,
      totalMs: made.totalMs + ready - started,
      parts: {
        ...made.parts,
        featuresMs: encoded.featuresMs,
        encoderMs: encoded.runMs,
        ...(request.media === undefined && typeof request.prompt === 'string' ? { tokenizeMs: tokenized - started } : {}),
      },
    }
  } finally {
    sequence.close()
  }
}

interface TextParts {
  readonly stream: TextStream
  readonly stops: ReturnType<typeof stopSearch>
  readonly add: (part: 'detokenizeMs', ms: number) => void
  readonly isLast: boolean
}

function textAfter(id: number, { stream, stops, add, isLast }: TextParts): string {
  const before = performance.now()
  const shown = stops.push(stream.push(id))
  const text = isLast && !stops.found ? shown + stops.push(stream.end()) + stops.end() : shown
  add('detokenizeMs', performance.now() - before)
  return text
}

/** What was held back when the text ended belongs to its last token. */
function restOfText(tokens: GeneratedToken[], rest: string): void {
  const last = tokens.pop()
  if (last !== undefined) tokens.push({ ...last, text: `${last.text ?? ''}${rest}` })
}

function promptIds({ encode }: Pick<LoopParts, 'encode'>, { prompt }: GenerationRequest): readonly number[] {
  if (typeof prompt !== 'string') return prompt
  if (encode === null)
    throw new InputError('the prompt is a text, and the model has no tokenizer; put its tokenizer.json next to it, or give ids')
  return encode(prompt)
}

function checkLength({ context }: LoopParts, promptTokens: number, newTokens: number): void {
  if (promptTokens === 0) throw new InputError('the prompt has no tokens; give one that has')
  // The last token is not fed.
  if (context === null || promptTokens + newTokens - 1 <= context) return
  throw new InputError(
    `${promptTokens} tokens of prompt and ${newTokens} new ones are more than the model's context of ${context}; shorten the prompt or generate fewer`,
  )
}
