// Whether a folder holds a model that reads whole texts at once and gives a vector of each, or scores: an encoder of transformers.js, optimum
// (onnx/model.onnx, config.json, tokenizer.json) or sentence-transformers, whose modules.json says how vectors of tokens become one.
// https://sbert.net/docs/package_reference/sentence_transformer/models.html
import fs from 'node:fs'
import path from 'node:path'
import { readOnnx } from '@whyslow/formats/onnx.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { type JsonObject, objectOrNull, textOrNull } from '@whyslow/graph/json.ts'
import type { GraphView, ValueDeclaration } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import type { EmbeddingPooling } from '@whyslow/report/documents/embedding.ts'
import { chosenVariant, type GeneratorFiles, generatorFiles, textConfig, type Variant } from './folder.ts'
import { readJson, wholeOf } from './json.ts'
import { recognizeModel } from './recognize.ts'

/** Inputs that a text fills. */
const ROLES = {
  ids: /^(input_ids|tokens|token_ids)$/,
  mask: /^(attention_mask|input_mask)$/,
  types: /^(token_type_ids|segment_ids)$/,
  positions: /^position_ids$/,
} as const
export type TextRole = keyof typeof ROLES

export interface TextInput {
  readonly name: string
  readonly dtype: 'int64' | 'int32'
}

export interface TextEncoder {
  /** As it was named. */
  readonly source: string
  readonly name: string
  readonly model: string
  readonly dtype: string
  readonly sizeBytes: number
  readonly architecture: string | null
  readonly inputs: Readonly<Partial<Record<TextRole, TextInput>>> & { readonly ids: TextInput }
  /** Caches of a decoder that makes vectors: fed empty. Sizes by axis; 0 for the tokens before. */
  readonly emptyCaches: readonly {
    readonly name: string
    readonly dtype: 'float32' | 'float16'
    readonly shape: readonly number[]
  }[]
  /** What is read of the results: vectors of tokens [batch, length, width], or one of each text. */
  readonly output: {
    readonly name: string
    readonly of: 'tokens' | 'text'
    readonly gives: 'vector' | 'scores'
    readonly width: number | null
  }
  readonly pooling: EmbeddingPooling | null
  readonly poolingFrom: string | null
  /** What a file says of pooling that is not computed here, as in '1_Pooling/config.json says weightedmean'; null: nothing. */
  readonly unknownPooling: string | null
  readonly normalizes: boolean
  /** Modules of sentence-transformers after pooling that no ONNX file has, as in 'Dense'. */
  readonly otherModules: readonly string[]
  /** Tokens that a text is cut to, and what says so. */
  readonly longest: { readonly tokens: number; readonly from: string } | null
  /** The most tokens that the model has positions for; null: nobody says. */
  readonly positions: number | null
  /** The graph takes one text at a time. */
  readonly takesOneText: boolean
  /** The length that the graph fixes; null: any. */
  readonly fixedLength: number | null
  /** tokenizer.json pads every text to this many tokens; null: it does not. */
  readonly padsTo: number | null
  readonly padding: { readonly id: number; readonly side: 'left' | 'right' }
  readonly tokenizer: string
  readonly tokenizerConfig: string | null
}

/**
 * null: nothing there reads texts. A text: why such a model cannot be measured with texts, in one line. Throws InputError if a file
 * is damaged, or the folder has no such dtype.
 */
