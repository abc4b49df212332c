// A graph of a .tflite file written operator by operator. Tensors are stored as the file stores them; variables that operators keep from
// one prediction to the next become inputs with a default and outputs of the graph.

import type { ConstantData } from '@whyslow/graph/builder/constant-data.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Dimension, DType } from '@whyslow/graph/types.ts'
import type { CheckedModel } from './checked-model.ts'
import {
  type DeclaredTensorRow,
  FreeSizeError,
  type OperatorCall,
  type Tensor,
  type Variable,
  type WriteOperator,
  withDeclaredShape,
} from './operator.ts'
import { OPERATORS, type OperatorName } from './operator-codes.ts'
import { CUSTOM_WRITERS, WRITERS } from './operators/index.ts'
import { toUnsigned } from './quantized.ts'
import type { OperatorRow, SubgraphRow, TensorRow } from './schema.ts'
import { contentOf, dtypeOf, fill, quantizationOf } from './tensor-content.ts'

/** Graphs that call graphs: a file could name itself, or double with every call. */
const DEEPEST_CALLS = 16
const MOST_OPERATORS = 200_000

/** What all graphs of one file share while they are written. */
export interface FileContext extends CheckedModel {
  readonly file: string
  /** Sizes that the file leaves free stay so. */
  readonly free: boolean
  /** The builder of the main graph: variables are its inputs and outputs. */
  readonly builder: GraphBuilder
  readonly variables: Map<string, { readonly first: Value; current: Value }>
  readonly active: number[]
  written: number
}

export interface Place {
  readonly index: number
  readonly builder: GraphBuilder
}

/** What graph `index` makes of these inputs. Throws InputError; FreeSizeError or RangeError if a size is not known that has to be. */
export function writeSubgraph(writing: FileContext, { index, builder }: Place, inputs: readonly Tensor[]): Tensor[] {
  const { model, file, active } = writing
  const subgraph = model.subgraphs[index]
  if (subgraph === undefined)
    throw new InputError(`${file} is damaged: it calls graph ${index}, which does not exist; export it again`)
  if (active.length >= DEEPEST_CALLS || active.includes(index))
    throw new InputError(`${file} cannot be written as ONNX: its graph ${index} calls itself`)
  if (inputs.length !== subgraph.inputs.length)
    throw new InputError(
      `${file} is damaged: graph ${index} is called with ${inputs.length} inputs and has ${subgraph.inputs.length}`,
    )
  active.push(index)
  const tensors = new Map<number, Tensor>()
  for (const [k, at] of subgraph.inputs.entries()) tensors.set(at, inputs[k]!)
  for (const operator of subgraph.operators) writeOperator(writing, { builder, subgraph, tensors, operator })
  active.pop()
  return subgraph.outputs.map((at) => {
    const tensor = tensorAt(writing, { builder, subgraph, tensors }, at)
    if (tensor === undefined) throw new InputError(`${file} is damaged: nothing makes its output ${subgraph.tensors[at]!.name}`)
    return tensor
  })
}

interface Scope {
  readonly builder: GraphBuilder
  readonly subgraph: SubgraphRow
  readonly tensors: Map<number, Tensor>
}

