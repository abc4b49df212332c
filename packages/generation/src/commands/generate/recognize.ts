// What was named, as `generate` needs it: refused in one line if it generates no text.
import { missingFile } from '@whyslow/command/terminal/missing-file.ts'
import { stateOf } from '@whyslow/command/terminal/path-state.ts'
import { readModel } from '@whyslow/formats/index.ts'
import { ELEMENT_ARRAYS } from '@whyslow/graph/element-arrays.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { ValueDeclaration } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { referenceEngine } from '@whyslow/measure/engines/index.ts'
import { PLAIN_SETTINGS } from '@whyslow/measure/engines/plain-settings.ts'
import type { EngineOptions, Feeds, TensorValue } from '@whyslow/measure/engines/types.ts'
import type { GenerationModel } from '@whyslow/report/documents/generation.ts'
import { addressName } from '@whyslow/report/text/addresses.ts'
import { cachesWrittenInPlace } from '../../engines/held/from-layout.ts'
import { zeroTensor } from '../../engines/loop/cache.ts'
import { feedsFor, growingMask } from '../../engines/loop/feeds.ts'
import type { EncodedInput, GeneratorOptions } from '../../generator.ts'
import { encoderReads } from '../../recognize/encoder-reads.ts'
import { beamsOf, generatorFiles } from '../../recognize/folder.ts'
import { type CacheEntry, type DecoderLayout, decoderLayout, readsEncoder } from '../../recognize/layout.ts'
import { type RecognizedGenerator as Found, recognize } from '../../recognize/recognize.ts'
import type { StepModel, StepShape } from './profile-step.ts'
import type { RecognizedSource } from './recognized.ts'

/** Throws InputError if nothing of it generates text. */
export async function recognizeSource(source: string, dtype: string | null): Promise<RecognizedSource> {
  const isAddress = /^https?:\/\//i.test(source)
  if (!isAddress && stateOf(source) === undefined)
    throw new InputError(missingFile(source, ' or folder; give the path of a model: whyslow downloads none'))
  const found = await recognize(source, dtype)
  if (found === null)
    throw new InputError(
      `${addressName(source)}: this does not generate text: give an ONNX decoder or its folder, a GGUF file, or the address of a server; for anything else: whyslow ${addressName(source)}`,
    )
  if (found.problem !== null) throw new InputError(`${source}: ${found.problem}`)
  const { kind, name, numbers, tokenizer } = found
  const { heads: _, ...rest } = numbers
  const model: GenerationModel = { name, kind, ...rest, tokenizer }
  const fedBy = feederOf(found.layout)
  const reads = await readsOf(found)
  return {
    ...{ source, kind, model },
    ...(fedBy === null ? {} : { fedBy }),
    ...(reads === null ? {} : { reads }),
    ...callersOptions(found),
    step: (options) => stepOf(found, options),
  }
}

/** What callers get who set nothing themselves. Every measured call searches one beam. */
function callersOptions({ source, kind, layout }: Found): Pick<RecognizedSource, 'options' | 'guesses'> {
  if (kind === 'address') return {}
  const files = generatorFiles(source)
  const capacity = layout?.capacity ?? null
  const cache = { cacheCapacity: capacity, capacityFrom: capacity === null ? null : 'the graph' }
  if (files === null) return { options: { beams: 1, beamsFrom: null, searched: 1, ...cache } }
  const guessed = [files.generationConfig?.prompt_lookup_num_tokens, files.generationConfig?.assistant_early_exit]
  const guesses = guessed.some((value) => typeof value === 'number')
  return { options: { ...beamsOf(files), searched: 1, ...cache }, ...(guesses ? { guesses } : {}) }
}

