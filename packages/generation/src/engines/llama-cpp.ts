// node-llama-cpp of the user's project: llama.cpp with its prebuilt binary, on the CPU. Nothing is built or downloaded. Whole calls and steps by
// `sequence.evaluate`, which every session of the package is built on; logits by `controlledEvaluate`.
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { firstLineOf, InputError } from '@whyslow/graph/input-error.ts'
import { readUsableCpus } from '@whyslow/measure/machine/index.ts'
import type {
  CallParts,
  GeneratedToken,
  Generation,
  GenerationRequest,
  Generator,
  GeneratorEngine,
  GeneratorOptions,
} from '../generator.ts'
import type { Llama, LlamaContext, LlamaModel, LlamaModule, LlamaSequence, Token } from './llama-cpp/module.ts'
import { sequenceOf } from './llama-cpp/sequence.ts'
import { type Timings, timings } from './llama-cpp/timings.ts'
import { findUserPackage, missingPackage } from './user-package.ts'

const NAME = 'node-llama-cpp'
/** The binaries of newer releases are not on npm for every platform. */
const PINNED = `${NAME}@3.21.1`

export const llamaCpp: GeneratorEngine = {
  ships: [NAME],
  id: 'llama-cpp',
  title: 'llama.cpp (node-llama-cpp)',
  loop: "node-llama-cpp's queue and locks, and the way to the thread that computes and back",
  opens: ({ kind }) => kind === 'gguf' || 'it opens GGUF files',
  missing: async (_, folder) => missingPackage(NAME, folder, PINNED),
  async open(source, options) {
    const folder = path.dirname(path.resolve(source))
    const found = findUserPackage(NAME, folder)
    if (found === null) throw new InputError(`${source}: ${missingPackage(NAME, folder, PINNED)}`)
    const module = (await import(pathToFileURL(found.entry).href)) as LlamaModule
    return openGguf(module, source, options, { [NAME]: found.version })
  },
}

/** The value of control tokens in `tokenizer.ggml.token_type`. */
const CONTROL = 3

interface Opened {
  readonly llama: Llama
  readonly model: LlamaModel
  readonly context: LlamaContext
  /** The package's own number of threads, if it is above that of the CPUs and was not used; else null. */
  readonly defaultThreads: number | null
}

/** Throws InputError if the file cannot be opened, in the package's words. */
export async function openGguf(
  module: LlamaModule,
  file: string,
  { threads }: Pick<GeneratorOptions, 'threads'>,
  versions: Readonly<Record<string, string>>,
): Promise<Generator> {
  const clock = timings()
  const { llama, model, context, defaultThreads } = await opened(module, file, { threads, log: clock.log })
  const sequence = context.getSequence()
  const release = llama.llamaCppRelease?.release
  const ggml = model.fileInfo?.metadata?.tokenizer?.ggml
  const controls = Array.from(ggml?.token_type ?? []).flatMap((type, id) => (type === CONTROL ? [id] : []))
  // llama.cpp knows more ends than the file names, as <|eom_id|> and <|im_end|>.
  const ends = [model.tokens.eos, model.tokens.eot, ...controls.filter((id) => model.isEogToken(id))].filter((id) => id != null)
  const vocabulary = ggml?.tokens?.length ?? null
  return {
    engine: llamaCpp.id,
    versions: { ...versions, ...(release === undefined ? {} : { 'llama.cpp': release }) },
    vocabulary,
    context: context.contextSize,
    ...(context.idealThreads === undefined ? {} : { threads: context.idealThreads }),
    ...(defaultThreads === null ? {} : { defaultThreads }),
    sequences: 1,
    endIds: [...new Set(ends)],
    // Special tokens that the text names are themselves, as chat templates write them.
    encode: (text) => model.tokenize(text, true),
    decode: (ids) => model.detokenize(ids),
    generate: (request, onToken) => generate({ model, sequence, context, clock }, request, onToken),
    start: () => sequenceOf(sequence, { context: context.contextSize, vocabulary: vocabulary ?? 0 }),
    async close() {
      await context.dispose()
      await model.dispose()
      await llama.dispose()
    },
  }
}

interface Opening {
  readonly threads: number | null
  readonly log: Timings['log']
}

