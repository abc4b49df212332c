// @huggingface/transformers of the user's project: whole calls as its users make them, its own loop and streamer. Files of this machine only.
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { firstLineOf, InputError } from '@whyslow/graph/input-error.ts'
import { findPartOf } from '@whyslow/measure/engines/find-package.ts'
import type { Generation, GenerationRequest, Generator, GeneratorEngine, GeneratorOptions, Sampling } from '../generator.ts'
import { hasEncoder } from './standalone-decoders.ts'
import { CallClock, watchCalls } from './transformers-js/call-clock.ts'
import type { TextPipeline, Tokenizer, TransformersModule } from './transformers-js/module.ts'
import { findUserPackage, missingPackage } from './user-package.ts'

const NAME = '@huggingface/transformers'

export const transformersJs: GeneratorEngine = {
  id: 'transformers-js',
  runsGraph: true,
  usesOrtKernels: true,
  title: 'transformers.js',
  opens: (opened) =>
    hasEncoder(opened) ??
    (opened.kind === 'transformers-folder' || 'it opens folders of transformers.js, with config.json and onnx/'),
  missing: async (_, folder) => missingPackage(NAME, folder),
  async open(source, options) {
    const found = findUserPackage(NAME, source)
    if (found === null) throw new InputError(`${source}: ${missingPackage(NAME, source)}`)
    const module = (await import(pathToFileURL(found.entry).href)) as TransformersModule & {
      readonly default?: TransformersModule
    }
    const runtime = findPartOf(found, 'onnxruntime-node')?.version
    const versions = { [NAME]: found.version, ...(runtime === undefined ? {} : { 'onnxruntime-node': runtime }) }
    return openPipeline(module.default ?? module, source, options, versions)
  },
}

/** Throws InputError if a file is missing, in the package's words. */
export async function openPipeline(
  module: TransformersModule,
  folder: string,
  { threads, dtype }: Pick<GeneratorOptions, 'threads' | 'dtype'>,
  versions: Readonly<Record<string, string>>,
): Promise<Generator> {
  const at = path.resolve(folder)
  Object.assign(module.env, {
    allowRemoteModels: false,
    allowLocalModels: true,
    useFSCache: false,
    localModelPath: `${path.dirname(at)}${path.sep}`,
  })
  const options = {
    local_files_only: true,
    ...(dtype === null ? {} : { dtype }),
    ...(threads === null ? {} : { session_options: { intraOpNumThreads: threads } }),
  }
  let pipe: TextPipeline
  try {
    const { is_encoder_decoder: isPair } = await module.AutoConfig.from_pretrained(path.basename(at), { local_files_only: true })
    pipe = await module.pipeline(isPair === true ? 'text2text-generation' : 'text-generation', path.basename(at), options)
  } catch (error) {
    const said = firstLineOf(error).slice(0, 240)
    const next =
      dtype === null
        ? 'see which files it has in onnx/, and name one of them with --dtype, as in q4'
        : `see whether onnx/ has files of ${dtype}`
    throw new InputError(`${folder}: transformers.js cannot open it (${said}); ${next}`)
  }
  const { model, tokenizer } = pipe
  const ends = model.generation_config?.eos_token_id ?? model.config.eos_token_id
  return {
    engine: transformersJs.id,
    versions,
    vocabulary: model.config.vocab_size ?? null,
    context: model.config.max_position_embeddings ?? model.config.n_positions ?? null,
    endIds: ends == null ? [] : Array.isArray(ends) ? ends : [ends],
    encode: tokenizer && ((text) => Array.from(tokenizer.encode(text, { add_special_tokens: false }), Number)),
    decode: tokenizer && ((ids) => (ids.length === 0 ? '' : tokenizer.decode([...ids], { skip_special_tokens: false }))),
    generate: (request, onToken) => generate(module, pipe, request, onToken),
    start: null,
    close: async () => {
      await model.dispose?.()
    },
  }
}

