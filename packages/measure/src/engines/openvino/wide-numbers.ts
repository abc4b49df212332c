// OpenVINO computes numbers of 64 bits in 32, and unsigned ones of 32 as signed, whatever the model says: the outputs have its types, and other
// numbers. Whole numbers that do not fit are refused, in place of wrong outputs.
import type { TensorValue } from '../types.ts'

/** Whether one of them is beyond a signed number of 32 bits. */
export function isBeyond32Bits({ dtype, data }: TensorValue): boolean {
  if (!ArrayBuffer.isView(data)) return false
  if (dtype === 'uint32') return int32Of(data).some((x) => x < 0)
  // Little-endian halves.
  if (dtype === 'int64') return int32Of(data).some((half, k, all) => k % 2 === 1 && half !== all[k - 1]! >> 31)
  if (dtype === 'uint64') return int32Of(data).some((half, k) => (k % 2 === 1 ? half !== 0 : half < 0))
  return false
}

const int32Of = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Int32Array =>
  new Int32Array(buffer, byteOffset, byteLength / Int32Array.BYTES_PER_ELEMENT)
