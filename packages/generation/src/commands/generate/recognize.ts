// What was named, as `generate` needs it: refused in one line if it generates no text.
import { readModel } from '@whyslow/formats/index.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { referenceEngine } from '@whyslow/measure/engines/index.ts'
import type { EngineOptions, Feeds } from '@whyslow/measure/engines/types.ts'
import type { GenerationModel } from '@whyslow/report/documents/generation.ts'
import { addressName } from '@whyslow/report/text/addresses.ts'
import { zeroTensor } from '../../engines/loop/cache.ts'
import { feedsFor } from '../../engines/loop/feeds.ts'
import type { GeneratorOptions } from '../../generator.ts'
import { beamsOf, generatorFiles } from '../../recognize/folder.ts'
import type { DecoderLayout } from '../../recognize/layout.ts'
import { type Recognized as Found, recognize } from '../../recognize/recognize.ts'
import type { StepModel } from './profile-step.ts'
import type { Recognized } from './recognized.ts'

/** Throws InputError if nothing of it generates text. */
export async function recognized(source: string, dtype: string | null): Promise<Recognized> {
  const found = await recognize(source, dtype)
  if (found === null)
    throw new InputError(
      `${addressName(source)}: this is no generator of text (no ONNX decoder or folder of one, no GGUF file, no address); for one prediction of a model: whyslow MODEL`,
    )
  if (found.problem !== null) throw new InputError(`${source}: ${found.problem}`)
  const { kind, name, numbers, tokenizer } = found
  const { heads: _, ...rest } = numbers
  const model: GenerationModel = { name, kind, ...rest, tokenizer }
  const fedBy = feederOf(found.layout)
  return {
    ...{ source, kind, model },
    ...(fedBy === null ? {} : { fedBy }),
    ...callersOptions(found),
    step: (options) => stepOf(found, options),
  }
}

/** What callers get who set nothing themselves. Every measured call searches one beam. */
function callersOptions({ source, kind, layout }: Found): Pick<Recognized, 'options' | 'guesses'> {
  if (kind === 'address') return {}
  const files = generatorFiles(source)
  const capacity = layout?.capacity ?? null
  const cache = { cacheCapacity: capacity, capacityFrom: capacity === null ? null : 'the graph' }
  if (files === null) return { options: { beams: 1, beamsFrom: null, searched: 1, ...cache } }
  const guessed = [files.generationConfig?.prompt_lookup_num_tokens, files.generationConfig?.assistant_early_exit]
  const guesses = guessed.some((value) => typeof value === 'number')
  return { options: { ...beamsOf(files), searched: 1, ...cache }, ...(guesses ? { guesses } : {}) }
}

function feederOf(layout: DecoderLayout | null): string | null {
  if (layout === null) return null
  const { inputs, cache } = layout
  if (inputs.encoderStates !== undefined || cache.some(({ role }) => role === 'cross')) return 'an encoder'
  return inputs.ids === undefined ? 'a model that makes embeddings' : null
}

/** A graph that ONNX Runtime runs can be profiled whatever engine is measured; of others nothing is known inside. */
async function stepOf(
  { model, layout, kind }: Found,
  { threads }: GeneratorOptions,
): Promise<Awaited<ReturnType<Recognized['step']>>> {
  if (model === null || layout === null)
    return kind === 'gguf' ? 'llama.cpp shows no times of operators' : 'the model is behind an address'
  if (layout.inputs.encoderStates !== undefined || layout.inputs.embeddings !== undefined)
    return 'the decoder is fed by another model, which is not profiled'
  const graph = viewGraph(await readModel(model))
  return { graph, layout, model: stepModel(model, layout, threads) }
}

const STEP_OPTIONS = { graphOptimization: 'all', executionMode: 'sequential', configEntries: {}, packageFrom: null } as const

function stepModel(modelFile: string, layout: DecoderLayout, threads: number | null): StepModel {
  const options: EngineOptions = { ...STEP_OPTIONS, threads }
  return {
    engine: referenceEngine.id,
    ...{ modelFile, options },
    logits: layout.logits.name,
    past: layout.cache.map(({ past }) => past),
    feeds: (depth, tokens) => stepFeeds(layout, depth, tokens),
  }
}

/** Times do not depend on the values of a cache: zeros are no denormals. */
export function stepFeeds(layout: DecoderLayout, depth: number, tokens: number): Feeds {
  const ids = Array.from({ length: tokens }, (_, k) => (k * 31) % 50)
  const past = layout.cache.length === 0 ? 0 : depth
  return {
    ...feedsFor(layout)({ ids, past, keep: 1 }),
    ...Object.fromEntries(layout.cache.map((entry) => [entry.past, zeroTensor(entry, past)])),
  }
}
