// What the engine puts into a convolution, and what stays right where the channels behind it are several positions each: a remedy that
// widens a convolution keeps these operators next to it. onnxruntime/core/optimizer/conv_activation_fusion.cc
import type { NodeProto } from 'onnx-buf'
import { copyWith } from '../copy.ts'
import { elementwiseInput } from './elementwise.ts'
import { floatsOf } from './floats.ts'
import { isOperator, type Matching, numberOf } from './match.ts'

export interface PointwiseAfter {
  readonly node: NodeProto
  readonly input: number
  /** Inputs that hold a number for each channel. */
  readonly channels: ReadonlyMap<number, Float32Array>
}

/** Operators behind, each the only reader of the one before, that do not care which position a number belongs to: the engine fuses them. */
export function pointwiseAfter(matching: Matching, conv: NodeProto): readonly PointwiseAfter[] {
  const found: PointwiseAfter[] = []
  for (let reader = matching.onlyReader(conv); reader !== undefined; reader = matching.onlyReader(reader)) {
    const input = elementwiseInput(matching, reader)
    const one = input === undefined ? normalization(matching, reader) : { node: reader, input, channels: new Map() }
    if (one === undefined) break
    found.push(one)
  }
  return found
}

/** A BatchNormalization as in prediction, with constant parameters. */
function normalization(matching: Matching, reader: NodeProto): PointwiseAfter | undefined {
  if (!isOperator(reader, 'BatchNormalization') || reader.output.length > 1) return undefined
  // Before opset 9 there may be parameters for each element.
  if (numberOf(reader, 'training_mode', 0) !== 0 || numberOf(reader, 'spatial', 1) !== 1) return undefined
  const parameters = reader.input.map((name, index) => [index, floatsOf(matching, name)] as const).slice(1)
  if (parameters.some(([, values]) => values === undefined)) return undefined
  return { node: reader, input: 0, channels: new Map(parameters as [number, Float32Array][]) }
}

/** The operators behind, each reading one of `values` and giving the next; `repeated` makes what holds a number for each channel wide. */
export function repeatPointwise(
  after: readonly PointwiseAfter[],
  values: readonly string[],
  repeated: (name: string, perChannel: Float32Array) => string,
): readonly NodeProto[] {
  return after.map(({ node, input: at, channels }, k) => {
    const input = node.input.map((name, index) => {
      const perChannel = channels.get(index)
      return index === at ? values[k]! : perChannel ? repeated(name, perChannel) : name
    })
    return copyWith(node, { input, output: [values[k + 1]!] })
  })
}
