// A sequence whose caches never enter JavaScript. Attention that writes in place gets one buffer for each cache, with room to spare; any other gives
// its caches anew at each step, and they become the inputs of the next step as they are.
import { float16Value } from '@whyslow/graph/decode.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { DType } from '@whyslow/graph/types.ts'
import type { Handle } from '@whyslow/measure/engines/koffi.ts'
import type { Sequence, Step } from '../../generator.ts'
import type { OrtApi } from './c-api.ts'
import type { HeldLayout, StepInput } from './layout.ts'
import { type Binding, newBinding } from './session.ts'
import { bytesOf, type Memory, newMemory, newValue, resized, typeOf, withSize } from './values.ts'

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

export function openSequence({ api, decode, prefill, layout, context }: HeldSessions): Sequence {
  const bindings = new Map([...new Set([decode, prefill])].map((session) => [session, newBinding(api, session)]))
  const feeds = stepFeeds(api, layout)
  const caches = layout.inPlace ? cachesInPlace(api, layout) : cachesPassedOn(api, layout)
  const bound = new Set<Binding>()
  let [length, closed] = [0, false]
  let row = new Float32Array(0)

  /** Copied, so that nothing points to memory that the library frees. */
  const read = (value: Handle, wanted: 'last' | 'all' | 'none'): { logits: Float32Array; positions: number } => {
    if (wanted === 'none') return { logits: row.subarray(0, 0), positions: 0 }
    const type = typeOf(api, value)
    const vocabulary = type.shape.at(-1)!
    const given = type.shape.slice(0, -1).reduce((all, size) => all * size, 1)
    const positions = wanted === 'last' ? 1 : given
    const memory = bytesOf(api, value, type)
    const last = memory.subarray(memory.length - (memory.length / given) * positions)
    if (row.length < positions * vocabulary) row = new Float32Array(positions * vocabulary)
    const logits = row.subarray(0, positions * vocabulary)
    copyFloats(last, type.dtype, logits)
    return { logits, positions }
  }

  return {
    get length() {
      return length
    },
    async feed(ids, logits): Promise<Step> {
      const startedAt = performance.now()
      if (closed) throw new Error('the sequence is closed')
      if (ids.length === 0) throw new Error('nothing to feed: at least one token')
      const total = length + ids.length
      if (context !== null && total > context)
        throw new InputError(
          `${total} tokens are more than the ${context} that the model's context holds; shorten the prompt or generate fewer tokens`,
        )
      const binding = bindings.get(ids.length > 1 ? prefill : decode)!
      if (caches.makeRoom(length, total)) bound.clear()
      feeds.bind(binding, ids, length, logits)
      // The first output that is bound is the first that is given.
      binding.freshOutput(layout.logits)
      caches.bind(binding, !bound.has(binding))
      bound.add(binding)
      const runsAt = performance.now()
      try {
        binding.run()
      } finally {
        feeds.release()
      }
      const runMs = performance.now() - runsAt
      const [value, ...presents] = binding.outputs()
      caches.take(presents)
      const takenAt = performance.now()
      const result = read(value, logits)
      api.free('Value', value)
      length = total
      const logitsMs = performance.now() - takenAt
      return { ...result, runMs, feedsMs: takenAt - startedAt - runMs, logitsMs }
    },
    cut(to) {
      if (closed) throw new Error('the sequence is closed')
      if (to < 0 || to > length || !Number.isInteger(to)) throw new Error(`cannot cut ${length} tokens to ${to}`)
      if (to < length) caches.cut(to)
      length = to
    },
    close() {
      if (closed) return
      closed = true
      for (const binding of bindings.values()) binding.close()
      caches.free()
      feeds.free()
    },
  }
}

function copyFloats(bytes: Uint8Array<ArrayBuffer>, dtype: DType, to: Float32Array): void {
  const { buffer, byteOffset, byteLength } = bytes
  if (dtype === 'float32') to.set(new Float32Array(buffer, byteOffset, byteLength / 4))
  else if (dtype === 'float16') to.set(Float32Array.from(new Uint16Array(buffer, byteOffset, byteLength / 2), float16Value))
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
      if (caches.some(({ axis }) => axis === null))
        throw new InputError('this model keeps a state of one size, of which no tokens can be taken back; start a new sequence')
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
  /** After the run: values over memory of ours. */
  release(): void
  free(): void
}

/** Ids, mask, positions and switches: small tensors over memory that is written again at each step. */
function stepFeeds(api: OrtApi, layout: HeldLayout): StepFeeds {
  const memories = new Map<string, { memory: Memory; elements: number }>()
  let values: Handle[] = []
  const memoryFor = (name: string, dtype: DType, elements: number, fresh: (bytes: Uint8Array<ArrayBuffer>) => void): Memory => {
    const known = memories.get(name)
    if (known !== undefined && known.elements >= elements) return known.memory
    known?.memory.free()
    const room = 2 ** Math.ceil(Math.log2(Math.max(FIRST_ROOM, elements)))
    const memory = newMemory(api, dtype, room)
    fresh(memory.bytes)
    memories.set(name, { memory, elements: room })
    return memory
  }
  const write = (binding: Binding, { name, dtype }: StepInput, numbers: readonly number[], shape: readonly number[]) => {
    const memory = memoryFor(name, dtype, numbers.length, () => {})
    writeNumbers(memory.bytes, dtype, numbers)
    attach(binding, name, memory.value(shape))
  }
  const attach = (binding: Binding, name: string, value: Handle) => {
    values.push(value)
    binding.input(name, value)
  }
  return {
    bind(binding, ids, length, logits) {
      const { ids: idsInput, mask, positions } = layout
      const total = length + ids.length
      const numbers = { isUsed: length > 0 ? 1 : 0, wanted: logits === 'all' ? 0 : 1, last: total - 1, total, past: length }
      write(binding, idsInput, ids, [1, ids.length])
      if (positions)
        write(
          binding,
          positions,
          ids.map((_, k) => length + k),
          [1, ids.length],
        )
      if (mask) {
        // Ones all along: only how many of them are shown changes.
        const memory = memoryFor(mask.name, mask.dtype, total, (bytes) => fillOnes(bytes, mask.dtype))
        attach(binding, mask.name, memory.value([1, total]))
      }
      for (const one of layout.numbers) write(binding, one, [numbers[one.is]], one.rank === 0 ? [] : [1])
    },
    release() {
      for (const value of values) api.free('Value', value)
      values = []
    },
    free() {
      for (const { memory } of memories.values()) memory.free()
      memories.clear()
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
