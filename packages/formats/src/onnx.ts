// ONNX: a ModelProto in protobuf, with weights in it or in files next to it. https://github.com/onnx/onnx/blob/main/docs/IR.md
import { createHash } from 'node:crypto'
import { fromBinary } from '@bufbuild/protobuf'
import { constantsOf } from '@whyslow/graph/constants.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { problemsOf } from '@whyslow/graph/validate.ts'
import { type ModelProto, ModelProtoSchema } from 'onnx-buf'
import { readWhole } from './file.ts'
import { openExternalData } from './onnx/external-data.ts'
import { checkWire, type WireProblem } from './onnx/wire.ts'

/** Protobuf lengths are 31 bits; larger models keep their weights in external files. */
const PROTOBUF_LIMIT_BYTES = 2 ** 31 - 1

/**
 * The model in `file`, its weights as views into the file's bytes, external weights opened but not read. Throws InputError
 * if the file cannot be read, is not ONNX, is damaged or cut off, names weights outside its folder, or cannot run in any
 * engine (`problemsOf`).
 */
export async function readOnnx(file: string): Promise<Model> {
  const bytes = readWhole(file, PROTOBUF_LIMIT_BYTES, 'a model above 2 GB must keep its weights as external data: save it so')
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const proto = decodeOnnx(bytes, file)
  const weights = openExternalData(proto, file)
  const external = [...weights.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return {
    proto,
    source: { file, format: 'onnx', sha256, sizeBytes: bytes.byteLength + external },
    origins: new Map(),
    weights,
  }
}

/**
 * The ModelProto in `bytes`, which it shares and may change in place (large typed floats become raw data); `file` names them in
 * messages. Throws InputError as `readOnnx` does, external data unseen.
 */
export function decodeOnnx(bytes: Uint8Array, file: string): ModelProto {
  const fault = checkWire(bytes)
  if (fault !== undefined) throw new InputError(`${file} ${describe(fault)}`)
  const proto = fromBinary(ModelProtoSchema, bytes)
  const [problem] = problemsOf(proto)
  if (problem !== undefined) throw new InputError(`${file}: ${problem.message}`)
  constantsOf({ proto })
  return proto
}

function describe({ kind, path, atByte, what }: WireProblem): string {
  switch (kind) {
    case 'truncated':
      return `is cut off after ${atByte} bytes, inside ${path} (${what}); download or copy it again`
    case 'damaged':
      return `is damaged at byte ${atByte}, in ${path} (${what}); download or export it again`
    case 'too-large':
      return `cannot be read: ${path} has ${what}; export it again with raw data and fewer, larger nodes`
  }
}
