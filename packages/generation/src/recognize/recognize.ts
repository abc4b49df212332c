// Whether a path or an address is a generator of text, and what it looks like. Nothing of it is run, and no address is asked.
import fs from 'node:fs'
import path from 'node:path'
import { readOnnx } from '@whyslow/formats/onnx.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { objectOrNull, textOrNull } from '@whyslow/graph/json.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import type { GeneratorKind } from '../generator.ts'
import { type GeneratorAddress, generatorAddress } from './address.ts'
import { namedCache } from './cache-names.ts'
import { isCausal } from './causal.ts'
import { isClassifier } from './classifier.ts'
import {
  cacheSizes,
  chosenVariant,
  contextOf,
  endIdsOf,
  exportCommand,
  firstWhole,
  type GeneratorFiles,
  generatorFiles,
  textConfig,
  type Variant,
} from './folder.ts'
import { openGguf } from './gguf-file.ts'
import { ggufModel } from './gguf-model.ts'
import { wholeOf } from './json.ts'
import { type DecoderLayout, decoderLayout, readsEncoder } from './layout.ts'
import { type ModelNumbers, smallerKnown } from './numbers.ts'
import { onnxNumbers } from './onnx-model.ts'

export interface RecognizedGenerator {
  readonly kind: GeneratorKind
  /** As it was given. */
  readonly source: string
  readonly name: string
  readonly numbers: ModelNumbers
  /** The file that is opened; null: an address. */
  readonly model: string | null
  /** The same model in other numbers, the opened one included; of a folder. */
  readonly variants: readonly Variant[]
  /** How an ONNX decoder is fed; null: not ONNX. */
  readonly layout: DecoderLayout | null
  /** The encoder's file, and that of the decoder for the first call if it is another one; null: there is none. */
  readonly encoder: string | null
  readonly first: string | null
  /** The file that holds the tokenizer: tokenizer.json, or the GGUF file itself; null: none was found. */
  readonly tokenizer: string | null
  readonly endIds: readonly number[]
  readonly address: GeneratorAddress | null
  /** Why it cannot be generated with, in one line that says what next; null: nothing is known against it. */
  readonly problem: string | null
}

const NO_GRAPH = { layout: null, encoder: null, first: null } as const

const UNKNOWN: ModelNumbers = {
  architecture: null,
  layers: null,
  heads: null,
  kvHeads: null,
  headSize: null,
  vocabulary: null,
  context: null,
  dtype: null,
  cacheDtype: null,
  parameters: null,
  bytesPerToken: null,
  cacheBytesPerToken: null,
}

/**
 * null: it generates no text, or does not exist. `dtype`: the variant of a folder. Throws InputError, one line, if a file that should hold a
 * generator is damaged, or the folder has no such variant.
 */
export async function recognize(source: string, dtype: string | null = null): Promise<RecognizedGenerator | null> {
  const address = generatorAddress(source)
  if (address !== null) return ofAddress(source, address)
  if (isGguf(source)) return ofGguf(source)
  const files = generatorFiles(source)
  if (files === null || !fs.existsSync(source)) return noFiles(source)
  const variant = chosenVariant(files, dtype)
  return recognizeModel(await readOnnx(variant.model), { source, files, variant })
}

/** Throws InputError if the weights are there, and only a graph is missing. */
function noFiles(source: string): null {
  const command = exportCommand(source)
  if (command === null) return null
  throw new InputError(`${source} has weights of PyTorch and no ONNX decoder, which is what is measured; export one: ${command}`)
}

export interface FoundFiles {
  readonly source: string
  readonly files: GeneratorFiles
  readonly variant: Variant
}

/** The same of a model that is read already. */
export function recognizeModel(model: Model, { source, files, variant }: FoundFiles): RecognizedGenerator | null {
  const view = viewGraph(model)
  const layout = decoderLayout(view.inputs, view.outputs, {
    hasEmbedding: variant.embedding !== null,
    hasFirst: variant.first !== null,
    hasEncoder: variant.encoder !== null,
    sizes: cacheSizes(files),
  })
  if (layout === null) return null
  if (layout.cache.length === 0 && !generatesWithoutCache(view, layout, { files, variant })) return null
  return {
    kind: files.kind,
    source,
    name: nameOf(source),
    numbers: withConfig(onnxNumbers(view, layout), files),
    model: variant.model,
    variants: files.kind === 'onnx' ? [] : files.variants,
    layout,
    encoder: readsEncoder(layout) ? variant.encoder : null,
    first: variant.first,
    tokenizer: files.tokenizer,
    endIds: endIdsOf(files),
    address: null,
    problem: layout.problem,
  }
}