async function opened(module: LlamaModule, file: string, { threads, log }: Opening): Promise<Opened> {
  try {
    const level = module.LlamaLogLevel?.info
    const llama = await module.getLlama({
      gpu: false,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      logger: log,
      ...(level === undefined ? {} : { logLevel: level }),
      // Else no context may have more threads than the machine has cores.
      ...(threads === null ? {} : { maxThreads: threads }),
    })
    const model = await llama.loadModel({ modelPath: path.resolve(file), gpuLayers: 0 })
    // Without a number the package starts at least four, and those beyond the CPUs spin: a token takes many times as long.
    const [most, cpus] = [llama.maxThreads ?? 0, readUsableCpus()]
    const isTooMany = threads === null && most > cpus
    const taken = isTooMany ? cpus : threads
    const context = await model.createContext({
      sequences: 1,
      performanceTracking: true,
      ...(taken === null ? {} : { threads: taken }),
    })
    return { llama, model, context, defaultThreads: isTooMany ? most : null }
  } catch (error) {
    const said = firstLineOf(error).slice(0, 200)
    throw new InputError(
      `${file}: node-llama-cpp cannot open it (${said}); see whether its llama.cpp knows the architecture, and whether its prebuilt binary is installed`,
    )
  }
}

interface Running {
  readonly model: LlamaModel
  readonly sequence: LlamaSequence
  readonly context: LlamaContext
  readonly clock: Timings
}

/** How many tokens before it a token's text may depend on. */
const LAST_TOKENS = 8

async function generate(
  { model, sequence, context, clock }: Running,
  request: GenerationRequest,
  onToken?: (token: GeneratedToken) => void,
): Promise<Generation> {
  const { prompt, newTokens, ignoreEnd, sampling, stop } = request
  await sequence.clearHistory()
  // What other calls took before it is not this one's.
  await clock.read(context, 0)
  const startMs = performance.now()
  const now = () => performance.now() - startMs
  const parts = { tokenizeMs: 0, detokenizeMs: 0 }
  const ids = typeof prompt === 'string' ? model.tokenize(prompt) : prompt
  if (typeof prompt === 'string') parts.tokenizeMs = now()
  if (ids.length === 0) throw new InputError('the prompt has no tokens; give a text, or token ids')
  if (ids.length + newTokens > context.contextSize)
    throw new InputError(
      `the context holds ${context.contextSize} tokens, and ${ids.length + newTokens} would be needed; give a shorter prompt or fewer new tokens`,
    )
  const tokens: GeneratedToken[] = []
  const all: Token[] = [...ids]
  let text = ''
  let ended: Generation['ended'] | null = null
  // The package looks for a grammar when the logits are there: from then on it chooses the token, on a thread of its own.
  let samplingMs: number | null = null
  const grammarEvaluationState = () => {
    samplingMs = now()
  }
  let samplerMs = 0
  const pending = sequence.evaluate(ids, { ...samplingOptions(sampling), yieldEogToken: true, grammarEvaluationState })
  for await (const id of pending) {
    const cameMs = now()
    samplerMs += samplingMs === null ? 0 : cameMs - samplingMs
    const isEnd = model.isEogToken(id)
    const piece = isEnd ? '' : model.detokenize([id], false, all.slice(-LAST_TOKENS))
    const atMs = now()
    parts.detokenizeMs += atMs - cameMs
    all.push(id)
    text += piece
    const token = { id, text: piece, atMs }
    tokens.push(token)
    onToken?.(token)
    if (isEnd && !ignoreEnd) ended = 'end'
    else if (stop.some((one) => text.includes(one))) ended = 'stop'
    else if (tokens.length >= newTokens) ended = 'length'
    if (ended !== null) break
  }
  const totalMs = now()
  const sampled = samplingMs === null ? {} : { samplerMs }
  const ran = { ...parts, ...sampled, ...(await clock.read(context, tokens.length)) }
  // The end of a text ends the package's loop, too: the rest is a loop of its own.
  return {
    tokens,
    promptTokens: ids.length,
    cachedTokens: 0,
    generatedTokens: tokens.length,
    ended: ended ?? 'end',
    totalMs,
    parts: typeof prompt === 'string' ? ran : withoutTokenizing(ran),
  }
}

const withoutTokenizing = ({ tokenizeMs, ...parts }: CallParts): CallParts => parts

function samplingOptions(sampling: GenerationRequest['sampling']): object {
  if (sampling.kind === 'greedy') return { temperature: 0 }
  const { temperature, topK, topP, seed } = sampling
  return { temperature, seed, ...(topK === null ? {} : { topK }), ...(topP === null ? {} : { topP }) }
}
