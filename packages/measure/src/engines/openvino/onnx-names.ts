// What an ONNX file calls its inputs and outputs, in order, and its nodes: the C API gives any one of a tensor's names, and a value that an
// Identity passes on has several. The file is walked over field by field, and weights are skipped, so that nothing of them is read.
// Fields: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto; the encoding: https://protobuf.dev/programming-guides/encoding
import fs from 'node:fs'

export interface DeclaredNames {
  /** Weights that are listed as inputs among them. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

const MODEL_GRAPH = 7
const GRAPH_NODE = 1
const GRAPH_INPUT = 11
const GRAPH_OUTPUT = 12
const VALUE_NAME = 1
const NODE_OUTPUT = 2
const NODE_NAME = 3
const NODE_OPERATOR = 4
const WINDOW_BYTES = 1 << 16

interface Field {
  readonly number: number
  readonly start: number
  readonly end: number
}

/** Throws if the file is no protobuf message. */
export function declaredNames(file: string): DeclaredNames {
  const reader = openReader(file)
  try {
    const values = partsOf(reader)
    return { inputs: texts(reader, values(GRAPH_INPUT), VALUE_NAME), outputs: texts(reader, values(GRAPH_OUTPUT), VALUE_NAME) }
  } finally {
    reader.close()
  }
}

/** Operator by node, of the main graph; a node without a name is called after its first output, as OpenVINO calls it. */
export function nodeOperators(file: string): ReadonlyMap<string, string> {
  const reader = openReader(file)
  try {
    const nodes = partsOf(reader)(GRAPH_NODE)
    return new Map(
      nodes.map((node) => {
        const [name] = [...texts(reader, [node], NODE_NAME), ...texts(reader, [node], NODE_OUTPUT)].filter((text) => text !== '')
        return [name ?? '', texts(reader, [node], NODE_OPERATOR)[0] ?? '']
      }),
    )
  } finally {
    reader.close()
  }
}

/** Parts of the graph, by their number. */
function partsOf(reader: Reader): (number: number) => readonly Field[] {
  const graphs = [...fieldsOf(reader, 0, reader.size)].filter(({ number }) => number === MODEL_GRAPH)
  const parts = graphs.flatMap(({ start, end }) => [...fieldsOf(reader, start, end)])
  return (number) => parts.filter((part) => part.number === number)
}

/** The texts of field `number` in each part. */
const texts = (reader: Reader, parts: readonly Field[], number: number): string[] =>
  parts.flatMap(({ start, end }) =>
    [...fieldsOf(reader, start, end)].flatMap((field) => (field.number === number ? [reader.text(field.start, field.end)] : [])),
  )

function* fieldsOf(reader: Reader, from: number, to: number): Generator<Field> {
  let at = from
  const varint = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      if (at >= to) throw new Error('the file ends within a field')
      const byte = reader.byte(at++)
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < to) {
    const key = varint()
    const kind = key % 8
    if (kind === 0) {
      varint()
      continue
    }
    const length = kind === 2 ? varint() : kind === 1 ? 8 : 4
    if (kind === 2) yield { number: Math.floor(key / 8), start: at, end: at + length }
    at += length
  }
}

interface Reader {
  readonly size: number
  byte(at: number): number
  text(from: number, to: number): string
  close(): void
}

/** Reads a window around what is requested. */
function openReader(file: string): Reader {
  const fd = fs.openSync(file, 'r')
  const window = Buffer.alloc(WINDOW_BYTES)
  let [start, end] = [0, 0]
  return {
    size: fs.fstatSync(fd).size,
    byte(at) {
      if (at < start || at >= end) {
        start = at
        end = at + fs.readSync(fd, window, 0, WINDOW_BYTES, at)
        if (end === at) throw new Error('the file ends within a field')
      }
      return window[at - start]!
    },
    text(from, to) {
      const bytes = Buffer.alloc(to - from)
      fs.readSync(fd, bytes, 0, bytes.length, from)
      return bytes.toString('utf8')
    },
    close: () => fs.closeSync(fd),
  }
}