/** Encoders and classifiers have ids and scores as well: the graph, or the configuration of this very file, tells which it is. */
function generatesWithoutCache(view: GraphView, layout: DecoderLayout, { files, variant }: Omit<FoundFiles, 'source'>): boolean {
  const isRefused = layout.inputs.ids === undefined || view.inputs.some(({ name }) => namedCache(name))
  if (!isRefused && !isDecoder(files, variant) && !isCausal(view)) return false
  return !isClassifier(view, layout) && !/ForMaskedLM|ForTokenClassification/.test(architecturesOf(files))
}

function ofGguf(source: string): RecognizedGenerator | null {
  const found = ggufModel(openGguf(source))
  if (found === null) return null
  return {
    kind: 'gguf',
    source,
    name: found.name ?? nameOf(source),
    numbers: found.numbers,
    model: source,
    variants: [],
    ...NO_GRAPH,
    tokenizer: source,
    endIds: found.endIds,
    address: null,
    problem: found.problem,
  }
}

const ofAddress = (source: string, address: GeneratorAddress): RecognizedGenerator => ({
  kind: 'address',
  source,
  name: new URL(source).host,
  numbers: UNKNOWN,
  model: null,
  variants: [],
  ...NO_GRAPH,
  tokenizer: null,
  endIds: [],
  address,
  problem: null,
})

function isGguf(source: string): boolean {
  let descriptor: number | undefined
  try {
    if (!fs.statSync(source).isFile()) return false
    descriptor = fs.openSync(source, 'r')
    const start = Buffer.alloc(4)
    return fs.readSync(descriptor, start) === 4 && start.toString('latin1') === 'GGUF'
  } catch {
    return false
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor)
  }
}

function nameOf(source: string): string {
  const whole = path.resolve(source)
  const own = path.basename(whole)
  const generic = /^(model|decoder)[\w]*\.onnx$/.test(own)
  const folder = path.dirname(whole)
  return generic ? path.basename(path.basename(folder) === 'onnx' ? path.dirname(folder) : folder) : own
}

const architecturesOf = ({ config }: GeneratorFiles): string => JSON.stringify(config?.architectures ?? '')

/** The configuration says so of this very file. */
function isDecoder(files: GeneratorFiles, { model }: Variant): boolean {
  const name = path.basename(model)
  const decoder = objectOrNull(objectOrNull(files.genaiConfig?.model)?.decoder)
  if (decoder !== null) return decoder.filename === name
  return !/encoder|embed|vision|audio/.test(name) && /ForCausalLM|LMHeadModel/.test(architecturesOf(files))
}

/** What the graph leaves open, the configuration may say; sizes that both say are the graph's. */
function withConfig(numbers: ModelNumbers, files: GeneratorFiles): ModelNumbers {
  const config = textConfig(files.config)
  const genai = objectOrNull(files.genaiConfig?.model)
  const sizes = cacheSizes(files)
  const heads = numbers.heads ?? sizes.heads
  return {
    ...numbers,
    architecture: textOrNull(config?.model_type) ?? textOrNull(genai?.type),
    layers: numbers.layers ?? firstWhole(config, LAYERS) ?? firstWhole(objectOrNull(genai?.decoder), ['num_hidden_layers']),
    heads,
    kvHeads: numbers.kvHeads ?? sizes.kvHeads ?? heads,
    headSize: numbers.headSize ?? sizes.headSize,
    vocabulary: numbers.vocabulary ?? wholeOf(config?.vocab_size) ?? wholeOf(genai?.vocab_size),
    context: smallerKnown(contextOf(files), numbers.context),
  }
}

/** Each architecture has names of its own. */
const LAYERS = ['decoder_layers', 'num_decoder_layers', 'num_hidden_layers', 'n_layer', 'n_layers', 'num_layers']
