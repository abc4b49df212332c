// What each step is fed: ids, mask, positions and switches, in memory that is written again and tensors that stay bound while their shape stays.
import { elementCount } from '@whyslow/graph/dtype.ts'
import type { DType } from '@whyslow/graph/types.ts'
import type { Handle } from '@whyslow/measure/engines/koffi.ts'
import { listShape } from '../../recognize/layout.ts'
import type { OrtApi } from './c-api.ts'
import type { HeldFeeds, StepInput } from './layout.ts'
import type { Binding } from './session.ts'
import { type Memory, newMemory } from './values.ts'

/** Elements that memory has room for at first. */
const FIRST_ROOM = 256

export interface StepFeeds {
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
export function stepFeeds(api: OrtApi, layout: HeldFeeds): StepFeeds {
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
      for (const input of positions) {
        const sizes = listShape(input.shape, ids.length)
        const places = Array.from({ length: elementCount(sizes) }, (_, k) => length + (k % ids.length))
        write(binding, input, places, sizes)
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
