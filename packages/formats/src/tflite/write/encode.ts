// A TFLite graph as the bytes of a .tflite file: tensors, buffers and operator codes get their numbers, and constants of equal content one
// buffer. https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs
import { InputError } from '@whyslow/graph/input-error.ts'
import { codeOf } from '../operator-codes.ts'
import { IDENTIFIER, MODEL } from '../schema.ts'
import { typeNumber } from './element-types.ts'
import { type Draft, writeRoot } from './flatbuffer.ts'
import type { LiteGraph, LiteOperator, LiteTensor } from './lite-graph.ts'
import { runtimeOf, versionOf } from './versions.ts'

/** Version of the format; TensorFlow's converter has written it since 2017. */
const SCHEMA_VERSION = 3
/** Name that TensorFlow's converter gives the one signature of a Keras model. */
const SIGNATURE_KEY = 'serving_default'

/** Throws InputError if the file would be larger than a FlatBuffer can be. `file` names the model in messages. */
export function encode(graph: LiteGraph, file: string): Uint8Array<ArrayBuffer> {
  const encoding = new Encoding()
  const main = encoding.subgraph(graph, 'main')
  const runtime = new TextEncoder().encode(runtimeOf(encoding.written).padEnd(16, '\0'))
  const ports = (list: LiteGraph['inputs']) => list.map(({ name, tensor }): Draft => ({ name, tensor_index: main.get(tensor)! }))
  const bytes = writeRoot(
    {
      version: SCHEMA_VERSION,
      operator_codes: encoding.codes,
      subgraphs: encoding.subgraphs,
      description: 'whyslow',
      metadata: [{ name: 'min_runtime_version', buffer: encoding.buffers.add(runtime) }],
      signature_defs: [{ inputs: ports(graph.inputs), outputs: ports(graph.outputs), signature_key: SIGNATURE_KEY }],
      buffers: encoding.buffers.drafts,
    },
    MODEL,
    IDENTIFIER,
  )
  if (bytes === undefined)
    throw new InputError(`${file}: a .tflite file holds at most 2 GB, and this model would be larger; quantize it`)
  return bytes
}

/** What the graphs of a file share. */
class Encoding {
  readonly buffers = new Buffers()
  readonly subgraphs: Draft[] = []
  readonly written: LiteOperator[] = []
  readonly #codes = new Map<string, number>()

  get codes(): Draft[] {
    return [...this.#codes.keys()].map(codeDraft)
  }

  /** Adds the graph behind those that are there, and behind it those that its operators run; gives the numbers of its tensors. */
  subgraph(graph: LiteGraph, name: string): Map<LiteTensor, number> {
    const tensors = numbered(graph)
    const indices = (list: readonly (LiteTensor | undefined)[]): number[] =>
      list.map((one) => (one === undefined ? -1 : tensors.get(one)!))
    const place = this.subgraphs.length
    this.subgraphs.push({})
    this.written.push(...graph.operators)
    this.subgraphs[place] = {
      tensors: [...tensors.keys()].map((tensor) => tensorDraft(tensor, this.buffers)),
      inputs: indices(graph.inputs.map(({ tensor }) => tensor)),
      outputs: indices(graph.outputs.map(({ tensor }) => tensor)),
      operators: graph.operators.map((operator) => ({
        opcode_index: this.#code(operator),
        inputs: indices(operator.inputs),
        outputs: indices(operator.outputs),
        ...(operator.options === undefined
          ? {}
          : { builtin_options: { member: operator.options.table, fields: this.#fields(operator) } }),
      })),
      name,
    }
    return tensors
  }

  #code(operator: LiteOperator): number {
    const key = `${operator.code} ${versionOf(operator)}`
    if (!this.#codes.has(key)) this.#codes.set(key, this.#codes.size)
    return this.#codes.get(key)!
  }

  #fields({ options, bodies = [], origin }: LiteOperator): Draft {
    const [condition, body] = bodies.map((graph, k) => {
      const index = this.subgraphs.length
      this.subgraph(graph, `${origin}/${k}`)
      return index
    })
    return condition === undefined ? options!.fields : { cond_subgraph_index: condition, body_subgraph_index: body }
  }
}

/** Every tensor that an operator or the outside reads or makes, in the order in which it is met. */
function numbered({ inputs, outputs, operators }: LiteGraph): Map<LiteTensor, number> {
  const numbers = new Map<LiteTensor, number>()
  const meet = (tensor: LiteTensor | undefined) => {
    if (tensor !== undefined && !numbers.has(tensor)) numbers.set(tensor, numbers.size)
  }
  for (const { tensor } of inputs) meet(tensor)
  for (const operator of operators) for (const tensor of [...operator.inputs, ...operator.outputs]) meet(tensor)
  for (const { tensor } of outputs) meet(tensor)
  return numbers
}

/** The first buffer is empty: "no content". */
class Buffers {
  readonly drafts: Draft[] = [{}]
  readonly #known = new Map<string, { readonly bytes: Uint8Array; readonly index: number }[]>()

  add(bytes: Uint8Array): number {
    const key = `${bytes.byteLength} ${fingerprint(bytes)}`
    const alike = this.#known.get(key) ?? []
    const known = alike.find((one) => equal(one.bytes, bytes))
    if (known !== undefined) return known.index
    const index = this.drafts.length
    this.drafts.push({ data: bytes })
    this.#known.set(key, [...alike, { bytes, index }])
    return index
  }
}

/** FNV-1a over at most some thousand bytes: only to find what may be equal. */
function fingerprint(bytes: Uint8Array): number {
  const step = Math.max(1, Math.floor(bytes.byteLength / 4096))
  let hash = 0x811c9dc5
  for (let at = 0; at < bytes.byteLength; at += step) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  return hash
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => a.byteLength === b.byteLength && a.every((byte, at) => byte === b[at])

function tensorDraft({ name, dtype, shape, data, variable = false, quantization }: LiteTensor, buffers: Buffers): Draft {
  const free = shape.some((size) => typeof size !== 'number')
  return {
    shape: shape.map((size) => (typeof size === 'number' ? size : 1)),
    type: typeNumber(dtype)!,
    buffer: data === undefined ? 0 : buffers.add(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
    name,
    is_variable: variable,
    has_rank: true,
    ...(free ? { shape_signature: shape.map((size) => (typeof size === 'number' ? size : -1)) } : {}),
    ...(quantization === undefined
      ? {}
      : {
          quantization: {
            scale: quantization.scales,
            zero_point: quantization.zeroPoints,
            quantized_dimension: quantization.axis,
          },
        }),
  }
}

/** Old readers look at the first field, which holds at most 127. */
function codeDraft(key: string): Draft {
  const [name, version] = key.split(' ') as [LiteOperator['code'], string]
  const code = codeOf(name)
  return { deprecated_builtin_code: Math.min(code, 127), builtin_code: code, version: Number(version) }
}
