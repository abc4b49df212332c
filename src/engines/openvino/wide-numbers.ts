// OpenVINO computes numbers of 64 bits in 32, and unsigned ones of 32 as signed, whatever the model says: the outputs have its types, and other
// numbers. Whole numbers that do not fit are refused, in place of wrong outputs. ship/shipped/openvino.mjs does the same.
import type { TensorValue } from '../types.ts'

/** Whether one of them is beyond a signed number of 32 bits. */
export function isBeyond32Bits({ dtype, data }: TensorValue): boolean {
  if (!ArrayBuffer.isView(data)) return false
  if (dtype === 'uint32') return int32Of(data).some((x) => x < 0)
  if (dtype !== 'int64' && dtype !== 'uint64') return false
  // Little-endian halves: the upper one repeats the lower one's sign.
  const halves = int32Of(data)
  for (let k = 0; k < halves.length; k += 2) {
    const sign = halves[k]! >> 31
    if (halves[k + 1] !== (dtype === 'uint64' ? 0 : sign) || (dtype === 'uint64' && sign !== 0)) return true
  }
  return false
}

const int32Of = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Int32Array =>
  new Int32Array(buffer, byteOffset, byteLength / Int32Array.BYTES_PER_ELEMENT)
