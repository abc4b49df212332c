// Which output of a decoder replaces which input in the next call, by their names, and which axis of a cache grows, by its declared sizes.
import type { Dimension, ValueDeclaration } from '@whyslow/graph/types.ts'

/** Places in the shape; null: there is no such axis. */
export interface CacheAxes {
  readonly batch: number | null
  readonly heads: number | null
  readonly length: number | null
  readonly headSize: number | null
}

/** Words that say past or present and no more. What is left when they are gone is the same of an input and the output that replaces it. */
const FRAME =
  /^(past_key_values|past_kv|past_key_value|present_key_values|present_kv|present_key_value|pkv|past|present|updated|new|next|prev|in|out|cur)(?=[_.]|$)|[_.](in|out|input|output|past|present)$/g

/** Words of a cache, with or without a word for past or present. */
const CACHE = /(^|[_.])(past|present|pkv|cache|kv|conv_state|ssm_state|recurrent_state|(key|value)_states?)([_.]|$)/

/** Roles of other inputs that hold one of those words. */
const NOT_CACHE =
  /^(past|total)_(sequence_lengths?|seq_lens?|key_values_length)$|^use_cache_branch$|^cache_(positions?|indirection)$/

/** Whether a name is that of a cache's input or output. */
export const namedCache = (name: string): boolean => CACHE.test(name) && !NOT_CACHE.test(name)

/** Whether a name is of the same keys or values as another, of the past or the present. */
export const sameCache = (a: string, b: string): boolean => core(a) === core(b)

const core = (name: string): string =>
  name
    .replace(FRAME, '')
    .replace(FRAME, '')
    .replace(/[_.]+/g, '.')
    .replace(/^\.|\.$/g, '')

export interface CachePair {
  readonly past: ValueDeclaration
  /** null: of an encoder's keys and values, which stay what they are. */
  readonly present: ValueDeclaration | null
  readonly layer: number | null
}

/** Inputs that are of a cache, each with the output that replaces it; those without one apart. */
export function pairCache(
  inputs: readonly ValueDeclaration[],
  outputs: readonly ValueDeclaration[],
): { readonly pairs: readonly CachePair[]; readonly unpaired: readonly ValueDeclaration[] } {
  const given = new Map(outputs.filter(({ name }) => namedCache(name)).map((output) => [core(output.name), output]))
  const pairs: CachePair[] = []
  const unpaired: ValueDeclaration[] = []
  for (const past of inputs.filter(({ name }) => namedCache(name))) {
    const present = given.get(core(past.name)) ?? null
    const isCross = /(^|[_.])(encoder|cross)([_.]|$)/.test(past.name)
    const fits = present === null ? isCross : present.dtype === past.dtype && present.shape?.length === past.shape?.length
    if (fits) pairs.push({ past, present, layer: layerOf(past.name) })
    else unpaired.push(past)
  }
  return { pairs, unpaired }
}

function layerOf(name: string): number | null {
  const found = /[._](\d+)([._]|$)/.exec(name)
  return found === null ? null : Number(found[1])
}

const LENGTH = /seq|past|len|total|time|context/i
const BATCH = /batch|beam/i
/** Words of what has one size whatever the length. */
const STATE = /conv|ssm|recurrent|state/

/**
 * Axes of a cache. The length is the axis whose size is open and not the batch's; of a buffer with one size, the usual place of its rank.
 * null: more than one could be it.
 */
export function cacheAxes(past: ValueDeclaration, present: ValueDeclaration | null): CacheAxes | null {
  const shape = past.shape ?? []
  const rank = shape.length
  const batch = batchAxis(shape) ?? (STATE.test(past.name) && typeof shape[0] !== 'number' ? 0 : null)
  const open = shape.flatMap((size, axis) => (typeof size === 'number' || axis === batch ? [] : [axis]))
  if (open.length === 0) return fixedAxes(past, batch)
  const grows = open.filter((axis) => present?.shape?.[axis] !== undefined && present.shape[axis] !== shape[axis])
  const named = open.filter((axis) => typeof shape[axis] === 'string' && LENGTH.test(shape[axis]))
  const usual = usualLength(rank)
  const length = one(open) ?? one(grows) ?? one(named) ?? (open.includes(usual ?? -1) ? usual : null)
  return length === null ? null : withLength(shape, batch, length)
}

/** Everything is a number: a state, or a buffer that holds the whole context. */
function fixedAxes({ name, shape }: ValueDeclaration, batch: number | null): CacheAxes | null {
  if (shape === null) return null
  const usual = usualLength(shape.length)
  if (STATE.test(name) || usual === null || shape.length < 4) return { batch, heads: null, length: null, headSize: null }
  return withLength(shape, batch, usual)
}

function withLength(shape: readonly Dimension[], batch: number | null, length: number): CacheAxes {
  const rank = shape.length
  const headSize = length === rank - 1 ? rank - 2 : rank - 1
  const others = shape.flatMap((_, axis) => (axis === batch || axis === length || axis === headSize ? [] : [axis]))
  // Of a stacked cache the first axis tells keys from values, or layers.
  return { batch, heads: others.at(-1) ?? null, length, headSize }
}

const one = (axes: readonly number[]): number | null => (axes.length === 1 ? axes[0]! : null)

/** The axis named so; else the first, or the second of five, where the first tells keys from values. */
function batchAxis(shape: readonly Dimension[]): number | null {
  const named = shape.findIndex((size) => typeof size === 'string' && BATCH.test(size))
  if (named >= 0) return named
  return shape.length < 3 ? null : shape.length === 5 ? 1 : 0
}

const usualLength = (rank: number): number | null => ({ 3: 1, 4: 2, 5: 3 })[rank] ?? null