async function generate(
  module: TransformersModule,
  pipe: TextPipeline,
  request: GenerationRequest,
  onToken: Parameters<Generator['generate']>[1],
): Promise<Generation> {
  const { prompt, newTokens, ignoreEnd, plain = false, stop } = request
  const { model, tokenizer } = pipe
  if (tokenizer === null && typeof prompt === 'string')
    throw new InputError('the folder has no tokenizer.json; add it, or give token ids as the prompt')
  const interrupt = new module.InterruptableStoppingCriteria()
  const clock = new CallClock()
  const unwatch = watchCalls(pipe, clock)
  try {
    const take: Take = (token, whole) => {
      if (stop.some((one) => whole.includes(one))) interrupt.interrupt()
      onToken?.(token)
    }
    const streamer = tokenizer === null ? idStreamer(clock, take) : new (streamerOf(module.TextStreamer))(tokenizer, clock, take)
    const options = {
      max_new_tokens: newTokens,
      ...samplingOptions(request.sampling),
      ...(plain ? PLAIN : {}),
      ...(ignoreEnd ? NO_END : {}),
      stopping_criteria: [interrupt],
      streamer,
    }
    if (typeof prompt === 'string') await pipe(prompt, { ...options, return_full_text: false })
    else {
      const ids = (values: readonly number[]) =>
        new module.Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length])
      await model.generate({ inputs: ids(prompt), attention_mask: ids(prompt.map(() => 1)), ...options })
    }
    return clock.generation({
      newTokens,
      stopped: interrupt.interrupted === true,
      promptTokens: typeof prompt === 'string' ? null : prompt.length,
    })
  } finally {
    unwatch()
  }
}

type Token = Parameters<NonNullable<Parameters<Generator['generate']>[1]>>[0]
type Take = (token: Token, whole: string) => void

/** What a streamer is called with: the prompt's ids first, then those of each step. */
type Ids = readonly (readonly bigint[])[]

/** The package's own streamer, as most programs use it, and a clock around it. */
function streamerOf(TextStreamer: TransformersModule['TextStreamer']) {
  return class extends TextStreamer {
    private readonly clock: CallClock
    private readonly take: Take
    private whole = ''
    private fresh = ''
    private isPrompt = true

    constructor(tokenizer: Tokenizer, clock: CallClock, take: Take) {
      super(tokenizer, { skip_prompt: true, skip_special_tokens: true, callback_function: () => {} })
      this.clock = clock
      this.take = take
    }

    override on_finalized_text(text: string, isEnd: boolean): void {
      super.on_finalized_text(text, isEnd)
      this.fresh += text
    }

    override put(value: Ids): void {
      if (this.isPrompt) {
        this.isPrompt = false
        this.clock.prompt(value[0]!.length)
        super.put(value)
        return
      }
      const atMs = this.clock.tokenCame()
      this.fresh = ''
      super.put(value)
      this.whole += this.fresh
      this.take(this.clock.token({ id: Number(value[0]!.at(-1)), text: this.fresh, atMs }), this.whole)
    }

    override end(): void {
      this.fresh = ''
      super.end()
      this.clock.rest(this.fresh)
    }
  }
}

/** A streamer for folders without a tokenizer: ids alone. */
function idStreamer(clock: CallClock, take: Take) {
  let isPrompt = true
  return {
    put(value: Ids): void {
      if (isPrompt) clock.prompt(value[0]!.length)
      else take(clock.token({ id: Number(value[0]!.at(-1)), text: null, atMs: clock.tokenCame() }), '')
      isPrompt = false
    },
    end(): void {},
    abort(): void {},
  }
}

/** Options that change nothing, in place of what generation_config.json may say. */
const PLAIN = { repetition_penalty: 1, no_repeat_ngram_size: 0, min_length: 0, min_new_tokens: 0 }

/** BART's files force the end to be the last token of any call. */
const NO_END = { eos_token_id: null, forced_eos_token_id: null }

function samplingOptions(sampling: Sampling): Readonly<Record<string, unknown>> {
  if (sampling.kind === 'greedy') return { do_sample: false }
  const { temperature, topK, topP } = sampling
  return { do_sample: true, temperature, ...(topK === null ? {} : { top_k: topK }), ...(topP === null ? {} : { top_p: topP }) }
}
