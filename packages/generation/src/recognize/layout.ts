// What the inputs and outputs of an ONNX decoder are for: token ids, mask, positions, and the cache that one call returns and the next is fed.
// Names and shapes are those of the exporters: optimum (past_key_values.N.key -> present.N.key, merged decoders with use_cache_branch),
// onnxruntime's transformers folder (past_N, past_key_self_N), onnxruntime-genai (https://github.com/microsoft/onnxruntime-genai, genai_config.json),
// LFM2 (past_conv.N). A declaration is all that is read, so that an opened session tells as much as a file.
import type { Dimension, DType, ValueDeclaration } from '@whyslow/graph/types.ts'
import { type CacheAxes, cacheAxes, namedCache, pairCache } from './cache-names.ts'

/** One tensor that a call returns and the next one is fed. */
export interface CacheEntry {
  readonly past: string
  /** null: it is fed, and no output replaces it (the keys of an encoder). */
  readonly present: string | null
  /** self: grows with each token. cross: keys and values of the encoder. state: of one size, as of a convolution or a recurrence. */
  readonly role: 'self' | 'cross' | 'state'
  readonly layer: number | null
  readonly dtype: DType
  readonly shape: readonly Dimension[]
  readonly axes: CacheAxes
}

export const INPUT_ROLES = {
  ids: /^(decoder_)?(input_ids|input_tokens|tokens|token_ids)$/,
  embeddings: /^(decoder_)?inputs?_embeds$/,
  mask: /^(decoder_)?attention_mask$/,
  positions: /^(decoder_)?position_ids$/,
  cachePositions: /^cache_positions?$/,
  useCache: /^use_cache_branch$/,
  logitsToKeep: /^(num_)?logits_to_keep$/,
  lastPosition: /^seqlens_k$/,
  totalLength: /^total_(sequence_length|seq_len)$/,
  pastLength: /^past_(sequence_length|seq_len|key_values_length)$/,
  encoderStates: /^encoder_hidden_states$|^encoder_outputs$/,
  encoderMask: /^encoder_attention_mask$/,
} as const

export type InputRole = keyof typeof INPUT_ROLES

/** What a decoder is fed and gives, by role. */
export interface DecoderLayout {
  readonly inputs: Readonly<Partial<Record<InputRole, ValueDeclaration>>>
  readonly logits: ValueDeclaration
  readonly cache: readonly CacheEntry[]
  /** Which positions' logits are returned: as many as are fed, the last one, or as an input says. */
  readonly positions: 'all' | 'last' | 'chosen'
  /** Length of the cache's buffers if they have one size from the first call on; null: they grow. */
  readonly capacity: number | null
  /** Why a loop cannot feed it, in one line; null: it can. */
  readonly problem: string | null
}

/** Sizes of a cache that a graph may leave open, as exports of onnxruntime-genai do, and a configuration says; null: neither does. */
export interface CacheSizes {
  readonly kvHeads: number | null
  readonly headSize: number | null
  /** Tokens that a layer keeps which attends to the last ones alone, in a ring that has one size from the first call on. */
  readonly ring: number | null
}

const NO_SIZES: CacheSizes = { kvHeads: null, headSize: null, ring: null }

/**
 * `hasEmbedding`: another graph makes embeddings of ids. `hasFirst`: another graph makes the first call, and gives the keys and values of the encoder.
 * `hasEncoder`: there is an encoder, which may give them itself. `sizes`: what the declaration may leave open.
 * null: these are not the inputs and outputs of a decoder. Whether one without a cache is a
 * decoder, its graph says.
 */