function writeOperator(writing: FileContext, scope: Scope & { readonly operator: OperatorRow }): void {
  const { model, file } = writing
  const { builder, subgraph, tensors, operator } = scope
  if (++writing.written > MOST_OPERATORS)
    throw new InputError(`${file} calls its graphs too often: above ${MOST_OPERATORS} operators`)
  const code = model.operator_codes[operator.opcode_index]!
  const number = Math.max(code.builtin_code, code.deprecated_builtin_code)
  const name = OPERATORS[number]
  const place = subgraph.tensors[operator.outputs[0] ?? -1]?.name ?? ''
  const refusal = (why: string) =>
    new InputError(`${file}: ${code.custom_code || name || `operator ${number}`} that makes ${place} ${why}`)
  const writer = writerOf(name, code.custom_code)
  if (name === undefined || writer === undefined) throw refusal(adviceFor(name, code.custom_code))
  const outputs = operator.outputs.map((at) => toUnsigned(declarationOf(writing, subgraph.tensors[at]!)))
  const handles: string[] = []
  const inputs = operator.inputs.map((at) => (at === -1 ? undefined : madeBefore(tensorAt(writing, scope, at), refusal)))
  const imaginary = inputs.map((tensor) => tensor?.imaginary)
  const kept: Value[] = []
  const call: OperatorCall = {
    builder,
    operator: name,
    row: operator,
    inputs,
    imaginary,
    keepImaginary: (value) => kept.push(value),
    outputs,
    refusal,
    state: (k) => stateOf(writing, subgraph, operator.inputs[k] ?? -1, refusal),
    handle: (key) => handles.push(key),
    variable: (key) =>
      variable(writing, key, () => refused(refusal(`reads the variable ${key} before it is set, which is not read`))),
    assign: (key, { content, value }) => {
      const initial = () =>
        content ?? refused(refusal(`sets the variable ${key} to begin with to what is computed, which is not read`))
      const known = writing.variables.has(key)
      const { set } = variable(writing, key, initial)
      if (known) set(value)
    },
    inline: (index, inputs, body = builder) => writeSubgraph(writing, { index, builder: body }, inputs),
  }
  const write = imaginary.every((one) => one === undefined) ? writer : writerOfComplex(name, writer, refusal)
  const values = builder.within(ownName(place), () => attempt(() => write(call), refusal))
  for (const [k, at] of operator.outputs.entries()) {
    const value = values[k]
    if (value !== undefined) tensors.set(at, { ...madeTensor(writing, outputs[k]!, value), imaginary: kept[k] })
    else if (handles[k] !== undefined) tensors.set(at, handleTensor(outputs[k]!, handles[k]))
  }
}

function writerOf(name: OperatorName | undefined, custom: string): WriteOperator | undefined {
  if (name === 'CUSTOM') return Object.hasOwn(CUSTOM_WRITERS, custom) ? CUSTOM_WRITERS[custom] : undefined
  return name === undefined || !Object.hasOwn(WRITERS, name) ? undefined : WRITERS[name]
}

/** What only moves the numbers of its first input: of complex ones, their parts one like the other. */
const MOVES: ReadonlySet<string> = new Set([
  'RESHAPE',
  'SQUEEZE',
  'EXPAND_DIMS',
  'TRANSPOSE',
  'SLICE',
  'STRIDED_SLICE',
  'REVERSE_V2',
  'TILE',
])
/** What makes real numbers of complex ones. CAST takes the real part. */
const ENDS: ReadonlySet<string> = new Set(['COMPLEX_ABS', 'REAL', 'IMAG', 'CAST'])

function writerOfComplex(name: string, writer: WriteOperator, refusal: (why: string) => Error): WriteOperator {
  if (ENDS.has(name)) return writer
  if (!MOVES.has(name)) return refused(refusal('computes with complex numbers, which is not read'))
  return (call) => {
    const [first, ...others] = call.inputs
    const [moved] = writer({ ...call, inputs: [{ ...first!, value: call.imaginary[0]!, content: undefined }, ...others] })
    call.keepImaginary(moved!)
    return writer(call)
  }
}

/** The converter joins the names of all that became one operator, 're_lu/Relu;batch_norm/…;conv2d/Conv2D'; it goes by the first. */
const ownName = (name: string): string => name.split(';', 1)[0]!

function adviceFor(name: string | undefined, custom: string): string {
  if (custom.startsWith('Flex'))
    return 'is an operator of TensorFlow (Flex), which is not read: convert the model with built-in operators alone'
  if (name === 'CUSTOM') return 'is a custom operator, which is not read: cut it off, or give an ONNX export of the model'
  if (name?.startsWith('STABLEHLO')) return 'is not read: convert the model with TensorFlow Lite built-in operators'
  return 'is not read: give an ONNX export of the model'
}

function madeTensor(writing: FileContext, output: DeclaredTensorRow, value: Value): Tensor {
  const known = withDeclaredShape(value, output)
  const { quantization } = value.dtype === output.dtype ? output : declarationOf(writing, output.row)
  return { ...output, quantization, dtype: value.dtype, shape: known.shape, value: known, content: value.constant }
}

