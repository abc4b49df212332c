// A sequence whose caches never enter JavaScript. Attention that writes in place gets one buffer for each cache, with room to spare; any other gives
// its caches anew at each step, and they become the inputs of the next step as they are.
import { float16Values } from '@whyslow/graph/decode.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { DType } from '@whyslow/graph/types.ts'
import type { Handle } from '@whyslow/measure/engines/koffi.ts'
import type { Sequence, Step } from '../../generator.ts'
import { joinSteps } from '../loop/sequence.ts'
import type { OrtApi } from './c-api.ts'
import type { HeldLayout, StepInput } from './layout.ts'
import { type Binding, newBinding } from './session.ts'
import { bytesOf, type Memory, newMemory, newValue, resized, type TypeAndShape, typeOf, withSize } from './values.ts'

/** Tokens that a cache written in place has room for at first; it doubles when it is full. */
const FIRST_ROOM = 256

export interface HeldSessions {
  readonly api: OrtApi
  readonly decode: Handle
  /** For more than one token at once; the same as `decode` if both have the same threads. */
  readonly prefill: Handle
  readonly layout: HeldLayout
  /** The longest context; null: any. */
  readonly context: number | null
}

/** `onClose`: called once, when the sequence is closed. */
export function openSequence({ api, decode, prefill, layout, context }: HeldSessions, onClose: () => void): Sequence {
  const bindings = new Map([...new Set([decode, prefill])].map((session) => [session, newBinding(api, session)]))
  const feeds = stepFeeds(api, layout)
  const caches = layout.inPlace ? cachesInPlace(api, layout) : cachesPassedOn(api, layout)
  const results = logitsOf(api, layout.logits)
  const bound = new Set<Binding>()
  const canCut = layout.caches.every(({ axis }) => axis !== null)
  /** Tokens of the sequence: kept only if the caches cannot be cut, which then hold the first `held` of them. */
  const fed: number[] = []
  let [length, held, closed] = [0, 0, false]

  function run(ids: readonly number[], logits: Wanted): Step {
    const startedAt = performance.now()
    const total = held + ids.length
    const binding = bindings.get(ids.length > 1 ? prefill : decode)!
    if (caches.makeRoom(held, total)) bound.clear()
    feeds.bind(binding, ids, held, logits)
    // The first output that is bound is the first that is given.
    const isKept = results.bind(binding, ids.length)
    caches.bind(binding, !bound.has(binding))
    bound.add(binding)
    const runsAt = performance.now()
    binding.run()
    const ranAt = performance.now()
    // Where everything was written in place, nothing is asked of the library.
    const [value, ...presents] = isKept && layout.inPlace ? [] : binding.outputs()
    caches.take(presents)
    const takenAt = performance.now()
    const read = results.read(value, ids.length, logits)
    held = total
    const [runMs, logitsMs] = [ranAt - runsAt, performance.now() - takenAt]
    return { ...read, runMs, feedsMs: runsAt - startedAt + (takenAt - ranAt), logitsMs }
  }

  return {
    get length() {
      return length
    },
    canCut,
    async feed(ids, logits): Promise<Step> {
      if (closed) throw new Error('the sequence is closed')
      if (ids.length === 0) throw new Error('nothing to feed: at least one token')
      const total = length + ids.length
      if (context !== null && total > context)
        throw new InputError(
          `${total} tokens are more than the ${context} that the model's context holds; shorten the prompt or generate fewer tokens`,
        )
      const again = held < length ? run(fed.slice(held, length), 'none') : null
      const step = logits === 'all' && layout.onlyLast ? rowByRow(ids, run) : run(ids, logits)
      if (!canCut) for (const id of ids) fed.push(id)
      length = total
      return again === null ? step : { ...step, runMs: again.runMs + step.runMs, feedsMs: again.feedsMs + step.feedsMs }
    },
    cut(to) {
      if (closed) throw new Error('the sequence is closed')
      if (to < 0 || to > length || !Number.isInteger(to)) throw new Error(`cannot cut ${length} tokens to ${to}`)
      if (to < held) {
        // A state of one size takes in what stays again, with the next tokens.
        held = canCut ? to : 0
        caches.cut(held)
      }
      length = to
      if (!canCut) fed.length = to
    },
    close() {
      if (closed) return
      closed = true
      for (const binding of bindings.values()) binding.close()
      caches.free()
      feeds.free()
      results.free()
      onClose()
    },
  }
}

type Wanted = 'last' | 'all' | 'none'

/** The graph gives the last position only: a run for each. */
const rowByRow = (ids: readonly number[], run: (ids: readonly number[], logits: Wanted) => Step): Step =>
  joinSteps(
    ids.map((id) => {
      const step = run([id], 'last')
      return { ...step, logits: step.logits.slice() }
    }),
  )

