// A .tflite file, checked as a whole before anything of it is used: its tables, every index in them, and that each constant has as many
// bytes as its shape says. What only a graph shows (who makes a tensor) is seen while the graph is written.
import { elementCount } from '@whyslow/graph/dtype.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { readRoot } from './flatbuffer.ts'
import { OPERATORS } from './operator-codes.ts'
import { IDENTIFIER, MODEL, type ModelRow, type SubgraphRow, TENSOR_TYPES, type TensorRow } from './schema.ts'

/** No kernel takes more axes. */
const MOST_AXES = 16

/** Bits of an element; others have no fixed size. */
const BITS: Partial<Record<(typeof TENSOR_TYPES)[number], number>> = {
  FLOAT32: 32,
  FLOAT16: 16,
  INT32: 32,
  UINT8: 8,
  INT64: 64,
  BOOL: 8,
  INT16: 16,
  COMPLEX64: 64,
  INT8: 8,
  FLOAT64: 64,
  COMPLEX128: 128,
  UINT64: 64,
  UINT32: 32,
  UINT16: 16,
  INT4: 4,
  BFLOAT16: 16,
  INT2: 2,
  UINT4: 4,
  FLOAT8_E4M3FN: 8,
  FLOAT8_E5M2: 8,
}

export interface CheckedModel {
  readonly model: ModelRow
  /** Content by the index of a buffer; empty if there is none. */
  readonly contents: readonly Uint8Array<ArrayBuffer>[]
}

/** Throws InputError; `file` names it. */
export function checkedModel(bytes: Uint8Array<ArrayBuffer>, file: string): CheckedModel {
  const damaged = (what: string) => new InputError(`${file} is damaged: ${what}; download or export it again`)
  const identifier = new TextDecoder('latin1').decode(bytes.subarray(4, 8))
  if (identifier !== IDENTIFIER)
    throw new InputError(`${file} is not a TensorFlow Lite model: bytes 4 to 8 are not ${IDENTIFIER}`)
  const model = readRoot(bytes, MODEL, file)
  if (model.version !== 3) throw new InputError(`${file} has version ${model.version} of the TFLite schema; version 3 is read`)
  if (model.subgraphs.length === 0) throw damaged('it has no graph')
  const contents = model.buffers.map(({ data, offset, size }, k) => {
    if (offset <= 1 && size <= 1) return data
    // Files above 2 GB keep their content behind the tables.
    if (offset + size > bytes.byteLength) throw damaged(`buffer ${k} lies outside the file`)
    return bytes.subarray(offset, offset + size)
  })
  for (const { builtin_code, deprecated_builtin_code } of model.operator_codes) {
    const code = Math.max(builtin_code, deprecated_builtin_code)
    if (code < 0) throw damaged(`it uses an operator of code ${code}`)
  }
  for (const [k, subgraph] of model.subgraphs.entries()) {
    const problem = problemOf(subgraph, model, contents)
    if (problem !== undefined) throw damaged(`in graph ${k}, ${problem}`)
  }
  for (const { inputs, outputs, subgraph_index } of model.signature_defs) {
    const subgraph = model.subgraphs[subgraph_index]
    if (subgraph === undefined) throw damaged(`a signature belongs to graph ${subgraph_index}, which does not exist`)
    if ([...inputs, ...outputs].some(({ tensor_index }) => tensor_index >= subgraph.tensors.length))
      throw damaged('a signature names a tensor that there is not')
  }
  return { model, contents }
}

function problemOf(subgraph: SubgraphRow, model: ModelRow, contents: readonly Uint8Array[]): string | undefined {
  const { tensors, operators, inputs, outputs } = subgraph
  for (const [k, tensor] of tensors.entries()) {
    const problem = tensorProblem(tensor, contents)
    if (problem !== undefined) return `tensor ${k} (${tensor.name}) ${problem}`
  }
  const within = (index: number) => index >= 0 && index < tensors.length
  const strange = [...inputs, ...outputs].find((index) => !within(index))
  if (strange !== undefined) return `an input or output is tensor ${strange}, which does not exist`
  for (const [k, operator] of operators.entries()) {
    const code = model.operator_codes[operator.opcode_index]
    if (code === undefined) return `operator ${k} is of kind ${operator.opcode_index}, which does not exist`
    const name = OPERATORS[Math.max(code.builtin_code, code.deprecated_builtin_code)] ?? 'of a newer kind'
    const wrong =
      operator.inputs.find((index) => index !== -1 && !within(index)) ?? operator.outputs.find((index) => !within(index))
    if (wrong !== undefined) return `operator ${k} (${name}) uses tensor ${wrong}, which does not exist`
  }
  return undefined
}

function tensorProblem(tensor: TensorRow, contents: readonly Uint8Array[]): string | undefined {
  const { shape, shape_signature, type, buffer, external_buffer, sparsity, quantization } = tensor
  const name = TENSOR_TYPES[type]
  if (name === undefined) return `is of type ${type}, which does not exist`
  if (external_buffer !== 0) return 'keeps its content in another file, which is not read'
  if (shape.length > MOST_AXES) return `has ${shape.length} axes`
  if (shape.some((size) => size < 0)) return `has the shape ${shape.join('x')}`
  if (shape_signature.length > 0 && shape_signature.length !== shape.length) return 'has shapes of two ranks'
  const { scale, zero_point, quantized_dimension } = quantization ?? { scale: [], zero_point: [], quantized_dimension: 0 }
  if (zero_point.length > 0 && zero_point.length !== scale.length && scale.length > 0)
    return `has ${scale.length} scales and ${zero_point.length} zero points`
  if (scale.length > 1 && shape[quantized_dimension] !== scale.length)
    return `has ${scale.length} scales along axis ${quantized_dimension} of ${shape.join('x')}`
  const content = contents[buffer]
  if (content === undefined) return `has its content in buffer ${buffer}, which does not exist`
  const bits = BITS[name]
  if (content.byteLength === 0 || bits === undefined || sparsity !== undefined) return undefined
  const expected = Math.ceil((elementCount(shape) * bits) / 8)
  return content.byteLength === expected
    ? undefined
    : `has ${content.byteLength} bytes, and ${expected} by its shape ${shape.join('x')}`
}
