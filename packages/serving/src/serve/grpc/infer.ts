// An infer request over gRPC as the model takes it, and its answer: raw bytes, or typed contents, never both in one message.
import type { Results, TensorValue } from '@whyslow/measure/engines/types.ts'
import { arrayOf } from '../json-data.ts'
import {
  badRequest,
  checkedShape,
  checkOutputs,
  checkTensor,
  datatypeOf,
  dtypeOf,
  feedsOf,
  type InferRequest,
  type ModelSpec,
  RequestError,
  specOf,
} from '../protocol.ts'
import { decodeRaw, encodeRaw } from '../raw-tensor.ts'
import { type GrpcInferRequest, type GrpcTensor, readInferRequest, writeInferResponse } from './messages.ts'

/** Throws RequestError if the message is none, or not one that the model takes. */
export function parseGrpcInfer(
  model: ModelSpec,
  bytes: Uint8Array,
): InferRequest & Pick<GrpcInferRequest, 'modelName' | 'modelVersion'> {
  let request: GrpcInferRequest
  try {
    request = readInferRequest(bytes)
  } catch (error) {
    if (error instanceof RequestError) throw error
    throw badRequest(`the message cannot be read (${(error as Error).message.slice(0, 80)})`)
  }
  const { inputs, outputs, raw, parameters, id, modelName, modelVersion } = request
  if (modelName !== model.name || (modelVersion !== '' && modelVersion !== (model.version ?? '1')))
    throw new RequestError(404, `there is no such model; this server has '${model.name}'`)
  if (raw.length > 0 && raw.length !== inputs.length)
    throw badRequest(`${raw.length} raw contents are not one for each of ${inputs.length} inputs`)
  const most = bytes.length * 8 + 1
  const tensors = inputs.map((input, k) => tensorOf(model, input, { raw: raw[k] ?? null, most }))
  const wanted = outputs.length === 0 ? null : outputs.map((name) => ({ name, binary: true }))
  if (wanted !== null) checkOutputs(model, wanted)
  const micros = Number(parameters.get('timeout'))
  return {
    id: id === '' ? null : id,
    feeds: feedsOf(model, tensors),
    outputs: wanted,
    binaryOutput: true,
    timeoutMs: micros > 0 ? micros / 1000 : null,
    modelName,
    modelVersion,
  }
}

function tensorOf(
  model: ModelSpec,
  { name, datatype, shape: given, contents }: GrpcTensor,
  { raw, most }: { readonly raw: Uint8Array | null; readonly most: number },
): readonly [string, TensorValue] {
  const spec = specOf(model, name)
  const dtype = dtypeOf(datatype)
  const shape = checkedShape(given, name, most)
  checkTensor(spec, dtype, shape)
  if (raw !== null) {
    if (contents !== null && contents.length > 0) throw badRequest(`input '${name}' has both contents and raw contents`)
    return [name, decodeRaw({ name, dtype, shape }, raw)]
  }
  if (dtype === 'float16' || dtype === 'bfloat16')
    throw badRequest(`input '${name}': contents have no form of 16-bit floats; send them raw`)
  return [name, { dtype, shape, data: typedArray({ name, dtype, shape }, contents ?? []) }]
}

/** Long integers come as BigInt, which are exact. */
function typedArray(tensor: Pick<TensorValue, 'dtype' | 'shape'> & { readonly name: string }, values: readonly unknown[]) {
  const { dtype, shape, name } = tensor
  if (dtype !== 'int64' && dtype !== 'uint64') return arrayOf({ ...tensor, data: values, exact: null })
  const count = shape.reduce((product, size) => product * size, 1)
  if (values.length !== count || values.some((value) => typeof value !== 'bigint'))
    throw badRequest(`input '${name}': its contents are not the ${count} ${dtype} of its shape`)
  return dtype === 'int64' ? BigInt64Array.from(values as bigint[]) : BigUint64Array.from(values as bigint[])
}

/** Throws RequestError if an output has no name in the protocol. */
export function encodeGrpcInfer(
  model: ModelSpec,
  { id, outputs }: Pick<InferRequest, 'id' | 'outputs'>,
  results: Results,
): Uint8Array {
  const wanted = outputs?.map(({ name }) => name) ?? model.outputs.map(({ name }) => name)
  return writeInferResponse({
    modelName: model.name,
    modelVersion: model.version,
    id: id ?? '',
    outputs: wanted.map((name) => {
      const tensor = results[name]
      if (tensor === undefined) throw new RequestError(500, `the model gave no output '${name}'`)
      const datatype = datatypeOf(tensor.dtype)
      if (datatype === undefined)
        throw new RequestError(501, `output '${name}' is ${tensor.dtype}, which the protocol has no name for`)
      return { name, datatype, shape: tensor.shape, raw: encodeRaw(tensor) }
    }),
  })
}