interface Logits {
  /** Binds the output; true if the tensor is the same at each step of one token, and in it what the run gives. */
  bind(binding: Binding, fed: number): boolean
  /** `value`: what a run gave, which is the caller's no more; undefined if the kept tensor was bound. */
  read(value: Handle | undefined, fed: number, wanted: Wanted): { logits: Float32Array; positions: number }
  free(): void
}

function logitsOf(api: OrtApi, name: string): Logits {
  /** The tensor of one position: made by the library at the first step of one token, and written again at each. */
  let kept: { readonly value: Handle; readonly type: TypeAndShape; readonly bytes: Uint8Array<ArrayBuffer> } | null = null
  const keeps = new WeakSet<Binding>()
  let row = new Float32Array(0)
  /** Copied, so that nothing points to memory that the library frees. */
  const copied = (bytes: Uint8Array<ArrayBuffer>, { dtype, shape }: TypeAndShape, wanted: 'last' | 'all') => {
    const vocabulary = shape.at(-1)!
    const given = elementCount(shape) / vocabulary
    const positions = wanted === 'last' ? 1 : given
    if (row.length < positions * vocabulary) row = new Float32Array(positions * vocabulary)
    const logits = row.subarray(0, positions * vocabulary)
    copyFloats(bytes.subarray(bytes.length - (bytes.length / given) * positions), dtype, logits)
    return { logits, positions }
  }
  return {
    bind(binding, fed) {
      if (fed > 1 || kept === null) {
        binding.freshOutput(name)
        keeps.delete(binding)
        return false
      }
      if (!keeps.has(binding)) binding.output(name, kept.value)
      keeps.add(binding)
      return true
    },
    read(value, fed, wanted) {
      if (fed > 1) {
        const type = typeOf(api, value)
        const read = wanted === 'none' ? NO_LOGITS : copied(bytesOf(api, value, type), type, wanted)
        api.free('Value', value)
        return read
      }
      if (kept === null) {
        const type = typeOf(api, value)
        kept = { value, type, bytes: bytesOf(api, value, type) }
      } else if (value !== undefined) api.free('Value', value)
      return wanted === 'none' ? NO_LOGITS : copied(kept.bytes, kept.type, wanted)
    },
    free() {
      if (kept !== null) api.free('Value', kept.value)
    },
  }
}

const NO_LOGITS = { logits: new Float32Array(0), positions: 0 }

function copyFloats(bytes: Uint8Array<ArrayBuffer>, dtype: DType, to: Float32Array): void {
  const { buffer, byteOffset, byteLength } = bytes
  if (dtype === 'float32') to.set(new Float32Array(buffer, byteOffset, byteLength / 4))
  else if (dtype === 'float16') to.set(float16Values(new Uint16Array(buffer, byteOffset, byteLength / 2)))
  else throw new Error(`the logits are ${dtype}: only float32 and float16 are read`)
}

interface Caches {
  /** Room for `total` tokens, of which the first `held` stay; true if memory was replaced. */
  makeRoom(held: number, total: number): boolean
  /** `isNew`: nothing was bound since memory was replaced. */
  bind(binding: Binding, isNew: boolean): void
  /** What a run gave, which is the caller's no more. */
  take(presents: readonly Handle[]): void
  cut(length: number): void
  free(): void
}

function cachesInPlace(api: OrtApi, { caches, capacity }: HeldLayout): Caches {
  let [values, room]: [Handle[], number] = [[], 0]
  const free = () => {
    for (const value of values) api.free('Value', value)
    values = []
  }
  return {
    makeRoom(held, total) {
      if (total <= room) return false
      let next = capacity ?? Math.max(FIRST_ROOM, room)
      while (next < total) next *= 2
      const made = caches.map(({ dtype, shape, axis }, at) =>
        held === 0
          ? newValue(api, dtype, withSize(shape, axis!, next))
          : resized(api, values[at], axis!, { size: next, count: held }),
      )
      free()
      ;[values, room] = [made, next]
      return true
    },
    bind(binding, isNew) {
      if (!isNew) return
      for (const [at, { past, present }] of caches.entries()) {
        binding.input(past, values[at])
        binding.output(present, values[at])
      }
    },
    take(presents) {
      for (const value of presents) api.free('Value', value)
    },
    cut() {},
    free,
  }
}