export function decoderLayout(
  inputs: readonly ValueDeclaration[],
  outputs: readonly ValueDeclaration[],
  { hasEmbedding = false, hasFirst = false, hasEncoder = false, sizes = NO_SIZES } = {},
): DecoderLayout | null {
  const byRole = roles(inputs)
  const start = byRole.ids ?? byRole.embeddings
  if (start === undefined || (byRole.ids !== undefined && !isWhole(byRole.ids.dtype))) return null
  const { pairs, unpaired } = pairCache(inputs, outputs)
  const logits = logitsOf(outputs, new Set(pairs.map(({ present }) => present?.name)))
  if (logits === undefined) return null
  const cache = pairs.map(entryOf).map((entry) => withSizes(entry, sizes))
  const known = new Set([...Object.values(byRole), ...pairs.map(({ past }) => past)].map(({ name }) => name))
  const unknown = inputs.filter((input) => !known.has(input.name))
  const [strange] = [...unpaired, ...pairs.filter(({ past, present }) => isUnclear(past, present)).map(({ past }) => past)]
  return {
    inputs: byRole,
    logits,
    cache,
    positions:
      byRole.logitsToKeep !== undefined ? 'chosen' : logits.shape?.at(-2) === 1 || logits.shape?.length === 2 ? 'last' : 'all',
    capacity: capacityOf(cache),
    problem:
      problemOf({ strange, unknown, byRole, cache, outputs, hasEmbedding, givesKeys: hasFirst || hasEncoder }) ?? openRing(cache),
  }
}

const isWhole = (dtype: DType | null): boolean => dtype === 'int64' || dtype === 'int32'

function roles(inputs: readonly ValueDeclaration[]): Partial<Record<InputRole, ValueDeclaration>> {
  const found: Partial<Record<InputRole, ValueDeclaration>> = {}
  for (const input of inputs) {
    const role = (Object.keys(INPUT_ROLES) as InputRole[]).find((one) => INPUT_ROLES[one].test(input.name))
    if (role !== undefined && input.kind === 'tensor') found[role] ??= input
  }
  return found
}

/** Float, by name or the only output of [batch, length, vocabulary] that is not of the cache. */
function logitsOf(outputs: readonly ValueDeclaration[], taken: ReadonlySet<string | undefined>): ValueDeclaration | undefined {
  const free = outputs.filter(({ name, kind, dtype }) => !taken.has(name) && kind === 'tensor' && dtype?.includes('float'))
  const named = free.find(({ name }) => /^(lm_)?logits$/.test(name))
  if (named !== undefined) return named
  const shaped = free.filter(
    ({ name, shape }) => shape?.length === 3 && !namedCache(name) && !/hidden|state|embed|encoder/.test(name),
  )
  return shaped.length === 1 ? shaped[0] : undefined
}

/** Sizes that only the declared length may leave open. */
const isUnclear = (past: ValueDeclaration, present: ValueDeclaration | null): boolean =>
  past.shape === null || past.dtype === null || cacheAxes(past, present) === null

function entryOf({ past, present, layer }: ReturnType<typeof pairCache>['pairs'][number]): CacheEntry {
  const axes = cacheAxes(past, present) ?? { batch: null, heads: null, length: null, headSize: null }
  const role = axes.length === null ? 'state' : /encoder|cross/.test(past.name.replace(/decoder/, '')) ? 'cross' : 'self'
  return {
    past: past.name,
    present: present?.name ?? null,
    role,
    layer,
    dtype: past.dtype ?? 'float32',
    shape: past.shape ?? [],
    axes,
  }
}

/** Fills what is open of the decoder's own keys and values, not of packed ones, which have fewer bytes, nor of an encoder, whose heads may be others. */
function withSizes(entry: CacheEntry, { kvHeads, headSize, ring }: CacheSizes): CacheEntry {
  const { role, dtype, axes, shape } = entry
  if (role !== 'self' || !/float/.test(dtype)) return entry
  // The last tokens overwrite the first: what is cut away is gone, as it is of a state.
  const isRing = ring !== null && RING.test(String(shape[axes.length!]))
  const known = (axis: number) =>
    axis === axes.heads ? kvHeads : axis === axes.headSize ? headSize : isRing && axis === axes.length ? ring : null
  const sized = { ...entry, shape: shape.map((size, axis) => (typeof size === 'number' ? size : (known(axis) ?? size))) }
  return isRing ? { ...sized, role: 'state', axes: { ...axes, length: null } } : sized
}