export async function textEncoder(source: string, dtype: string | null = null): Promise<TextEncoder | string | null> {
  const files = generatorFiles(source)
  if (files === null || files.kind === 'genai-folder') return null
  const variant = chosenVariant(files, dtype)
  const model = await readOnnx(variant.model)
  const view = viewGraph(model)
  const roles = rolesOf(view)
  if (roles.ids === undefined || recognizeModel(model, { source, files, variant }) !== null) return null
  const others = view.inputs.filter((one) => !Object.values(roles).includes(one))
  const caches = others.filter(({ name }) => /past|cache/.test(name))
  if (caches.length < others.length) return null
  const output = outputOf(view.outputs)
  if (output === null) return null
  if (files.tokenizer === null)
    return `${files.folder} has no tokenizer.json, without which no text is read; put the model's there, or measure one prediction: whyslow ${variant.model}`
  const emptyCaches = caches.map(emptyCache)
  const unclear = caches.find((_, at) => emptyCaches[at] === null)
  if (unclear !== undefined)
    return `${variant.model}: input ${unclear.name} is a cache whose sizes are unknown; measure one prediction: whyslow ${variant.model}`
  const inputs = Object.fromEntries(
    Object.entries(roles).map(([role, { name, dtype }]) => [role, { name, dtype: dtype === 'int32' ? 'int32' : 'int64' }]),
  ) as TextEncoder['inputs']
  const [batch, length] = view.inputs.find(({ name }) => name === inputs.ids.name)!.shape ?? []
  if (typeof batch === 'number' && batch > 1)
    return `${variant.model} takes ${batch} texts at once and no other number; export it with a free batch, or measure one prediction: whyslow ${variant.model}`
  const pools = output.of === 'tokens' && output.gives === 'vector'
  const modules = modulesOf(files.folder)
  const tokenizing: Tokenizing = {
    json: readJson(files.tokenizer) ?? {},
    config: (files.tokenizerConfig === null ? null : readJson(files.tokenizerConfig)) ?? {},
  }
  return {
    source,
    name: path.basename(path.resolve(files.folder)),
    model: variant.model,
    dtype: dtypeOf(variant),
    sizeBytes: variant.sizeBytes,
    architecture: textOrNull(textConfig(files.config)?.model_type),
    inputs,
    emptyCaches: emptyCaches.flatMap((one) => one ?? []),
    output,
    ...(pools ? poolingOf(files, modules) : { pooling: null, poolingFrom: null, unknownPooling: null }),
    normalizes: output.gives === 'vector' && modules.some(({ type }) => type === 'Normalize'),
    otherModules: modules.map(({ type }) => type).filter((type) => !/^(Transformer|Pooling|Normalize)$/.test(type)),
    longest: longestOf(files, tokenizing),
    positions: positionsOf(textConfig(files.config)),
    takesOneText: batch === 1,
    fixedLength: typeof length === 'number' ? length : null,
    ...paddingOf(files, tokenizing),
    tokenizer: files.tokenizer,
    tokenizerConfig: files.tokenizerConfig,
  }
}

/** Names that transformers.js does not know, as in model_qint8_avx512.onnx, are the file's own. */
const dtypeOf = ({ model, dtype }: Variant): string =>
  dtype === 'fp32' ? (/^model_(.+)\.onnx$/.exec(path.basename(model))?.[1] ?? dtype) : dtype

function rolesOf({ inputs }: GraphView): Partial<Record<TextRole, ValueDeclaration>> {
  const found: Partial<Record<TextRole, ValueDeclaration>> = {}
  for (const input of inputs) {
    const role = (Object.keys(ROLES) as TextRole[]).find((one) => ROLES[one].test(input.name))
    if (role !== undefined && (input.dtype === 'int64' || input.dtype === 'int32')) found[role] = input
  }
  return found
}

/** null: some size but those of the batch and of the tokens before is open. */
function emptyCache({ name, dtype, shape }: ValueDeclaration): TextEncoder['emptyCaches'][number] | null {
  if (shape?.length !== 4 || (dtype !== 'float32' && dtype !== 'float16')) return null
  const [, heads, , width] = shape
  return typeof heads === 'number' && typeof width === 'number' ? { name, dtype, shape: [1, heads, 0, width] } : null
}

/** A vector of the text that the graph itself pools, then vectors of tokens, then scores: in the order in which users want them. */
function outputOf(outputs: readonly ValueDeclaration[]): TextEncoder['output'] | null {
  const tensors = outputs.filter(({ kind, dtype }) => kind === 'tensor' && dtype?.startsWith('float') === true)
  const named = (name: RegExp, rank: number) => tensors.find((one) => name.test(one.name) && (one.shape?.length ?? rank) === rank)
  const width = ({ shape }: ValueDeclaration) => (typeof shape?.at(-1) === 'number' ? (shape.at(-1) as number) : null)
  const vector = named(/^(sentence_embeddings?|text_embeds|embeddings?)$/, 2)
  if (vector !== undefined) return { name: vector.name, of: 'text', gives: 'vector', width: width(vector) }
  const scores = named(/^logits$|scores?$/, 2)
  const tokens = named(/^(last_hidden_state|token_embeddings|hidden_states?|encoder_output|output_0)$/, 3)
  if (tokens !== undefined) return { name: tokens.name, of: 'tokens', gives: 'vector', width: width(tokens) }
  if (scores !== undefined) return { name: scores.name, of: 'text', gives: 'scores', width: width(scores) }
  const [first] = tensors
  const rank = first?.shape?.length
  if (first === undefined || (rank !== 2 && rank !== 3)) return null
  return {
    name: first.name,
    of: rank === 3 ? 'tokens' : 'text',
    gives: /logits/.test(first.name) ? 'scores' : 'vector',
    width: width(first),
  }
}

interface Module {
  /** The last word of its type. */
  readonly type: string
  readonly path: string
}

