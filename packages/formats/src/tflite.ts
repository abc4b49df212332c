// TensorFlow Lite (LiteRT): a FlatBuffer of graphs, operators and constants.
// https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs

import { GraphBuilder, type Value } from '@whyslow/graph/builder/graph-builder.ts'
import { uniqueName } from '@whyslow/graph/builder/unique-name.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { readWhole } from './file.ts'
import type { ReadOptions } from './read-options.ts'
import { builtModel } from './settle/built-model.ts'
import { type CheckedModel, checkedModel } from './tflite/checked-model.ts'
import { declarationOf, type FileContext, writeSubgraph } from './tflite/graph-writer.ts'
import { type DeclaredTensorRow, FreeSizeError, type Tensor } from './tflite/operator.ts'
import { dequantize, quantize, toUnsigned } from './tflite/quantized.ts'
import type { SignatureRow, SubgraphRow } from './tflite/schema.ts'
import { chosenSignature, isRunByDefault, notesOnSignatures } from './tflite/signature.ts'
import { dtypeOf } from './tflite/tensor-content.ts'

/** Offsets of a FlatBuffer are 32 bits; larger files keep their content behind it, and ONNX's protobuf holds no more than this. */
const LIMIT_BYTES = 2 ** 31 - 1

/**
 * The model in `file`: the graph of the signature that is requested, else of the one that is called as TensorFlow calls it by default, else of
 * the only one. Inputs and outputs have its names; free sizes stay free where every operator can be written so. Throws InputError if the
 * file is damaged or has an operator that is not read, and if it is not clear which signature is meant.
 */
export async function readTflite(file: string, { signature: wanted = null }: ReadOptions = {}): Promise<Model> {
  const bytes = readWhole(file, LIMIT_BYTES, 'a model above 2 GB is not read')
  const checked = checkedModel(bytes, file)
  const signature = chosenSignature(checked.model, file, wanted)
  const model = builtModel(withSizes({ ...checked, signature, file }), { file, format: 'tflite', parts: [bytes] })
  const notes = notesOnSignatures(checked.model, signature)
  return {
    ...model,
    ...(notes.length > 0 && { notes }),
    ...(signature !== undefined && !isRunByDefault(signature, checked.model) && { signature: signature.signature_key }),
  }
}

interface Read extends CheckedModel {
  readonly file: string
  /** Names the graph that is read; the first without. */
  readonly signature: SignatureRow | undefined
}

/** Sizes that the file leaves free stay free; where an operator must know one, all are what the file sets them to at first. */
function withSizes(read: Read): GraphBuilder {
  try {
    return write(read, true)
  } catch (error) {
    if (!(error instanceof FreeSizeError || error instanceof RangeError)) throw error
  }
  try {
    return write(read, false)
  } catch (error) {
    if (error instanceof FreeSizeError || error instanceof RangeError)
      throw new InputError(`${read.file} cannot be written as ONNX: ${error.message}, which has to be known`)
    throw error
  }
}

function write(read: Read, free: boolean): GraphBuilder {
  const { file, signature } = read
  const builder = new GraphBuilder()
  const index = signature?.subgraph_index ?? 0
  const main = read.model.subgraphs[index]!
  const names = namesOf(main, signature)
  builder.reserve([...names.inputs, ...names.outputs])
  const { model, contents } = read
  const writing: FileContext = { model, contents, file, free, builder, variables: new Map(), active: [], written: 0 }
  const inputs = main.inputs.map((at, k) => {
    const about = declarationOf(writing, main.tensors[at]!)
    if (dtypeOf(about.row) === undefined) throw new InputError(`${file}: input ${names.inputs[k]} is not a tensor of numbers`)
    const shape = free
      ? about.shape.map((size, axis): Dimension => size ?? (axis === 0 ? 'batch' : `${names.inputs[k]}/${axis}`))
      : about.row.shape
    const value = builder.input(names.inputs[k]!, about.dtype, shape)
    const kept = toUnsigned({ ...about, shape, content: undefined })
    return { ...kept, value: builder.within(names.inputs[k]!, () => requantized(builder, { ...about, value }, kept)) }
  })
  const outputs = writeSubgraph(writing, { index, builder }, inputs)
  for (const [k, tensor] of outputs.entries()) {
    const about = declarationOf(writing, tensor.row)
    if (tensor.imaginary !== undefined)
      throw new InputError(
        `${file}: its output ${names.outputs[k]} is of complex numbers, which ONNX has no operators for; give their magnitude, or both parts`,
      )
    const value = tensor.resource === undefined ? tensor.value : refuseHandle(file, names.outputs[k]!)
    builder.output(
      names.outputs[k]!,
      builder.within(names.outputs[k]!, () => requantized(builder, { ...tensor, value }, about)),
    )
  }
  for (const [name, { current }] of writing.variables) builder.output(`${name}:next`, current)
  return builder
}

function refuseHandle(file: string, name: string): never {
  throw new InputError(`${file}: output ${name} is a variable and no tensor of numbers`)
}

/** The same numbers in the type that is wanted, int8 or uint8. */
function requantized(
  builder: GraphBuilder,
  given: Pick<Tensor, 'value' | 'quantization'>,
  wanted: Pick<DeclaredTensorRow, 'dtype' | 'quantization'>,
): Value {
  const [from, to] = [given.quantization, wanted.quantization]
  if (given.value.dtype === wanted.dtype || from === undefined || to === undefined) return given.value
  return quantize(builder, dequantize(builder, given.value, from), { dtype: wanted.dtype, quantization: to })
}

/** As the signature calls them, else as their tensors are called; a name that comes again has a number behind it. */
function namesOf(
  { tensors, inputs, outputs }: SubgraphRow,
  signature: SignatureRow | undefined,
): { readonly inputs: readonly string[]; readonly outputs: readonly string[] } {
  const taken = new Map<string, number>()
  const named = (places: readonly number[], side: 'inputs' | 'outputs'): string[] => {
    // The first that a signature lists for a tensor counts.
    const names = new Map([...(signature?.[side] ?? [])].reverse().map(({ tensor_index, name }) => [tensor_index, name]))
    return places.map((at) => uniqueName(names.get(at) || tensors[at]!.name || side.slice(0, -1), taken))
  }
  return { inputs: named(inputs, 'inputs'), outputs: named(outputs, 'outputs') }
}
