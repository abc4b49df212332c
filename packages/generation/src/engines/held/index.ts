// ONNX Runtime through its C interface, with our own loop: the cache stays in the engine's memory. onnxruntime-node copies every output into JavaScript
// and back at each token; here attention that writes in place reads and writes one buffer.

import { readOnnx } from '@whyslow/formats/onnx.ts'
import { firstLineOf, InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { apiLoader, loadKoffi } from '@whyslow/measure/engines/koffi.ts'
import { findOrt, INSTALL, PACKAGE } from '@whyslow/measure/engines/onnxruntime/ort-node.ts'
import type { Generator, GeneratorOptions } from '../../generator.ts'
import { chosenVariant, contextOf, endIdsOf, generatorFiles } from '../../recognize/folder.ts'
import { type DecoderLayout, decoderLayout } from '../../recognize/layout.ts'
import { smallestKnown } from '../../recognize/numbers.ts'
import { tokenizerOf, vocabularyOf } from '../loop/decoder-text.ts'
import { generateWith } from '../loop/generate.ts'
import { type OrtApi, openApi } from './c-api.ts'
import { libraryIn } from './find-library.ts'
import { heldLayout } from './from-layout.ts'
import type { HeldLayout } from './layout.ts'
import { type HeldModel, type HeldOptions, openHeldModel } from './model.ts'

export const ENGINE = 'ort-held'

const load = apiLoader(openApi, loadKoffi)

export interface HeldExtras {
  /** false: each step gives its caches anew, as if attention could not write in place. */
  readonly inPlace?: boolean
  /** A folder that has onnxruntime-node and koffi; null: the usual places. */
  readonly packageFrom?: string | null
}

/** Throws InputError if the source is no decoder that this engine can feed. */
export async function openHeld(
  source: string,
  options: GeneratorOptions,
  { inPlace = true, packageFrom = null }: HeldExtras = {},
): Promise<Generator> {
  const files = generatorFiles(source)
  if (files === null) throw new InputError(`${source} is not an ONNX decoder or a folder of one; give model.onnx or its folder`)
  const { model } = chosenVariant(files, options.dtype)
  const { layout, held } = layoutOf(await readOnnx(model), model)
  const api = await openLibrary(packageFrom)
  const context = smallestKnown(contextOf(files), layout.capacity)
  const { threads, prefillThreads } = options
  const decoder = openNamed(api, model, {
    layout: { ...held, inPlace: held.inPlace && inPlace },
    threads,
    prefillThreads,
    context,
  })
  const endIds = endIdsOf(files)
  const tokenizer = await tokenizerOf(files, { layout, model })
  const text = { encode: tokenizer?.encode ?? null, stream: tokenizer?.stream ?? null }
  return {
    engine: ENGINE,
    versions: { onnxruntime: api.version },
    vocabulary: vocabularyOf(layout),
    context,
    endIds,
    encode: text.encode,
    decode: tokenizer?.decode ?? null,
    async generate(request, onToken) {
      const sequence = decoder.start()
      try {
        return await generateWith({ sequence, ...text, endIds, context }, request, onToken)
      } finally {
        sequence.close()
      }
    },
    start: () => decoder.start(),
    close: async () => decoder.close(),
  }
}

async function openLibrary(packageFrom: string | null): Promise<OrtApi> {
  const found = findOrt(packageFrom)
  if (found === null) throw new InputError(`${PACKAGE} is not installed; ${INSTALL}`)
  const library = libraryIn(found.folder)
  if (library === null) throw new InputError(`${found.folder} has no library for ${process.platform} ${process.arch}`)
  try {
    return await load(library, packageFrom)
  } catch (error) {
    throw new InputError(`${library} cannot be called: ${firstLineOf(error)}`)
  }
}

function layoutOf(model: Model, file: string): { readonly layout: DecoderLayout; readonly held: HeldLayout } {
  const view = viewGraph(model)
  const layout = decoderLayout(view.inputs, view.outputs)
  if (layout === null)
    throw new InputError(`${file} is no decoder of text: it has no token ids as input or no logits as output; give a decoder`)
  const held = heldLayout(layout, model.proto.graph!)
  if (typeof held === 'string') throw new InputError(`${file}: ${held}`)
  return { layout, held }
}

function openNamed(api: OrtApi, file: string, options: HeldOptions): HeldModel {
  try {
    return openHeldModel(api, file, options)
  } catch (error) {
    throw new InputError(`ONNX Runtime does not open ${file}: ${firstLineOf(error)}; check the file and its weights next to it`)
  }
}
