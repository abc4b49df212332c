// Where one call of transformers.js spends its time. Its parts are methods of objects that everybody can reach: the sessions' `run`, the model's `forward`, the
// tokenizer, the list of logits processors. They are timed by methods put in front of them for the time of the call; what is between two of them has a name, too:
//
//   feeds made · run · outputs taken │ logits sliced · processors · sampler │ streamer (detokenizing) │ masks and ids of the next step ...
//   └───────────── forward ─────────┘                                        put
import { detokenizeTimes } from '../../detokenize-times.ts'
import type { CallParts, GeneratedToken, Generation } from '../../generator.ts'
import type { Callable, Outputs, TensorObject, TextPipeline } from './module.ts'

type Part = keyof CallParts

export class CallClock {
  private readonly startMs = performance.now()
  private readonly parts = new Map<Part, number>()
  private readonly tokens: GeneratedToken[] = []
  private promptTokens: number | null = null
  /** When the last forward pass ended, and what since then was logits and processors. */
  private forwardEnd: number | null = null
  private afterForward = 0
  private putStart = 0
  private putDetokenize = 0
  /** What each token took, from being handed to the streamer to the end of it. */
  private readonly textMs: number[] = []
  private putEnd: number | null = null

  now(): number {
    return performance.now() - this.startMs
  }

  add(part: Part, ms: number): void {
    this.parts.set(part, (this.parts.get(part) ?? 0) + ms)
  }

  time<T>(part: Part, call: () => T): T {
    const start = this.now()
    const result = call()
    const took = this.now() - start
    this.add(part, took)
    if (part === 'logitsMs' || part === 'processorsMs') this.afterForward += took
    return result
  }

  /** An engine call; those before the first token are the prompt's. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    const start = this.now()
    const result = await call()
    this.add(this.tokens.length === 0 ? 'prefillRunMs' : 'decodeRunMs', this.now() - start)
    return result
  }

  /** A forward pass: around its engine calls feeds are made and outputs taken. */
  async forward<T>(call: () => Promise<T>): Promise<T> {
    const start = this.now()
    if (this.putEnd !== null) this.add('feedsMs', start - this.putEnd)
    const before = this.runs()
    const result = await call()
    this.forwardEnd = this.now()
    this.add('feedsMs', this.forwardEnd - start - (this.runs() - before))
    this.afterForward = 0
    return result
  }

  prompt(tokens: number): void {
    this.promptTokens = tokens
  }

  /** A token is handed to the streamer: gives when. */
  tokenCame(): number {
    this.putStart = this.now()
    this.putDetokenize = this.parts.get('detokenizeMs') ?? 0
    if (this.forwardEnd !== null) this.add('samplerMs', Math.max(0, this.putStart - this.forwardEnd - this.afterForward))
    return this.putStart
  }

  /** The streamer is done with it. */
  token(token: GeneratedToken): GeneratedToken {
    this.tokens.push(token)
    this.putEnd = this.now()
    const detokenized = (this.parts.get('detokenizeMs') ?? 0) - this.putDetokenize
    this.add('streamerMs', Math.max(0, this.putEnd - this.putStart - detokenized))
    if (token.text !== null) this.textMs.push(detokenized)
    return token
  }

  /** Text that the streamer held back until the end. */
  rest(text: string): void {
    const last = this.tokens.pop()
    if (last !== undefined) this.tokens.push({ ...last, text: (last.text ?? '') + text })
  }

  generation(given: { readonly newTokens: number; readonly stopped: boolean; readonly promptTokens: number | null }): Generation {
    const { newTokens, stopped } = given
    return {
      tokens: this.tokens,
      promptTokens: given.promptTokens ?? this.promptTokens,
      cachedTokens: 0,
      generatedTokens: this.tokens.length,
      ended: stopped ? 'stop' : this.tokens.length >= newTokens ? 'length' : 'end',
      totalMs: this.now(),
      parts: Object.fromEntries(this.parts) as CallParts,
      ...detokenizeTimes(this.textMs),
    }
  }

  private runs(): number {
    return (this.parts.get('prefillRunMs') ?? 0) + (this.parts.get('decodeRunMs') ?? 0)
  }
}

const timed =
  <Given extends readonly unknown[], Result>(part: Part, clock: CallClock) =>
  (own: (...given: Given) => Result) =>
  (...given: Given): Result =>
    clock.time(part, () => own(...given))

/** Puts timed methods in front of the pipeline's own; gives what takes them away again. */
export function watchCalls({ model, tokenizer }: TextPipeline, clock: CallClock): () => void {
  const undo: (() => void)[] = []
  const replace = <T extends object, K extends keyof T>(owner: T, name: K, make: (own: T[K]) => T[K]): void => {
    const had = Object.hasOwn(owner, name)
    const own = owner[name]
    if (typeof own !== 'function') return
    owner[name] = make(own.bind(owner) as T[K])
    undo.push(() => {
      if (had) owner[name] = own
      else delete owner[name]
    })
  }
  for (const session of Object.values(model.sessions ?? {}))
    replace(
      session,
      'run',
      (run) =>
        (...given) =>
          clock.run(() => run(...given)),
    )
  replace(model, 'forward', (forward) => async (inputs) => {
    const outputs = await clock.forward(() => forward(inputs))
    timeSlices(outputs, clock)
    return outputs
  })
  if (tokenizer !== null) {
    replace(tokenizer, '_call', timed('tokenizeMs', clock))
    replace(tokenizer, 'decode', timed('detokenizeMs', clock))
  }
  if (model._get_logits_processor !== undefined)
    replace(model as { _get_logits_processor(...given: unknown[]): Callable }, '_get_logits_processor', (get) => (...given) => {
      const processors = get(...given)
      const call = processors._call.bind(processors)
      processors._call = (...logits) => clock.time('processorsMs', () => call(...logits))
      return processors
    })
  return () => {
    for (const one of undo.reverse()) one()
  }
}

/** The last position's logits are copied out, and converted. */
function timeSlices({ logits }: Outputs, clock: CallClock): void {
  if (logits === undefined || typeof logits.slice !== 'function') return
  const slice = logits.slice.bind(logits)
  logits.slice = (...given) => {
    const last = clock.time('logitsMs', () => slice(...given))
    const to = last.to?.bind(last)
    if (to !== undefined) last.to = (type): TensorObject => clock.time('logitsMs', () => to(type))
    return last
  }
}