const handleTensor = (output: DeclaredTensorRow, resource: string): Tensor => ({
  ...output,
  content: undefined,
  resource,
  value: { name: '', dtype: 'float32', shape: [] },
})

function madeBefore(tensor: Tensor | undefined, refusal: (why: string) => Error): Tensor {
  if (tensor === undefined) return refused(refusal('reads a tensor that nothing makes; the file is damaged'))
  return tensor
}

/** Inputs that no converter writes (of too few axes, of another type) end in the tools that shapes are computed with. */
function attempt<Result>(write: () => Result, refusal: (why: string) => Error): Result {
  try {
    return write()
  } catch (error) {
    throw error instanceof TypeError ? refusal(`has inputs or options that do not fit (${error.message})`) : error
  }
}

function refused(error: Error): never {
  throw error
}

/** The tensor as it was made, or a constant. Undefined if neither is so; a variable is given by its state. */
function tensorAt(writing: FileContext, { builder, subgraph, tensors }: Scope, at: number): Tensor | undefined {
  const known = tensors.get(at)
  if (known !== undefined) return known
  const row = subgraph.tensors[at]!
  const content = contentOf(row, writing, writing.file) ?? emptyContent(row)
  if (content === undefined) return row.is_variable ? variableTensor(writing, row) : undefined
  const tensor = constantTensor(builder, { ...declarationOf(writing, row), shape: content.shape }, content)
  tensors.set(at, tensor)
  return tensor
}

/** A constant without elements has no bytes in the file. */
function emptyContent(row: TensorRow): ConstantData | undefined {
  const dtype = dtypeOf(row)
  if (dtype === undefined || dtype === 'string' || row.buffer === 0 || !row.shape.includes(0)) return undefined
  return fill(dtype, row.shape, 0)
}

/** It becomes an initializer when its value is requested: most weights are written in another layout. */
function constantTensor(builder: GraphBuilder, about: DeclaredTensorRow, content: ConstantData): Tensor {
  return {
    ...about,
    content,
    get value() {
      return builder.within('', () => builder.constant(content, ownName(about.row.name) || 'constant'))
    },
  }
}

/** As the file declares it; free sizes are null. */
export function declarationOf({ file }: FileContext, row: TensorRow): DeclaredTensorRow {
  const { shape, shape_signature } = row
  const sizes = shape_signature.length > 0 ? shape_signature.map((size): Dimension => (size < 0 ? null : size)) : shape
  // Resources and variants hold no numbers; operators that take them look at their names alone.
  return { row, dtype: dtypeOf(row) ?? 'float32', shape: sizes, quantization: quantizationOf(row, file) }
}

function variableTensor(writing: FileContext, row: TensorRow): Tensor {
  const about = declarationOf(writing, row)
  return {
    ...about,
    content: undefined,
    get value() {
      return variableOf(writing, row).value
    },
  }
}

function stateOf(writing: FileContext, subgraph: SubgraphRow, at: number, refusal: (why: string) => Error): Variable {
  const row = subgraph.tensors[at]
  if (row === undefined) throw refusal('lacks a state')
  if (!row.is_variable) throw refusal(`keeps its state in ${row.name}, which is not a variable`)
  return variableOf(writing, row)
}

function variableOf(writing: FileContext, row: TensorRow): Variable {
  const { dtype, shape, quantization } = declarationOf(writing, row)
  if (writing.free && shape.some((size) => typeof size !== 'number'))
    throw new FreeSizeError(`the state ${row.name} has a free size`)
  // What TFLite sets its variables to: zero, as int8 stores it.
  const zero = dtype === 'int8' ? (quantization?.zeroPoints[0] ?? 0) : 0
  return variable(writing, row.name || 'state', () => fill(dtype, row.shape, zero))
}

/** Sets what a variable holds before the first prediction, without a node; see `variable`. */
function variable(writing: FileContext, name: string, initial: () => ConstantData): Variable {
  const { variables, builder } = writing
  if (!variables.has(name)) {
    const content = initial()
    const first = builder.input(name, content.dtype as DType, content.shape, content)
    variables.set(name, { first, current: first })
  }
  const entry = variables.get(name)!
  return {
    value: entry.current,
    set: (next) => {
      entry.current = next
    },
  }
}
