// Which files of a folder, or next to a model, make a generator. transformers.js and optimum: config.json, tokenizer.json, onnx/model_q4.onnx;
// onnxruntime-genai: genai_config.json. Names of variants: transformers.js, src/utils/dtypes.js (DEFAULT_DTYPE_SUFFIX_MAPPING).
import fs from 'node:fs'
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { type JsonObject, objectOrNull, textOrNull } from '@whyslow/graph/json.ts'
import { readJson, wholeOf } from './json.ts'
import type { CacheSizes } from './layout.ts'

/** A file of a transformers.js folder that holds the same model in other numbers. */
export interface Variant {
  /** As transformers.js calls it: 'fp32', 'q4f16'. */
  readonly dtype: string
  readonly model: string
  /** The decoder of the first call, if another file has that of all others; null: one does both. */
  readonly first: string | null
  /** The encoder's file, if the model encodes its input first; null: there is none. */
  readonly encoder: string | null
  /** What makes embeddings of ids, if the decoder is fed these; null: there is none. */
  readonly embedding: string | null
  readonly sizeBytes: number
}

export interface GeneratorFiles {
  readonly kind: 'onnx' | 'transformers-folder' | 'genai-folder'
  readonly folder: string
  readonly variants: readonly Variant[]
  readonly config: JsonObject | null
  readonly generationConfig: JsonObject | null
  readonly genaiConfig: JsonObject | null
  /** preprocessor_config.json: what an encoder's input is made of. */
  readonly preprocessor: JsonObject | null
  /** tokenizer.json; null: there is none. */
  readonly tokenizer: string | null
  readonly tokenizerConfig: string | null
}

const SUFFIXES: Readonly<Record<string, string>> = {
  '': 'fp32',
  _fp16: 'fp16',
  _int8: 'int8',
  _uint8: 'uint8',
  _quantized: 'q8',
  _q8: 'q8',
  _q4: 'q4',
  _q4f16: 'q4f16',
  _bnb4: 'bnb4',
  _q2: 'q2',
  _q2f16: 'q2f16',
  _q1: 'q1',
  _q1f16: 'q1f16',
}

/** The first that is there is taken: a merged decoder needs no other file. */
const DECODERS = ['decoder_model_merged', 'model', 'decoder_with_past_model', 'decoder_model', 'model_with_past']
/** After an encoder, the one with a past needs the encoder's keys and values, which the other computes. */
const DECODERS_AFTER_ENCODER = ['decoder_model_merged', 'model', 'decoder_model', 'decoder_with_past_model', 'model_with_past']
/** The decoder of all calls after the first, next to the one of the first. */
const FIRST = 'decoder_model'
const LATER = 'decoder_with_past_model'
const ENCODERS = ['encoder_model', 'encoder']
const EMBEDDINGS = ['embed_tokens', 'embedding']

/** null: neither an ONNX file nor a folder of one of these kinds. Reads names and small JSON files only. */
export function generatorFiles(source: string): GeneratorFiles | null {
  if (!isFolder(source)) return /\.onnx$/i.test(source) ? besideModel(source) : null
  const shared = sharedFiles(source)
  if (shared.genaiConfig !== null) return { ...shared, kind: 'genai-folder', variants: genaiVariant(source, shared.genaiConfig) }
  const variants = [path.join(source, 'onnx'), source].map(variantsIn).find((found) => found.length > 0)
  // Without a configuration or a tokenizer, files that are called model may be anything.
  const isDecoder = variants?.some(({ model }) => /^decoder_/.test(path.basename(model))) === true
  const isKnown = isDecoder || shared.config !== null || shared.tokenizer !== null
  return variants === undefined || !isKnown ? null : { ...shared, kind: 'transformers-folder', variants }
}