/** What the encoder reads; null: there is none. Throws InputError if nobody knows it, or it is missing. */
async function readsOf({ layout, encoder, model }: Found): Promise<EncodedInput['reads'] | null> {
  if (layout === null || !readsEncoder(layout)) return null
  if (encoder === null)
    throw new InputError(`${model} reads what an encoder returns, and there is none next to it; put encoder_model.onnx there`)
  const found = encoderReads(viewGraph(await readModel(encoder)).inputs)
  if (typeof found === 'string') throw new InputError(`${encoder} ${found}`)
  return found.reads
}

function feederOf(layout: DecoderLayout | null): string | null {
  if (layout === null) return null
  if (readsEncoder(layout)) return 'an encoder'
  return layout.inputs.ids === undefined ? 'a model that makes embeddings' : null
}

/** A graph that ONNX Runtime runs can be profiled whatever engine is measured; of others nothing is known inside. */
async function stepOf(
  { model, first, layout, kind }: Found,
  { threads }: GeneratorOptions,
): Promise<Awaited<ReturnType<RecognizedSource['step']>>> {
  if (model === null || layout === null)
    return kind === 'gguf' ? 'llama.cpp shows no times of operators' : 'the model is behind an address'
  if (layout.inputs.embeddings !== undefined) return 'the decoder is fed by another model, which is not profiled'
  const read = await readModel(model)
  const written = cachesWrittenInPlace(read.proto.graph!, layout.cache)
  const step = {
    graph: viewGraph(read),
    layout,
    model: stepModel(model, layout, threads),
    ...(written.length === layout.cache.length ? { canBeInPlace: true as const } : {}),
  }
  if (first === null) return step
  const opening = viewGraph(await readModel(first))
  const firstLayout = decoderLayout(opening.inputs, opening.outputs)
  if (firstLayout === null) return `${first} is not a decoder`
  return { ...step, first: { graph: opening, model: stepModel(first, firstLayout, threads) } }
}

function stepModel(modelFile: string, layout: DecoderLayout, threads: number | null): StepModel {
  const options: EngineOptions = { ...PLAIN_SETTINGS, threads }
  const pasts = (fits: (role: DecoderLayout['cache'][number]['role']) => boolean) =>
    layout.cache.flatMap(({ role, past }) => (fits(role) ? [past] : []))
  return {
    engine: referenceEngine.id,
    ...{ modelFile, options },
    logits: layout.logits.name,
    past: pasts(() => true),
    cross: pasts((role) => role === 'cross'),
    feeds: (step) => stepFeeds(layout, step),
  }
}

/** Times do not depend on the values of a cache: zeros are no denormals. */
export function stepFeeds(layout: DecoderLayout, { depth, tokens, positions = 0 }: StepShape): Feeds {
  const ids = Array.from({ length: tokens }, (_, k) => (k * 31) % 50)
  const past = layout.cache.length === 0 ? 0 : depth
  const { encoderStates, encoderMask } = layout.inputs
  return {
    ...feedsFor(layout)({ ids, past, keep: 1 }),
    ...Object.fromEntries(layout.cache.map((entry) => [entry.past, zeroTensor(entry, filled(entry, past, positions))])),
    ...(encoderStates === undefined ? {} : { [encoderStates.name]: zeroStates(encoderStates, positions) }),
    ...(encoderMask === undefined ? {} : { [encoderMask.name]: growingMask(encoderMask)(positions) }),
  }
}

/** An encoder's keys are there from the second call on, or from the first on if the encoder computes them. */
const filled = ({ role, present }: CacheEntry, past: number, positions: number): number =>
  role === 'cross' && (past > 0 || present === null) ? positions : past

function zeroStates({ name, dtype, shape }: ValueDeclaration, positions: number): TensorValue {
  const width = shape?.at(-1)
  if (typeof width !== 'number')
    throw new InputError(`${name} does not declare how wide it is; export the decoder with the width of its encoder`)
  const type = dtype ?? 'float32'
  return { dtype: type, shape: [1, positions, width], data: new ELEMENT_ARRAYS[type]!(positions * width) }
}