/** Why a ring cannot be fed: nothing says how many tokens it holds. */
function openRing(cache: readonly CacheEntry[]): string | null {
  const ring = cache.find(({ axes, shape }) => axes.length !== null && RING.test(String(shape[axes.length])))
  return ring === undefined
    ? null
    : `${ring.past} holds the last tokens alone, and no genai_config.json says how many; give the folder that onnxruntime-genai's builder wrote`
}

/** As onnxruntime-genai's builder calls the length of a cache whose attention has sliding_window_cache. */
const RING = /^past_sliding_length$/

/** The shape of one number for each of `count` tokens, as an input declares it; images have [3, batch, length] for time, height and width, equal for text. */
export function listShape(declared: readonly Dimension[] | null, count: number): number[] {
  const [axes] = declared ?? []
  if (declared?.length === 3) return [typeof axes === 'number' ? axes : 1, 1, count]
  return declared?.length === 1 ? [count] : [1, count]
}

/** Inputs that an encoder has to fill: keys and values of what it read, which no output of the decoder gives. */
export const encoderInputs = (cache: readonly CacheEntry[]): string[] =>
  cache.flatMap(({ role, past, present }) => (role === 'cross' && present === null ? [past] : []))

/** Whether an encoder has to read something before it. */
export const readsEncoder = ({ inputs, cache }: Pick<DecoderLayout, 'inputs' | 'cache'>): boolean =>
  inputs.encoderStates !== undefined || cache.some(({ role }) => role === 'cross')

function capacityOf(cache: readonly CacheEntry[]): number | null {
  const fixed = cache.flatMap(({ role, axes, shape }) => {
    const length = axes.length === null ? null : shape[axes.length]
    return role === 'self' && typeof length === 'number' ? [length] : []
  })
  return fixed.length === 0 ? null : Math.min(...fixed)
}

interface Seen {
  readonly strange: ValueDeclaration | undefined
  readonly unknown: readonly ValueDeclaration[]
  readonly byRole: Partial<Record<InputRole, ValueDeclaration>>
  readonly cache: readonly CacheEntry[]
  readonly outputs: readonly ValueDeclaration[]
  readonly hasEmbedding: boolean
  /** Another graph may give keys and values of the encoder. */
  readonly givesKeys: boolean
}

function problemOf({ strange, unknown, byRole, cache, outputs, hasEmbedding, givesKeys }: Seen): string | null {
  if (strange !== undefined) {
    const given = outputs.filter(({ name }) => namedCache(name)).map(({ name }) => name)
    const seen = given.length === 0 ? 'no output that is like a cache' : `outputs such as ${given.slice(0, 2).join(' and ')}`
    return (
      `the cache layout is not known: input ${describe(strange)}, and ${seen}; ` +
      'export it with optimum or onnxruntime-genai, whose caches are past_key_values.N.key and present.N.key'
    )
  }
  const joined = cache.find(({ shape }) => shape.some((size) => typeof size === 'string' && /batch.*head/i.test(size)))
  if (joined !== undefined)
    return `input ${describe({ ...joined, name: joined.past })} has batch and heads in one axis, as exports of BLOOM once had; export it again with a newer optimum`
  const [lacking] = encoderInputs(cache)
  if (lacking !== undefined && byRole.encoderStates === undefined && !givesKeys)
    return `input ${lacking} holds keys or values of an encoder that this decoder does not compute; give decoder_model_merged.onnx or decoder_model.onnx, and its encoder next to it`
  if (byRole.ids === undefined && !hasEmbedding)
    return `it is fed embeddings (${byRole.embeddings!.name}), not token ids; put embed_tokens.onnx next to it`
  if (byRole.mask?.shape != null && byRole.mask.shape.length !== 2)
    return `input ${describe(byRole.mask)} is not a mask of [batch, length]; export the decoder with one`
  const [first] = unknown
  if (first !== undefined) return `it is not known what to feed to input ${describe(first)}; export the decoder without it`
  return null
}

const describe = ({ name, dtype, shape }: Pick<ValueDeclaration, 'name' | 'dtype' | 'shape'>): string =>
  `${name} (${dtype ?? 'unknown type'}${shape === null ? '' : ` [${shape.map((size) => size ?? '?').join(', ')}]`})`
