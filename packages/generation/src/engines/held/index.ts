// ONNX Runtime through its C interface, with our own loop: the cache stays in the engine's memory. onnxruntime-node copies every output into JavaScript
// and back at each token; here attention that writes in place reads and writes one buffer.

import { readOnnx } from '@whyslow/formats/onnx.ts'
import { firstLineOf, InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { apiLoader, loadKoffi } from '@whyslow/measure/engines/koffi.ts'
import { findOrt, INSTALL, PACKAGE } from '@whyslow/measure/engines/onnxruntime/ort-node.ts'
import type { Generator, GeneratorOptions } from '../../generator.ts'
import { sameCache } from '../../recognize/cache-names.ts'
import {
  cacheSizes,
  chosenVariant,
  contextOf,
  type GeneratorFiles,
  generatorFiles,
  longestSource,
} from '../../recognize/folder.ts'
import { type CacheSizes, type DecoderLayout, decoderLayout, encoderInputs, readsEncoder } from '../../recognize/layout.ts'
import { smallerKnown } from '../../recognize/numbers.ts'
import { decoderGenerator } from '../loop/decoder-generator.ts'
import { decoderFeeds, type Encoded, type Encoder, encoderOf } from '../loop/encoder.ts'
import { type OrtApi, openApi } from './c-api.ts'
import { encoderSession } from './encoder.ts'
import { libraryIn } from './find-library.ts'
import { heldFeeds, heldLayout } from './from-layout.ts'
import type { HeldFeeds, HeldLayout } from './layout.ts'
import { type HeldModel, type HeldOptions, openHeldModel } from './model.ts'
import { openSession } from './session.ts'

export const ENGINE = 'ort-held'

const load = apiLoader(openApi, loadKoffi)

export interface HeldExtras {
  /** false: each step gives its caches again, as if attention could not write in place. */
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
  const variant = chosenVariant(files, options.dtype)
  const { model } = variant
  const opening = variant.first === null ? null : await openingOf(variant.first)
  const { layout, held } = layoutOf(await readOnnx(model), model, {
    hasFirst: opening !== null,
    hasEncoder: variant.encoder !== null,
    sizes: cacheSizes(files),
  })
  const api = await openLibrary(packageFrom)
  const context = smallerKnown(contextOf(files), layout.capacity)
  const { threads, prefillThreads } = options
  const decoder = openNamed(api, model, {
    layout: { ...held, caches: held.caches.map((one) => ({ ...one, inPlace: one.inPlace && inPlace })) },
    threads,
    prefillThreads,
    context,
    ...(opening === null ? {} : { opening: { ...opening, presents: presentsOf(opening, held) } }),
  })
  const lacking = opening === null ? encoderInputs(layout.cache) : []
  const encoder = readsEncoder(opening?.layout ?? layout)
    ? await openEncoder(api, { files, file: variant.encoder, threads: prefillThreads ?? threads, lacking })
    : null
  const startBehind = (encoded: Encoded) =>
    decoder.start({
      steps: decoderFeeds(layout, encoded),
      first: opening === null ? {} : decoderFeeds(opening.layout, encoded),
    })
  const start = (encoded?: Encoded) => (encoded === undefined ? decoder.start() : startBehind(encoded))
  return {
    engine: ENGINE,
    versions: { onnxruntime: api.version },
    ...(await decoderGenerator({ files, layout, model, context, encoder, start })),
    close: async () => {
      decoder.close()
      encoder?.close()
    },
  }
}

interface Opening {
  readonly file: string
  readonly layout: DecoderLayout
  readonly feeds: HeldFeeds
  readonly outputs: readonly string[]
}

/** The decoder of the first call. */
async function openingOf(file: string): Promise<Opening> {
  const view = viewGraph(await readOnnx(file))
  const layout = decoderLayout(view.inputs, view.outputs)
  if (layout === null || layout.problem !== null)
    throw new InputError(`${file}: ${layout?.problem ?? 'it is not a decoder of text; export it again'}`)
  return { file, layout, feeds: heldFeeds(layout), outputs: view.outputs.map(({ name }) => name) }
}

/** Which output of the first call fills each cache. Throws InputError if one lacks it. */
const presentsOf = ({ file, outputs, layout }: Opening, { caches }: HeldLayout): readonly string[] =>
  caches.map(({ past }) => {
    const present = outputs.find((name) => name !== layout.logits.name && sameCache(name, past))
    if (present === undefined)
      throw new InputError(`${file} does not give ${past}, which the decoder of later tokens is fed; export both again`)
    return present
  })

interface EncoderToOpen {
  readonly files: GeneratorFiles
  readonly file: string | null
  readonly threads: number | null
  /** Keys and values that no call of the decoder computes. */
  readonly lacking: readonly string[]
}

async function openEncoder(api: OrtApi, { files, file, threads, lacking }: EncoderToOpen): Promise<Encoder & { close(): void }> {
  if (file === null)
    throw new InputError(`${files.folder} has a decoder that reads an encoder, and no encoder; put encoder_model.onnx there`)
  const { inputs, outputs } = viewGraph(await readOnnx(file))
  const session = openSessionNamed(() => openSession(api, file, threads), file)
  const declared = { inputs, outputs: outputs.map(({ name }) => name) }
  const encoder = encoderOf(encoderSession(api, session, declared), {
    ...files,
    file,
    longest: longestSource(files),
    lacking,
  })
  return { ...encoder, close: () => api.free('Session', session) }
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

function layoutOf(
  model: Model,
  file: string,
  others: { readonly hasFirst: boolean; readonly hasEncoder: boolean; readonly sizes: CacheSizes },
): { readonly layout: DecoderLayout; readonly held: HeldLayout } {
  const view = viewGraph(model)
  const layout = decoderLayout(view.inputs, view.outputs, others)
  if (layout === null)
    throw new InputError(`${file} is not a decoder of text: it has no token ids as input or no logits as output; give a decoder`)
  const held = heldLayout(layout, model.proto.graph!, others)
  if (typeof held === 'string') throw new InputError(`${file}: ${held}`)
  return { layout, held }
}

const openNamed = (api: OrtApi, file: string, options: HeldOptions): HeldModel =>
  openSessionNamed(() => openHeldModel(api, file, options), file)

function openSessionNamed<T>(open: () => T, file: string): T {
  try {
    return open()
  } catch (error) {
    throw new InputError(`ONNX Runtime does not open ${file}: ${firstLineOf(error)}; check the file and its weights next to it`)
  }
}
