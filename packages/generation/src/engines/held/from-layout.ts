// What the engine needs of a decoder, of what its declaration says; and whether its attention may write into the cache that it reads.
import { isOperator } from '@whyslow/graph/rewrite/match.ts'
import type { DType, ValueDeclaration } from '@whyslow/graph/types.ts'
import { linksOf } from '@whyslow/graph/walk.ts'
import type { GraphProto } from 'onnx-buf'
import type { CacheEntry, DecoderLayout, InputRole } from '../../recognize/layout.ts'
import type { HeldCache, HeldFeeds, HeldLayout, StepInput, StepNumber } from './layout.ts'

const NUMBERS: Readonly<Partial<Record<InputRole, StepNumber['is']>>> = {
  useCache: 'isUsed',
  logitsToKeep: 'wanted',
  lastPosition: 'last',
  totalLength: 'total',
  pastLength: 'past',
}

/**
 * A reason in one line if the engine cannot feed it. `graph`: null if it is not at hand; then each step gives its caches again. `hasFirst`: another graph makes
 * the first call, and gives the caches.
 */
export function heldLayout(layout: DecoderLayout, graph: GraphProto | null, { hasFirst = false } = {}): HeldLayout | string {
  const { inputs, cache, capacity, problem } = layout
  if (inputs.ids === undefined && inputs.embeddings !== undefined)
    return `it is fed embeddings (${inputs.embeddings.name}), and this engine feeds token ids`
  if (problem !== null) return problem
  // Keys that the encoder itself computes are fed unchanged, as its states are.
  const isGiven = ({ role, present }: CacheEntry) => !hasFirst && role === 'cross' && present === null
  if (!hasFirst && (inputs.encoderStates !== undefined || cache.some((entry) => entry.role === 'cross' && !isGiven(entry))))
    return 'it computes the keys of its encoder and its tokens in one graph; this engine needs decoder_model.onnx and decoder_with_past_model.onnx, as fix makes them'
  const written = new Set(graph === null ? [] : cachesWrittenInPlace(graph, cache))
  if (capacity !== null && cache.some((entry) => entry.role === 'self' && !written.has(entry)))
    return 'its cache has one size from the first token on, and is not written where it is read'
  if (cache.length === 0) return 'it has no cache: everything is computed again for each token'
  const caches = cache
    .filter((entry) => !isGiven(entry))
    .map((entry) => heldCache(hasFirst && entry.role === 'cross' ? { ...entry, present: null } : entry, written.has(entry)))
  const strange = caches.find((one): one is string => typeof one === 'string')
  if (strange !== undefined) return strange
  return {
    ...heldFeeds(layout),
    onlyLast: layout.positions === 'last',
    caches: caches as HeldCache[],
    capacity,
  }
}

export function heldFeeds({ inputs, logits }: Pick<DecoderLayout, 'inputs' | 'logits'>): HeldFeeds {
  return {
    ids: stepInput(inputs.ids!),
    mask: inputs.mask ? stepInput(inputs.mask) : null,
    positions: [inputs.positions, inputs.cachePositions].flatMap((given) =>
      given === undefined ? [] : [{ ...stepInput(given), shape: given.shape }],
    ),
    numbers: (Object.entries(NUMBERS) as [InputRole, StepNumber['is']][]).flatMap(([role, is]) => {
      const given = inputs[role]
      return given === undefined
        ? []
        : [{ ...stepInput(given), is, rank: given.shape?.length === 0 ? (0 as const) : (1 as const) }]
    }),
    logits: logits.name,
  }
}

const stepInput = ({ name, dtype }: ValueDeclaration): StepInput => ({ name, dtype: dtype as DType })

function heldCache({ past, present, dtype, shape, axes }: CacheEntry, inPlace: boolean): HeldCache | string {
  const sizes = shape.map((size, axis) => (axis === axes.length ? 0 : axis === axes.batch ? 1 : size))
  const open = sizes.findIndex((size) => typeof size !== 'number')
  if (open >= 0)
    return `the size of ${past} along its axis ${open} is declared neither there nor in config.json or genai_config.json: export the decoder with it`
  return { past, present, dtype, shape: sizes as number[], axis: axes.length, inPlace: inPlace && axes.length !== null }
}

/** The places of the caches among the inputs and outputs of GroupQueryAttention. */
const PLACES = [
  [3, 1],
  [4, 2],
] as const

/** The caches that are read by one GroupQueryAttention, which gives what replaces them, and by nothing that would see their room to spare. */
export function cachesWrittenInPlace(graph: GraphProto, cache: readonly CacheEntry[]): readonly CacheEntry[] {
  const { producers, consumers } = linksOf(graph)
  return cache.filter(({ past, present }) => {
    const [reader, ...others] = [...(consumers.get(past) ?? []), ...(consumers.get(present ?? '') ?? [])]
    if (reader === undefined || others.length > 0 || !isOperator(reader, 'com.microsoft:GroupQueryAttention')) return false
    return (
      producers.get(present ?? '') === reader &&
      PLACES.some(([from, to]) => reader.input[from] === past && reader.output[to] === present)
    )
  })
}
