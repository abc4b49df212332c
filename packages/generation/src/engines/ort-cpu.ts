// ONNX Runtime for Node on the CPU, with our own loop: https://onnxruntime.ai/docs/get-started/with-javascript/node.html
// The cache is what the graph returns, fed again by JavaScript: onnxruntime-node 1.30 copies every output, so that this is part of what is measured.
import { firstLineOf, InputError } from '@whyslow/graph/input-error.ts'
import type { DType, ValueDeclaration } from '@whyslow/graph/types.ts'
import { findOrt, INSTALL, loadOrt, newestProfile, PACKAGE } from '@whyslow/measure/engines/onnxruntime/ort-node.ts'
import { sessionOptions } from '@whyslow/measure/engines/onnxruntime/ort-options.ts'
import { fromOrt, type OrtTensor, type TensorType, toOrt } from '@whyslow/measure/engines/onnxruntime/tensors.ts'
import { PLAIN_SETTINGS } from '@whyslow/measure/engines/plain-settings.ts'
import type { OpenOptions } from '@whyslow/measure/engines/types.ts'
import type * as Ort from 'onnxruntime-node'
import type { Generator, GeneratorEngine, GeneratorOptions } from '../generator.ts'
import { cacheSizes, chosenVariant, contextOf, generatorFiles, longestSource, type Variant } from '../recognize/folder.ts'
import { type CacheSizes, type DecoderLayout, decoderLayout, encoderInputs, readsEncoder } from '../recognize/layout.ts'
import { smallerKnown } from '../recognize/numbers.ts'
import { decoderGenerator } from './loop/decoder-generator.ts'
import { decoderFeeds, type Encoded, type Encoder, type EncoderPlace, encoderOf } from './loop/encoder.ts'
import { type DecoderSession, startSequence } from './loop/sequence.ts'

/** Options of a session that the port does not have: a profile, the graph as it is run, configuration entries, whose package it is. */
export type SessionExtras = Partial<
  Pick<OpenOptions, 'profilePrefix' | 'optimizedModelPath' | 'configEntries' | 'graphOptimization' | 'packageFrom'>
>

export interface OrtGenerator extends Generator {
  readonly layout: DecoderLayout
  /** Ends profiling, if the generator was opened with `profilePrefix`; the raw trace file. */
  endProfiling(): Promise<string | null>
}

export async function openOrtGenerator(
  source: string,
  options: GeneratorOptions,
  extras: SessionExtras = {},
): Promise<OrtGenerator> {
  const files = generatorFiles(source)
  if (files === null) throw new InputError(`${source} is not an ONNX decoder or a folder of one; give model.onnx or its folder`)
  const variant = chosenVariant(files, options.dtype)
  const { model } = variant
  const from = extras.packageFrom ?? null
  const ort = await loadOrt(from)
  const decode = await openSession(ort, { model, threads: options.threads, extras })
  const hasFirst = variant.first !== null
  const sizes = cacheSizes(files)
  const layout = layoutOf(decode, { ...variant, hasFirst, sizes })
  const first =
    variant.first === null
      ? null
      : await openSession(ort, { model: variant.first, threads: options.prefillThreads ?? options.threads, extras: {} })
  const apart = options.prefillThreads !== null && options.prefillThreads !== options.threads
  const prefill = apart ? await openSession(ort, { model, threads: options.prefillThreads, extras: {} }) : decode
  const embedding = await openEmbedding(ort, { variant, layout, options })
  const session = decoderSession(ort, { decode, prefill, embedding })
  const context = smallerKnown(contextOf(files), layout.capacity)
  const opening = first === null ? null : openingOf(ort, first, { ...variant, sizes })
  const encoderThreads = options.prefillThreads ?? options.threads
  const lacking = opening === null ? encoderInputs(layout.cache) : []
  const place = { ...files, longest: longestSource(files), lacking }
  const encoder = readsEncoder(opening?.layout ?? layout)
    ? await openEncoder(ort, { variant, threads: encoderThreads, place })
    : null
  const behind = (encoded: Encoded) => ({
    ...{ layout, context, constant: decoderFeeds(layout, encoded) },
    ...(opening === null ? {} : { first: { ...opening, constant: decoderFeeds(opening.layout, encoded) } }),
  })
  const start = (encoded?: Encoded) => startSequence(session, encoded === undefined ? { layout, context } : behind(encoded))
  return {
    engine: ortCpu.id,
    versions: { onnxruntime: findOrt(from)!.version },
    layout,
    ...(await decoderGenerator({ files, layout, model, context, encoder, start })),
    async endProfiling() {
      decode.endProfiling()
      return extras.profilePrefix === undefined ? null : newestProfile(extras.profilePrefix)
    },
    async close() {
      await decode.release()
      if (apart) await prefill.release()
      await first?.release()
      await encoder?.close()
      await embedding?.session.release()
    },
  }
}

export const ortCpu: GeneratorEngine = {
  id: 'ort-cpu',
  runsGraph: true,
  usesOrtKernels: true,
  title: "ONNX Runtime for Node, CPU, whyslow's loop",
  opens: ({ kind }) => {
    if (kind === 'gguf') return 'ONNX Runtime does not read GGUF'
    return kind === 'address' ? 'nothing is opened at an address: it is sent requests' : true
  },
  missing: async () => (findOrt(null) === null ? `${PACKAGE} is not installed; ${INSTALL}` : null),
  open: openOrtGenerator,
  threadsApart: true,
  ships: [PACKAGE],
}