/** How a folder that has weights of PyTorch alone becomes one with a graph, as a command; null: it is no such folder, or generates no text. */
export function exportCommand(folder: string): string | null {
  const names = isFolder(folder) ? list(folder) : []
  if (!names.some((name) => /[.]safetensors$|^pytorch_model.*[.]bin$/.test(name))) return null
  const config = readJsonIfSound(path.join(folder, 'config.json'))
  const kind = TASKS.find(({ of }) => of.test(JSON.stringify(config?.architectures ?? '')))
  const target = `${path.basename(path.resolve(folder))}-onnx/`
  return kind === undefined ? null : `optimum-cli export onnx --model ${folder} --task ${kind.task} ${target}`
}

/** As optimum calls what transformers' classes do; cache included. */
const TASKS = [
  {
    of: /ForSpeechSeq2Seq|Whisper\w*ForConditionalGeneration|SpeechEncoderDecoder/,
    task: 'automatic-speech-recognition-with-past',
  },
  { of: /ForCausalLM|LMHeadModel/, task: 'text-generation-with-past' },
  {
    of: /(T5|Bart|BART|Pegasus|M2M100|LED|Blenderbot)\w*ForConditionalGeneration|MTModel/,
    task: 'text2text-generation-with-past',
  },
]

/** The variant that is opened: the one that is named, else what transformers.js takes in Node, else the first. Throws InputError if it is not there. */
export function chosenVariant(files: GeneratorFiles, dtype: string | null): Variant {
  const { variants, folder, config } = files
  const named = (wanted: string) => variants.find((one) => one.dtype === wanted)
  if (dtype === null) {
    const preset = textOrNull(objectOrNull(config?.['transformers.js_config'])?.dtype)
    return (preset === null ? undefined : named(preset)) ?? named('fp32') ?? variants[0]!
  }
  const found = named(dtype)
  if (found !== undefined) return found
  const held = variants.map((one) => one.dtype).join(', ')
  throw new InputError(`${folder} has no model of dtype ${dtype}; choose one of ${held}`)
}

/** A lone file: the folder around it, or the one above `onnx/`, may have its tokenizer. */
function besideModel(file: string): GeneratorFiles {
  const own = path.dirname(file)
  const folder = path.basename(own) === 'onnx' ? path.dirname(own) : own
  const names = new Set(list(own))
  const isDecoder = /decoder/.test(path.basename(file))
  const encoder = isDecoder ? besideIn(own, names, { of: ENCODERS, suffix: suffixOf(file) }) : null
  const first = path.basename(file).replace(LATER, FIRST)
  const variant: Variant = {
    dtype: dtypeOfName(file),
    model: file,
    first: encoder !== null && first !== path.basename(file) && names.has(first) ? path.join(own, first) : null,
    encoder,
    embedding: besideIn(own, names, { of: EMBEDDINGS, suffix: suffixOf(file) }),
    sizeBytes: sizeOf(file),
  }
  return { ...sharedFiles(folder, readJsonIfSound), kind: 'onnx', variants: [variant] }
}

interface Beside {
  readonly of: readonly string[]
  readonly suffix: string
}

/** A part of the model in the same numbers, else in any. */
function besideIn(folder: string, names: ReadonlySet<string>, { of, suffix }: Beside): string | null {
  const tried = [suffix, ...Object.keys(SUFFIXES)].flatMap((one) => of.map((name) => `${name}${one}.onnx`))
  const found = tried.find((name) => names.has(name))
  return found === undefined ? null : path.join(folder, found)
}

const suffixOf = (file: string): string => /(_[a-z0-9]+)\.onnx$/.exec(file)?.[1] ?? ''

function dtypeOfName(file: string): string {
  const suffix = suffixOf(file)
  return SUFFIXES[suffix] ?? 'fp32'
}

