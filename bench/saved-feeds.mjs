// Inputs that whyslow saved (--save-inputs), as tensors of onnxruntime: the feeds of each sample.
import fs from 'node:fs'
import path from 'node:path'

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
}

export function savedFeeds(ort, inputs) {
  return JSON.parse(fs.readFileSync(inputs, 'utf8')).samples.map((sample) =>
    Object.fromEntries(
      sample.map(({ name, dtype, shape, file }) => {
        const bytes = fs.readFileSync(path.join(path.dirname(inputs), file))
        if (dtype === 'string') return [name, new ort.Tensor('string', JSON.parse(bytes.toString('utf8')), shape)]
        const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
        return [name, new ort.Tensor(dtype, new arrays[dtype](buffer), shape)]
      }),
    ),
  )
}
