// A graph as patterns are looked for in it: who makes and who reads a value, what it is, and which constants may be relied on. Remedies
// look in the message that they rewrite, findings in the view of the graph that an engine ran. A pattern may be replaced if it is
// closed: nobody else reads what it makes on the way.
import type { NodeProto } from 'onnx-buf'
import type { DType, TensorType } from '../types.ts'

/** A dimension: a number, or a product of symbols that is the same string wherever it is the same size. */
export type Size = number | string

/** A graph as patterns are looked for in it. */
export interface PatternGraph {
  /** Version of ai.onnx that the model imports. */
  readonly opset: number
  producer(name: string | undefined): NodeProto | undefined
  /** Nodes of this graph that read the value, themselves or in their subgraphs, each once. */
  readers(name: string): readonly NodeProto[]
  isOutput(name: string): boolean
  /** The one node that reads the node's first output, if nobody else does and it is no graph output. */
  onlyReader(node: NodeProto): NodeProto | undefined
  /** A constant of this graph or one around it that no caller can override. */
  constant(name: string | undefined): TensorType | undefined
  /** Its numbers; undefined if the value is no such constant, or not of numbers. */
  numbers(name: string | undefined): readonly number[] | undefined
  /** The number of a constant of one element, whatever its rank. */
  scalar(name: string | undefined): number | undefined
  dtype(name: string | undefined): DType | undefined
  shape(name: string | undefined): readonly Size[] | undefined
}

/** True for a node of ai.onnx of one of these types; 'com.microsoft:Gelu' names another domain. */
export function isOperator(node: NodeProto, ...opTypes: readonly string[]): boolean
export function isOperator(node: NodeProto | undefined, ...opTypes: readonly string[]): node is NodeProto
export function isOperator(node: NodeProto | undefined, ...opTypes: readonly string[]): boolean {
  if (node === undefined) return false
  const domain = node.domain === 'ai.onnx' ? '' : node.domain
  return opTypes.includes(domain === '' ? node.opType : `${domain}:${node.opType}`)
}

/** Nobody outside `parts` reads what they make, other than the values in `results`; of those, graph outputs may be. */
export function isClosed(
  { readers, isOutput }: PatternGraph,
  parts: ReadonlySet<NodeProto>,
  results: readonly string[],
): boolean {
  return [...parts].every(({ output }) =>
    output.every((name) => {
      if (name === '' || results.includes(name)) return true
      return !isOutput(name) && readers(name).every((reader) => parts.has(reader))
    }),
  )
}

/** The other of a node's two operands; undefined if the node has not two, or both are `name`. */
export function otherOperand({ input }: NodeProto, name: string): string | undefined {
  if (input.length !== 2) return undefined
  if (input[0] === name) return input[1] === name ? undefined : input[1]
  return input[1] === name ? input[0] : undefined
}

/** A product or sum with a constant: `value` is the other operand. */
export interface WithConstant {
  readonly node: NodeProto
  readonly value: string
  readonly constant: string
}

/** The node as `value op constant`; for Add and Mul in either order, for Sub and Div with the constant second. */
export function withConstant({ constant }: PatternGraph, node: NodeProto | undefined, ...opTypes: readonly string[]) {
  if (!isOperator(node, ...opTypes) || node.input.length !== 2) return undefined
  const [a, b] = [node.input[0]!, node.input[1]!]
  if (constant(b) !== undefined && constant(a) === undefined) return { node, value: a, constant: b }
  if (constant(a) !== undefined && constant(b) === undefined && (node.opType === 'Add' || node.opType === 'Mul')) {
    return { node, value: b, constant: a }
  }
  return undefined
}

/** Equal but for how a constant was written: float32 holds 7 digits, exporters print 6 to 9 of them. */
export function isNear(value: number | undefined, expected: number, tolerance = 2e-6): boolean {
  return value !== undefined && Math.abs(value - expected) <= tolerance * Math.abs(expected)
}