function variantsIn(folder: string): Variant[] {
  const names = new Set(list(folder))
  const hasEncoder =
    besideIn(folder, names, { of: ENCODERS, suffix: '' }) !== null || ENCODERS.some((one) => otherSuffixes(names, one).length > 0)
  const bases = hasEncoder ? DECODERS_AFTER_ENCODER : DECODERS
  const known = (base: string) => Object.keys(SUFFIXES).filter((suffix) => names.has(`${base}${suffix}.onnx`))
  const base = bases.find((one) => known(one).length > 0) ?? bases.find((one) => otherSuffixes(names, one).length > 0)
  if (base === undefined) return []
  return [...known(base), ...otherSuffixes(names, base)].map((suffix) => {
    const alone = `${base}${suffix}.onnx`
    const later = `${LATER}${suffix}.onnx`
    const hasLater = hasEncoder && base === FIRST && names.has(later)
    const name = hasLater ? later : alone
    const encoder = besideIn(folder, names, { of: ENCODERS, suffix })
    const embedding = besideIn(folder, names, { of: EMBEDDINGS, suffix })
    const model = path.join(folder, name)
    // Weights may be in files next to it: model.onnx_data, model.onnx_data_1 …
    const parts = [...names].filter((one) => one === name || one.startsWith(`${name}_data`) || one === `${name}.data`)
    const sizeBytes = parts.reduce((sum, one) => sum + sizeOf(path.join(folder, one)), 0)
    const dtype = SUFFIXES[suffix] ?? suffix.slice(1)
    return { dtype, model, first: hasLater ? path.join(folder, alone) : null, encoder, embedding, sizeBytes }
  })
}

/** Endings that no table has, as optimum's `_optimized`: of names that begin with no longer name of a decoder. */
function otherSuffixes(names: ReadonlySet<string>, base: string): string[] {
  const longer = DECODERS.filter((one) => one.length > base.length)
  return [...names].flatMap((name) => {
    const [, suffix] = new RegExp(`^${base}(_[A-Za-z0-9_.-]+)[.]onnx$`).exec(name) ?? []
    const isOther = suffix === undefined || suffix in SUFFIXES || longer.some((one) => `${base}${suffix}`.startsWith(one))
    return isOther ? [] : [suffix]
  })
}

function genaiVariant(folder: string, config: JsonObject): Variant[] {
  const model = objectOrNull(config.model)
  const [decoder, encoder] = [objectOrNull(model?.decoder), objectOrNull(model?.encoder)]
  const name = textOrNull(decoder?.filename)
  if (name === null || !isPlainName(name))
    throw new InputError(
      `${path.join(folder, 'genai_config.json')} names no file of a single decoder (model.decoder.filename); give a model of one graph`,
    )
  const [encoderName, embeddingName] = [textOrNull(encoder?.filename), textOrNull(objectOrNull(model?.embedding)?.filename)]
  const file = path.join(folder, name)
  return [
    {
      dtype: dtypeOfName(file),
      model: file,
      first: null,
      encoder: encoderName !== null && isPlainName(encoderName) ? path.join(folder, encoderName) : null,
      embedding: embeddingName !== null && isPlainName(embeddingName) ? path.join(folder, embeddingName) : null,
      sizeBytes: sizeOf(file) + sizeOf(`${file}.data`),
    },
  ]
}

/** A configuration never leads out of its folder. */
const isPlainName = (name: string): boolean => !path.isAbsolute(name) && !name.split(/[\\/]/).includes('..')

/** A lone model may have any config.json next to it, of another program as well. */
function readJsonIfSound(file: string): JsonObject | null {
  try {
    return readJson(file)
  } catch (error) {
    if (error instanceof InputError) return null
    throw error
  }
}

function sharedFiles(folder: string, read = readJson): Omit<GeneratorFiles, 'kind' | 'variants'> {
  const at = (name: string) => path.join(folder, name)
  const found = (name: string) => (fs.existsSync(at(name)) ? at(name) : null)
  return {
    folder,
    config: read(at('config.json')),
    generationConfig: read(at('generation_config.json')),
    genaiConfig: read(at('genai_config.json')),
    preprocessor: read(at('preprocessor_config.json')),
    tokenizer: found('tokenizer.json'),
    tokenizerConfig: found('tokenizer_config.json'),
  }
}