function cachesPassedOn(api: OrtApi, { caches }: HeldLayout): Caches {
  const empty = (): Handle[] => caches.map(({ dtype, shape }) => cleared(api, dtype, shape))
  let values = empty()
  const replace = (by: readonly Handle[]) => {
    for (const value of values) api.free('Value', value)
    values = [...by]
  }
  return {
    makeRoom: () => false,
    bind(binding) {
      for (const [at, { past, present }] of caches.entries()) {
        binding.input(past, values[at])
        binding.freshOutput(present)
      }
    },
    take: replace,
    cut(length) {
      if (length === 0) return replace(empty())
      if (caches.some(({ axis }) => axis === null)) throw new Error('a state of one size cannot be cut')
      replace(caches.map(({ axis }, at) => resized(api, values[at], axis!, { size: length, count: length })))
    },
    free: () => replace([]),
  }
}

/** A state of one size is zeros at first. */
function cleared(api: OrtApi, dtype: DType, shape: readonly number[]): Handle {
  const value = newValue(api, dtype, shape)
  bytesOf(api, value, { dtype, shape }).fill(0)
  return value
}

interface StepFeeds {
  bind(binding: Binding, ids: readonly number[], length: number, logits: 'last' | 'all' | 'none'): void
  free(): void
}

/** A tensor over memory that is written again at each step; another one where its shape is another. */
interface Fed {
  readonly memory: Memory
  readonly room: number
  readonly shape: string
  readonly value: Handle
}

/** Ids, mask, positions and switches. What has the shape of the step before stays bound. */
function stepFeeds(api: OrtApi, layout: HeldLayout): StepFeeds {
  const all = new Map<string, Fed>()
  const bound = new WeakMap<Binding, Map<string, Fed>>()
  const memoryFor = (known: Fed | undefined, dtype: DType, elements: number): Pick<Fed, 'memory' | 'room'> => {
    if (known !== undefined && known.room >= elements) return known
    known?.memory.free()
    const room = 2 ** Math.ceil(Math.log2(Math.max(FIRST_ROOM, elements)))
    return { memory: newMemory(api, dtype, room), room }
  }
  /** The memory, if it is new: nothing is written there yet. */
  const attach = (binding: Binding, { name, dtype }: StepInput, sizes: readonly number[]): { memory: Memory; isNew: boolean } => {
    const known = all.get(name)
    const shape = sizes.join()
    let fed = known
    if (fed?.shape !== shape) {
      if (known !== undefined) api.free('Value', known.value)
      const { memory, room } = memoryFor(known, dtype, elementCount(sizes))
      fed = { memory, room, shape, value: memory.value(sizes) }
      all.set(name, fed)
    }
    const own = bound.get(binding) ?? new Map<string, Fed>()
    if (own.get(name) !== fed) binding.input(name, fed.value)
    bound.set(binding, own.set(name, fed))
    return { memory: fed.memory, isNew: fed.memory !== known?.memory }
  }
  const write = (binding: Binding, input: StepInput, numbers: readonly number[], sizes: readonly number[]) =>
    writeNumbers(attach(binding, input, sizes).memory.bytes, input.dtype, numbers)
  return {
    bind(binding, ids, length, logits) {
      const { ids: idsInput, mask, positions } = layout
      const total = length + ids.length
      const numbers = { isUsed: length > 0 ? 1 : 0, wanted: logits === 'all' ? 0 : 1, last: total - 1, total, past: length }
      write(binding, idsInput, ids, [1, ids.length])
      if (positions) {
        const places = ids.map((_, k) => length + k)
        write(binding, positions, places, [1, ids.length])
      }
      if (mask) {
        // Ones all along: only how many of them are shown changes.
        const { memory, isNew } = attach(binding, mask, [1, total])
        if (isNew) fillOnes(memory.bytes, mask.dtype)
      }
      for (const one of layout.numbers) write(binding, one, [numbers[one.is]], one.rank === 0 ? [] : [1])
    },
    free() {
      for (const { memory, value } of all.values()) {
        api.free('Value', value)
        memory.free()
      }
      all.clear()
    },
  }
}

function writeNumbers({ buffer }: Uint8Array<ArrayBuffer>, dtype: DType, numbers: readonly number[]): void {
  const array = integersOver(buffer, dtype)
  if (array instanceof BigInt64Array) for (const [at, one] of numbers.entries()) array[at] = BigInt(one)
  else array.set(numbers)
}

function fillOnes({ buffer }: Uint8Array<ArrayBuffer>, dtype: DType): void {
  const array = integersOver(buffer, dtype)
  if (array instanceof BigInt64Array) array.fill(1n)
  else array.fill(1)
}

function integersOver(buffer: ArrayBuffer, dtype: DType) {
  switch (dtype) {
    case 'int64':
      return new BigInt64Array(buffer)
    case 'int32':
      return new Int32Array(buffer)
    case 'bool':
      return new Uint8Array(buffer)
    case 'float32':
      return new Float32Array(buffer)
    default:
      throw new Error(`an input of the step is ${dtype}, which is not fed here`)
  }
}