/** modules.json is an array. */
function modulesOf(folder: string): Module[] {
  const file = path.join(folder, 'modules.json')
  if (!fs.existsSync(file)) return []
  let value: unknown
  try {
    value = JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch {
    throw new InputError(`${file} is not valid JSON; download it again`)
  }
  return (Array.isArray(value) ? value : []).flatMap((one) => {
    const { type, path: at } = (objectOrNull(one) ?? {}) as { type?: unknown; path?: unknown }
    return typeof type === 'string' ? [{ type: type.split('.').at(-1)!, path: typeof at === 'string' ? at : '' }] : []
  })
}

/** As sentence-transformers has them, without 'pooling_mode_' in front and '_tokens' behind. */
const POOLINGS: Readonly<Record<string, EmbeddingPooling>> = { mean: 'mean', cls: 'first', lasttoken: 'last', max: 'max' }

type Pooling = Pick<TextEncoder, 'pooling' | 'poolingFrom' | 'unknownPooling'>

/** Mean, if nothing is said that is known: what most such models were trained with. */
function poolingOf({ folder }: GeneratorFiles, modules: readonly Module[]): Pooling {
  const named = modules.find(({ type }) => type === 'Pooling')?.path ?? '1_Pooling'
  const isPlain = !path.isAbsolute(named) && !named.split(/[\\/]/).includes('..')
  const config = isPlain ? readJson(path.join(folder, named, 'config.json')) : null
  const from = `${named}/config.json`
  const said = config === null ? [] : poolingModes(config)
  const [pooling] = said.length === 1 ? said.flatMap((mode) => POOLINGS[mode] ?? []) : []
  if (pooling !== undefined) return { pooling, poolingFrom: from, unknownPooling: null }
  return { pooling: 'mean', poolingFrom: null, unknownPooling: said.length === 0 ? null : `${from} says ${said.join(' and ')}` }
}

/** Several: their vectors are put one behind another. */
function poolingModes(config: JsonObject): string[] {
  const flags = Object.keys(config).filter((key) => key.startsWith('pooling_mode_') && config[key] === true)
  const names = [config.pooling_mode].flat().flatMap((one) => textOrNull(one) ?? [])
  return [...new Set([...flags, ...names].map((mode) => mode.replace(/^pooling_mode_/, '').replace(/_tokens?$/, '')))]
}

/** Larger numbers are a tokenizer's word for no limit. */
const NO_LIMIT = 1e6

/** tokenizer.json and tokenizer_config.json, which are large. */
interface Tokenizing {
  readonly json: JsonObject
  readonly config: JsonObject
}

/** The first of the files that says it, as those who serve the model read them: never more than the positions that it knows. */
function longestOf({ folder, config }: GeneratorFiles, tokenizing: Tokenizing): TextEncoder['longest'] {
  const limit = (value: unknown): number | null => {
    const whole = wholeOf(value)
    return whole === null || whole > NO_LIMIT ? null : whole
  }
  const said = [
    ['sentence_bert_config.json', limit(readJson(path.join(folder, 'sentence_bert_config.json'))?.max_seq_length)],
    ['tokenizer_config.json', limit(tokenizing.config.model_max_length)],
    ['tokenizer.json', limit(objectOrNull(tokenizing.json.truncation)?.max_length)],
  ] as const
  const found = said.find(([, tokens]) => tokens !== null)
  const positions = positionsOf(textConfig(config))
  if (found === undefined || (positions !== null && found[1]! > positions))
    return positions === null ? null : { tokens: positions, from: 'config.json' }
  return { tokens: found[1]!, from: found[0] }
}

/** RoBERTa's family counts positions from behind the id of padding on. */
function positionsOf(config: JsonObject | null): number | null {
  const positions = wholeOf(config?.max_position_embeddings)
  if (positions === null) return null
  const isOffset = /^(xlm-)?roberta|^camembert|^mpnet|^longformer/.test(textOrNull(config?.model_type) ?? '')
  const padding = config?.pad_token_id
  return isOffset ? positions - (typeof padding === 'number' ? padding : 1) - 1 : positions
}

function paddingOf({ config }: GeneratorFiles, tokenizing: Tokenizing): Pick<TextEncoder, 'padding' | 'padsTo'> {
  const own = objectOrNull(tokenizing.json.padding)
  const side = textOrNull(tokenizing.config.padding_side) ?? textOrNull(own?.direction)?.toLowerCase()
  const id = [own?.pad_id, config?.pad_token_id].find((one) => Number.isSafeInteger(one) && (one as number) >= 0)
  return {
    padsTo: wholeOf(objectOrNull(own?.strategy)?.Fixed),
    padding: { id: (id as number | undefined) ?? 0, side: side === 'left' ? 'left' : 'right' },
  }
}