/** Ids that end a text, as the folder's configurations say; none if they say nothing. */
export function endIdsOf({ config, generationConfig, genaiConfig }: GeneratorFiles): number[] {
  const said =
    generationConfig?.eos_token_id ??
    objectOrNull(genaiConfig?.model)?.eos_token_id ??
    config?.eos_token_id ??
    textConfig(config)?.eos_token_id
  return [said].flat().filter((id): id is number => Number.isSafeInteger(id))
}

/** Beams that a caller gets who does not set them, and the file that says so. */
export function beamsOf({ config, generationConfig, genaiConfig }: GeneratorFiles): {
  readonly beams: number
  readonly beamsFrom: string | null
} {
  const said = [
    ['generation_config.json', generationConfig?.num_beams],
    ['genai_config.json', objectOrNull(genaiConfig?.search)?.num_beams],
    ['config.json', generationConfig === null ? config?.num_beams : undefined],
  ] as const
  const found = said.find(([, beams]) => wholeOf(beams) !== null)
  return { beams: wholeOf(found?.[1]) ?? 1, beamsFrom: found?.[0] ?? null }
}

/** The longest context that the configurations allow; null: they do not say. */
export function contextOf({ config, genaiConfig }: GeneratorFiles): number | null {
  const text = textConfig(config)
  // T5 has no table of positions: its n_positions is the length of the texts that it was trained on.
  const positions = text?.relative_attention_num_buckets === undefined ? text?.n_positions : undefined
  return (
    wholeOf(objectOrNull(genaiConfig?.model)?.context_length) ??
    wholeOf(text?.max_position_embeddings) ??
    wholeOf(positions) ??
    wholeOf(text?.max_target_positions) ??
    wholeOf(text?.max_seq_len)
  )
}

/** As the configurations say; each architecture has names of its own. */
export function cacheSizes({ config, genaiConfig }: GeneratorFiles): CacheSizes & { readonly heads: number | null } {
  const text = textConfig(config)
  const decoder = objectOrNull(objectOrNull(genaiConfig?.model)?.decoder)
  const said = (of: JsonObject | null, ...names: readonly string[]) => firstWhole(of, names)
  const heads =
    said(text, 'decoder_attention_heads', 'num_attention_heads', 'n_head', 'n_heads', 'num_heads') ??
    said(decoder, 'num_attention_heads')
  const width = said(text, 'hidden_size', 'n_embd', 'd_model') ?? said(decoder, 'hidden_size')
  const divided = width !== null && heads !== null && width % heads === 0 ? width / heads : null
  const sliding = objectOrNull(decoder?.sliding_window)
  const window = said(sliding, 'window_size')
  return {
    heads,
    kvHeads: said(text, 'num_key_value_heads', 'num_kv_heads') ?? said(decoder, 'num_key_value_heads') ?? heads,
    headSize: said(text, 'head_dim', 'd_kv') ?? said(decoder, 'head_size') ?? divided,
    ring: window === null ? null : window + (said(sliding, 'cache_slack') ?? 0),
  }
}

/** The first of these that is a whole number. */
export const firstWhole = (of: JsonObject | null, names: readonly string[]): number | null =>
  names.map((name) => wholeOf(of?.[name])).find((one) => one !== null) ?? null

/** The longest text that an encoder reads, in tokens: as many as its table of position embeddings has rows. null: any length, or unknown. */
export function longestSource({ config }: GeneratorFiles): number | null {
  return wholeOf(config?.max_source_positions) ?? wholeOf(config?.max_position_embeddings)
}

/** The part about text, if the model takes images or sound too. */
export const textConfig = (config: JsonObject | null): JsonObject | null =>
  objectOrNull(config?.text_config) ?? objectOrNull(config?.decoder) ?? config

function isFolder(source: string): boolean {
  try {
    return fs.statSync(source).isDirectory()
  } catch {
    return false
  }
}

function sizeOf(file: string): number {
  try {
    return fs.statSync(file).size
  } catch {
    return 0
  }
}

function list(folder: string): string[] {
  try {
    return fs.readdirSync(folder).sort()
  } catch {
    return []
  }
}
