// A model's configuration as Triton tells it, which perf_analyzer asks for before it measures:
// https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_configuration.md; numbers of fields and of
// datatypes: https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto
import type { ModelSpec, TensorSpec } from './protocol.ts'

/** Datatypes in the order of their numbers, from 1. */
const DATATYPES = 'BOOL UINT8 UINT16 UINT32 UINT64 INT8 INT16 INT32 INT64 FP16 FP32 FP64 STRING BF16'.split(' ')

const nameOf = (datatype: string): string => (datatype === 'BYTES' ? 'STRING' : datatype)

/** Number of a datatype in Triton's enumeration. */
export const numberOf = (datatype: string): number => DATATYPES.indexOf(nameOf(datatype)) + 1

/** `max_batch_size` 0: shapes are whole, with the batch's axis in them; requests that the server joins are its own affair. */
export function modelConfig({ name, platform, inputs, outputs }: ModelSpec): object {
  const tensor = ({ name, datatype, shape }: TensorSpec) => ({
    name,
    data_type: `TYPE_${nameOf(datatype)}`,
    dims: shape ?? [],
  })
  return { name, platform, max_batch_size: 0, input: inputs.map(tensor), output: outputs.map(tensor) }
}
