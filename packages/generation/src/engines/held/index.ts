// ONNX Runtime through its C interface, with our own loop: the cache stays in the engine's memory. onnxruntime-node copies every output into JavaScript
// and back at each token; here attention that writes in place reads and writes one buffer.
import { firstLineOf, InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { readOnnx } from '@whyslow/formats/onnx.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { installCommand } from '@whyslow/measure/engines/find-package.ts'
import { apiLoader, FFI, findKoffi, loadKoffi } from '@whyslow/measure/engines/koffi.ts'
import { findOrt, INSTALL, PACKAGE } from '@whyslow/measure/engines/onnxruntime/ort-node.ts'
import type { Generator, GeneratorEngine, GeneratorOptions } from '../../generator.ts'
import { chosenVariant, contextOf, endIdsOf, type GeneratorFiles, generatorFiles } from '../../recognize/folder.ts'
import { decoderLayout } from '../../recognize/layout.ts'
import { generateWith } from '../loop/generate.ts'
import { type OrtApi, openApi } from './c-api.ts'
import { libraryIn } from './find-library.ts'
import { heldLayout } from './from-layout.ts'
import type { HeldLayout } from './layout.ts'
import { openSequence } from './sequence.ts'
import { openSession } from './session.ts'

const load = apiLoader(openApi, loadKoffi)

export const ortHeld: GeneratorEngine = {
  id: 'ort-held',
  title: 'ONNX Runtime, CPU, cache outside JavaScript',
  opens: ({ kind }) => {
    if (kind === 'gguf') return 'ONNX Runtime does not read GGUF'
    return kind === 'address' ? 'nothing is opened at an address: it is sent requests' : true
  },
  missing: async () => {
    const found = findOrt(null)
    if (found === null) return `${PACKAGE} is not installed; ${INSTALL}`
    if (findKoffi() === null) return `${FFI} is not installed; ${installCommand(FFI)}`
    return libraryIn(found.folder) === null ? `${found.folder} has no library for ${process.platform} ${process.arch}` : null
  },
  open: (source, options) => openHeld(source, options),
}

export interface HeldExtras {
  /** false: each step gives its caches anew, as if attention could not write in place. */
  readonly inPlace?: boolean
}

/** Throws InputError if the source is no decoder that this engine can feed. */
export async function openHeld(source: string, options: GeneratorOptions, { inPlace = true }: HeldExtras = {}): Promise<Generator> {
  const files = generatorFiles(source)
  if (files === null) throw new InputError(`${source} is not an ONNX decoder or a folder of one; give model.onnx or its folder`)
  const { model } = chosenVariant(files, options.dtype)
  const read = await readOnnx(model)
  const found = layoutOf(read, model)
  const layout = { ...found, inPlace: found.inPlace && inPlace }
  const api = await openLibrary()
  return openDecoder(api, model, { layout, vocabulary: vocabularyOf(read, layout), files, options })
}

async function openLibrary(): Promise<OrtApi> {
  const found = findOrt(null)
  if (found === null) throw new InputError(`${PACKAGE} is not installed; ${INSTALL}`)
  const library = libraryIn(found.folder)
  if (library === null) throw new InputError(`${found.folder} has no library for ${process.platform} ${process.arch}`)
  try {
    return await load(library)
  } catch (error) {
    throw new InputError(`${library} cannot be called: ${firstLineOf(error)}`)
  }
}

function layoutOf(model: Model, file: string): HeldLayout {
  const view = viewGraph(model)
  const layout = decoderLayout(view.inputs, view.outputs)
  if (layout === null)
    throw new InputError(`${file} is no decoder of text: it has no token ids as input or no logits as output; give a decoder`)
  const held = heldLayout(layout, model.proto.graph!)
  if (typeof held === 'string') throw new InputError(`${file}: ${held}`)
  return held
}

function vocabularyOf(model: Model, { logits }: HeldLayout): number | null {
  const size = viewGraph(model).outputs.find(({ name }) => name === logits)?.shape?.at(-1)
  return typeof size === 'number' ? size : null
}

interface Opening {
  readonly layout: HeldLayout
  readonly vocabulary: number | null
  readonly files: GeneratorFiles
  readonly options: GeneratorOptions
}

function openDecoder(api: OrtApi, model: string, { layout, vocabulary, files, options }: Opening): Generator {
  const { threads, prefillThreads } = options
  const opened = (count: number | null) => {
    try {
      return openSession(api, model, count)
    } catch (error) {
      throw new InputError(`ONNX Runtime does not open ${model}: ${firstLineOf(error)}; check the file and its weights next to it`)
    }
  }
  const decode = opened(threads)
  const prefill = prefillThreads === null || prefillThreads === threads ? decode : opened(prefillThreads)
  const context = smallest(contextOf(files), layout.capacity)
  const endIds = endIdsOf(files)
  const start = () => openSequence({ api, decode, prefill, layout, context })
  return {
    engine: ortHeld.id,
    versions: { onnxruntime: api.version },
    vocabulary,
    context,
    endIds,
    encode: null,
    decode: null,
    async generate(request, onToken) {
      const sequence = start()
      try {
        return await generateWith({ sequence, encode: null, stream: null, endIds, context }, request, onToken)
      } finally {
        sequence.close()
      }
    },
    start,
    async close() {
      for (const session of new Set([decode, prefill])) api.free('Session', session)
    },
  }
}

const smallest = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.min(a, b))
