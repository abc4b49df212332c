// A sequence of a decoder whose cache JavaScript holds: what one call returns is fed to the next. Graphs that cannot go on from what they have
// (no cache, or states that cannot be cut) are fed everything again.
import { float16Values } from '@whyslow/graph/decode.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { TensorValue } from '@whyslow/measure/engines/types.ts'
import type { Sequence, Step } from '../../generator.ts'
import { sameCache } from '../../recognize/cache-names.ts'
import type { CacheEntry, DecoderLayout } from '../../recognize/layout.ts'
import { cutTensor, zeroTensor } from './cache.ts'
import { feedsFor, type StepTokens } from './feeds.ts'

/** An engine's session; `Tensor` is what it takes and gives. */
export interface DecoderSession<Tensor> {
  /** Positions: how many tokens are fed. */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    fetches: readonly string[],
    positions: number,
  ): Promise<Readonly<Record<string, Tensor>>>
  readonly wrap: (value: TensorValue) => Tensor
  readonly unwrap: (tensor: Tensor) => TensorValue
}

/** Another graph for the first call, which begins without a cache and gives the one that all later calls are fed. */
export interface FirstCall<Tensor> {
  readonly run: DecoderSession<Tensor>['run']
  readonly layout: DecoderLayout
  readonly outputs: readonly string[]
  /** As `constant`, for its own inputs. */
  readonly constant: Readonly<Record<string, TensorValue>>
}

export interface SequenceOptions<Tensor> {
  readonly layout: DecoderLayout
  readonly context: number | null
  /** Fed unchanged at each call: what an encoder returned. */
  readonly constant?: Readonly<Record<string, TensorValue>>
  /** Absent: the same graph does it. */
  readonly first?: FirstCall<Tensor>
}

type Wanted = 'last' | 'all' | 'none'

interface Held<Tensor> {
  readonly length: number
  readonly cache: Readonly<Record<string, Tensor>>
}

export function startSequence<Tensor>(session: DecoderSession<Tensor>, options: SequenceOptions<Tensor>): Sequence {
  const { layout, context, first } = options
  const kept = layout.cache.filter(({ past }) => options.constant?.[past] === undefined)
  const returned = kept.filter(({ present }) => present !== null)
  const passed = returned.filter(({ role }) => role !== 'cross')
  const constant = wrapAll(session, options.constant ?? {})
  const opening = first === undefined ? null : openingOf(session, first, kept)
  const empty: Held<Tensor> = {
    length: 0,
    cache: wrapAll(session, Object.fromEntries(kept.map((entry) => [entry.past, zeroTensor(entry, 0)]))),
  }
  const feedsOf = feedsFor(layout)
  const canCut = passed.length > 0 && passed.every(({ role }) => role !== 'state')
  const own = {
    ...{ run: session.run, logits: layout.logits.name },
    feedsOf: (fed: StepTokens) => ({ ...constant, ...held.cache, ...wrapAll(session, feedsOf(fed)) }),
  }
  /** All tokens of the sequence; the cache holds the first of them. */
  const ids: number[] = []
  let held = empty
  let before = empty

  async function run(fed: readonly number[], wanted: Wanted): Promise<Step> {
    const started = performance.now()
    const keep = wanted === 'all' ? 0 : 1
    const call = held.length === 0 && opening !== null ? opening : own
    const feeds = call.feedsOf({ ids: fed, past: held.length, keep })
    // Keys of an encoder are made in the first call; what later ones return of them is the same again.
    const taking = held.length > 0 ? passing(passed) : (opening?.taking ?? passing(returned))
    const presents = taking.map(([, present]) => present)
    const fetches = wanted === 'none' && presents.length > 0 ? presents : [call.logits, ...presents]
    const ready = performance.now()
    const results = await call.run(feeds, fetches, fed.length)
    const ran = performance.now()
    before = held
    if (passed.length > 0) {
      const taken = taking.map(([past, present]) => [past, results[present]!] as const)
      held = { length: held.length + fed.length, cache: { ...held.cache, ...Object.fromEntries(taken) } }
    }
    const taken = performance.now()
    const given = wanted === 'none' ? undefined : results[call.logits]
    const { logits, positions } = given === undefined ? NO_LOGITS : rowsOf(session.unwrap(given), wanted)
    const done = performance.now()
    return { logits, positions, runMs: ran - ready, feedsMs: ready - started + (taken - ran), logitsMs: done - taken }
  }

  /** Everything that the cache lacks and the new ids. */
  async function feed(fed: readonly number[], wanted: Wanted): Promise<Step> {
    if (fed.length === 0) throw new Error('no ids to feed')
    const limit = Math.min(context ?? Infinity, layout.capacity ?? Infinity)
    if (ids.length + fed.length > limit)
      throw new InputError(
        `${ids.length + fed.length} tokens are more than the model's context of ${limit}; shorten the prompt or generate fewer tokens`,
      )
    const missing = ids.slice(held.length)
    if (wanted === 'all' && layout.positions === 'last' && fed.length > 1) return oneByOne(fed)
    const step = await run([...missing, ...fed], wanted)
    for (const id of fed) ids.push(id)
    return wanted === 'all' ? lastRows(step, fed.length) : step
  }

  /** The graph returns the last position only. */
  async function oneByOne(fed: readonly number[]): Promise<Step> {
    const steps: Step[] = []
    for (const id of fed) {
      const step = await feed([id], 'last')
      steps.push({ ...step, logits: step.logits.slice() })
    }
    return joinSteps(steps)
  }

  return {
    get length() {
      return ids.length
    },
    canCut: passed.every(({ role }) => role !== 'state'),
    feed,
    cut(length) {
      if (length > ids.length || length < 0) throw new Error(`a sequence of ${ids.length} tokens cannot be cut to ${length}`)
      ids.length = length
      if (length >= held.length) return
      if (length === before.length) held = before
      else if (length === 0 || !canCut) held = empty
      else held = { length, cache: cutCache(session, { held, layout, length }) }
      before = held
    },
    close() {
      held = empty
      before = empty
      ids.length = 0
    },
  }
}