interface Opened {
  readonly model: string
  readonly threads: number | null
  readonly extras: SessionExtras
}

async function openSession(ort: typeof Ort, { model, threads, extras }: Opened): Promise<Ort.InferenceSession> {
  const options: OpenOptions = { ...PLAIN_SETTINGS, threads, ...extras }
  try {
    return await ort.InferenceSession.create(model, sessionOptions(options))
  } catch (error) {
    throw new InputError(`ONNX Runtime does not open ${model}: ${firstLineOf(error)}; check the file and its weights next to it`)
  }
}

/** A variant, and what its files say of sizes. */
type Sized<Keys extends keyof Variant> = Pick<Variant, Keys> & { readonly sizes: CacheSizes }

/** The layout by what the session declares, so that the file is read once. */
function layoutOf(
  { inputMetadata, outputMetadata }: Ort.InferenceSession,
  { model, embedding, encoder, hasFirst, sizes }: Sized<'model' | 'embedding' | 'encoder'> & { readonly hasFirst: boolean },
): DecoderLayout {
  const next = { hasEmbedding: embedding !== null, hasFirst, hasEncoder: encoder !== null, sizes }
  const layout = decoderLayout(inputMetadata.map(declared), outputMetadata.map(declared), next)
  if (layout === null)
    throw new InputError(`${model} is not a decoder of text: it has no token ids as input or no logits as output; give a decoder`)
  if (layout.problem !== null) throw new InputError(`${model}: ${layout.problem}`)
  return layout
}

/** The decoder of the first call. */
function openingOf(
  ort: typeof Ort,
  opened: Ort.InferenceSession,
  { first, ...others }: Sized<'first' | 'embedding' | 'encoder'>,
) {
  const { run } = decoderSession(ort, { decode: opened, prefill: opened, embedding: null })
  return { run, layout: layoutOf(opened, { ...others, model: first!, hasFirst: false }), outputs: opened.outputNames }
}

interface PartsNextToIt {
  readonly variant: Variant
  readonly layout: DecoderLayout
  readonly options: GeneratorOptions
}

interface EncoderToOpen {
  readonly variant: Variant
  readonly threads: number | null
  readonly place: Omit<EncoderPlace, 'file'>
}

async function openEncoder(
  ort: typeof Ort,
  { variant: { encoder: file, model }, threads, place }: EncoderToOpen,
): Promise<Encoder & { close(): Promise<void> }> {
  if (file === null)
    throw new InputError(`${model} reads what an encoder returns, and there is none next to it; put encoder_model.onnx there`)
  const session = await openSession(ort, { model: file, threads, extras: {} })
  const { wrap, unwrap, run } = decoderSession(ort, { decode: session, prefill: session, embedding: null })
  const encoder = encoderOf(
    {
      inputs: session.inputMetadata.map(declared),
      outputs: session.outputNames,
      async run(feeds) {
        const given = Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, wrap(value)]))
        const results = await run(given, session.outputNames, 1)
        return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, unwrap(tensor)]))
      },
    },
    { ...place, file },
  )
  return { ...encoder, close: () => session.release() }
}

const declared = (metadata: Ort.InferenceSession.ValueMetadata): ValueDeclaration =>
  metadata.isTensor
    ? {
        name: metadata.name,
        kind: 'tensor',
        dtype: metadata.type as DType,
        shape: metadata.shape.map((size) => (size === '' ? null : size)),
      }
    : { name: metadata.name, kind: 'unknown', dtype: null, shape: null }

/** The graph that makes embeddings of ids, if the decoder takes no ids. */
async function openEmbedding(ort: typeof Ort, { variant, layout, options }: PartsNextToIt): Promise<Embedding | null> {
  const { ids, embeddings } = layout.inputs
  if (ids !== undefined || embeddings === undefined || variant.embedding === null) return null
  const session = await openSession(ort, { model: variant.embedding, threads: options.threads, extras: {} })
  const other = session.inputNames.slice(1)
  if (other.length > 0)
    throw new InputError(
      `${variant.embedding} makes embeddings of ${other.join(', ')} too, not of ids alone; give a model of text`,
    )
  return { session, feeds: embeddings.name }
}

interface Embedding {
  readonly session: Ort.InferenceSession
  /** The decoder's input. */
  readonly feeds: string
}

interface Sessions {
  readonly decode: Ort.InferenceSession
  readonly prefill: Ort.InferenceSession
  readonly embedding: Embedding | null
}

function decoderSession(ort: typeof Ort, { decode, prefill, embedding }: Sessions): DecoderSession<OrtTensor> {
  const Tensor = ort.Tensor as unknown as TensorType
  return {
    run: async (feeds, fetches, positions) => {
      const session = positions > 1 ? prefill : decode
      const given = { ...(feeds as Record<string, Ort.Tensor>) }
      if (embedding !== null) {
        const [input, output] = [embedding.session.inputNames[0]!, embedding.session.outputNames[0]!]
        given[embedding.feeds] = (await embedding.session.run({ [input]: given[embedding.feeds]! }))[output]!
      }
      return (await session.run(given, fetches)) as unknown as Record<string, OrtTensor>
    },
    wrap: (value) => toOrt(Tensor, value),
    unwrap: fromOrt,
  }
}
