// The logits of a step, copied into JavaScript.
import { float16Values } from '@whyslow/graph/decode.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import type { DType } from '@whyslow/graph/types.ts'
import type { Handle } from '@whyslow/measure/engines/koffi.ts'
import type { OrtApi } from './c-api.ts'
import type { Binding } from './session.ts'
import { bytesOf, type TypeAndShape, typeOf } from './values.ts'

export type LogitPositions = 'last' | 'all' | 'none'

export interface Logits {
  /** Binds the output; true if the tensor is the same at each step of one token, and in it what the run gives. */
  bind(binding: Binding, fed: number): boolean
  /** `value`: what a run gave, which is the caller's no more; undefined if the kept tensor was bound. */
  read(value: Handle | undefined, fed: number, wanted: LogitPositions): { logits: Float32Array; positions: number }
  free(): void
}

export function logitsOf(api: OrtApi, name: string): Logits {
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