const passing = (entries: readonly CacheEntry[]) => entries.map(({ past, present }) => [past, present!] as const)

/** What the first call is fed, and which of its outputs becomes which input. Throws InputError if it does not give one. */
function openingOf<Tensor>(
  session: DecoderSession<Tensor>,
  { run, layout, outputs, constant }: FirstCall<Tensor>,
  kept: readonly CacheEntry[],
) {
  const feedsOf = feedsFor(layout)
  const taking = kept.map(({ past }) => {
    const present = outputs.find((name) => name !== layout.logits.name && sameCache(name, past))
    if (present === undefined)
      throw new InputError(
        `the decoder of the first call does not give ${past}, which the decoder of later tokens is fed; export both again`,
      )
    return [past, present] as const
  })
  const wrapped = wrapAll(session, constant)
  return {
    ...{ run, taking, logits: layout.logits.name },
    feedsOf: (fed: StepTokens) => ({ ...wrapped, ...wrapAll(session, feedsOf(fed)) }),
  }
}

/** Several calls as one, their logits in a row. */
export function joinSteps(steps: readonly Step[]): Step {
  const sum = (of: (step: Step) => number) => steps.reduce((total, step) => total + of(step), 0)
  const width = steps[0]!.logits.length
  const logits = new Float32Array(width * steps.length)
  for (const [k, step] of steps.entries()) logits.set(step.logits, k * width)
  return {
    logits,
    positions: steps.length,
    runMs: sum(({ runMs }) => runMs),
    feedsMs: sum(({ feedsMs }) => feedsMs),
    logitsMs: sum(({ logitsMs = 0 }) => logitsMs),
  }
}

const NO_LOGITS = { logits: new Float32Array(0), positions: 0 }

interface Cut<Tensor> {
  readonly held: Held<Tensor>
  readonly layout: DecoderLayout
  readonly length: number
}

function cutCache<Tensor>(session: DecoderSession<Tensor>, { held, layout, length }: Cut<Tensor>): Record<string, Tensor> {
  // A buffer of one size is cut by the mask alone.
  if (layout.capacity !== null) return held.cache
  const cut = layout.cache.flatMap(({ past, role, axes }) => {
    const tensor = held.cache[past]
    return role === 'self' && tensor !== undefined
      ? [[past, session.wrap(cutTensor(session.unwrap(tensor), axes.length!, length))] as const]
      : []
  })
  return { ...held.cache, ...Object.fromEntries(cut) }
}

const wrapAll = <Tensor>(
  { wrap }: DecoderSession<Tensor>,
  values: Readonly<Record<string, TensorValue>>,
): Record<string, Tensor> => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, wrap(value)]))

/** Rows of float32 [positions, vocabulary], a view if they are float32 already. */
function rowsOf({ dtype, shape, data }: TensorValue, wanted: Wanted) {
  const vocabulary = shape.at(-1)!
  const all = (data as Float32Array).length / vocabulary
  const from = wanted === 'last' ? (all - 1) * vocabulary : 0
  const rows = (data as Float32Array).subarray(from)
  return {
    logits: dtype === 'float32' ? rows : asFloat32(dtype, rows as unknown as Uint16Array),
    positions: wanted === 'last' ? 1 : all,
  }
}

const asFloat32 = (dtype: string, bits: Uint16Array): Float32Array =>
  dtype === 'float16' ? float16Values(bits) : Float32Array.from(bits)

/** Leaves out logits of ids that were fed again. */
function lastRows(step: Step, count: number): Step {
  if (step.positions <= count) return step
  const width = step.logits.length / step.positions
  return { ...step, logits: step.logits.subarray((step.positions - count) * width), positions: count }
}
