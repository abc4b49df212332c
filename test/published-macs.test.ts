// Multiply-adds of known architectures beside their published figures. Nothing but the architecture is here: nodes and shapes, as the
// papers give them, without weights.
// Convolutional networks at 224 x 224: column GFLOPS (which counts a multiply-add as one) of
// https://docs.pytorch.org/vision/stable/models.html#table-of-all-available-classification-weights
// BERT base, 128 tokens: 22.5 billion FLOPs (which count a multiply-add as two), https://arxiv.org/abs/2004.02984, table 1.

import { costGraph } from '@whyslow/graph/operators/graph-cost.ts'
import type { ConstantView, GraphView, NodeView, TensorType } from '@whyslow/graph/types.ts'
import { describe, expect, test } from 'vitest'

const WITHIN = 0.02

interface Value {
  readonly name: string
  readonly shape: readonly number[]
}

/** Nodes one after the other, each with the shapes that it reads and gives. */
class Network {
  readonly nodes: NodeView[] = []
  readonly types: Record<string, TensorType> = {}
  readonly constants: Record<string, ConstantView> = {}

  input(shape: readonly number[]): Value {
    return this.value('input', shape)
  }

  conv(x: Value, channels: number, kernel: number, { stride = 1, pad = kernel >> 1, group = 1 } = {}): Value {
    const [n, from, height, width] = x.shape as [number, number, number, number]
    const size = (length: number) => Math.floor((length + 2 * pad - kernel) / stride) + 1
    const weight = this.weight([channels, from / group, kernel, kernel])
    const attributes = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad], group }
    return this.add('Conv', [x, weight], [n, channels, size(height), size(width)], attributes)
  }

  pool(x: Value, kernel: number, stride: number, pad = 0): Value {
    const [n, channels, height, width] = x.shape as [number, number, number, number]
    const size = (length: number) => Math.floor((length + 2 * pad - kernel) / stride) + 1
    const attributes = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad] }
    return this.add('MaxPool', [x], [n, channels, size(height), size(width)], attributes)
  }

  gemm(x: Value, units: number): Value {
    const inputs = x.shape.slice(1).reduce((a, b) => a * b, 1)
    const flat = x.shape.length === 2 ? x : this.add('Flatten', [x], [x.shape[0]!, inputs])
    return this.add('Gemm', [flat, this.weight([inputs, units]), this.weight([units])], [x.shape[0]!, units])
  }

  matmul(a: Value, b: Value, shape: readonly number[]): Value {
    return this.add('MatMul', [a, b], shape)
  }

  add(opType: string, inputs: readonly Value[], shape: readonly number[], attributes: NodeView['attributes'] = {}): Value {
    const output = this.value(`v${this.nodes.length}`, shape)
    this.nodes.push({
      name: output.name,
      opType,
      domain: '',
      inputs: inputs.map(({ name }) => name),
      outputs: [output.name],
      attributes,
      subgraphs: {},
    })
    return output
  }

  weight(shape: readonly number[]): Value {
    const name = `w${Object.keys(this.constants).length}`
    this.constants[name] = { name, dtype: 'float32', shape, sizeBytes: 0, from: 'initializer', isGraphInput: false }
    return this.value(name, shape)
  }

  private value(name: string, shape: readonly number[]): Value {
    this.types[name] = { dtype: 'float32', shape }
    return { name, shape }
  }

  macs(): number {
    const { nodes, constants, types } = this
    const graph: GraphView = { name: 'network', nodes, inputs: [], outputs: [], constants, types }
    const cost = costGraph(graph)
    expect(cost.unknown).toEqual({})
    return cost.macs
  }
}

function alexnet(net: Network): void {
  let x = net.pool(net.conv(net.input([1, 3, 224, 224]), 64, 11, { stride: 4, pad: 2 }), 3, 2)
  x = net.pool(net.conv(x, 192, 5), 3, 2)
  for (const channels of [384, 256, 256]) x = net.conv(x, channels, 3)
  x = net.pool(x, 3, 2)
  for (const units of [4096, 4096, 1000]) x = net.gemm(x, units)
}

function vgg16(net: Network): void {
  let x = net.input([1, 3, 224, 224])
  for (const [channels, count] of [
    [64, 2],
    [128, 2],
    [256, 3],
    [512, 3],
    [512, 3],
  ] as const) {
    for (let k = 0; k < count; k++) x = net.conv(x, channels, 3)
    x = net.pool(x, 2, 2)
  }
  for (const units of [4096, 4096, 1000]) x = net.gemm(x, units)
}

/** Blocks of two 3 x 3 convolutions, or of 1 x 1, 3 x 3 and 1 x 1 with four times the channels; the stride is in the 3 x 3. */
function resnet(net: Network, blocks: readonly number[], isDeep: boolean): void {
  let x = net.pool(net.conv(net.input([1, 3, 224, 224]), 64, 7, { stride: 2 }), 3, 2, 1)
  for (const [stage, count] of blocks.entries()) {
    const width = 64 * 2 ** stage
    for (let k = 0; k < count; k++) {
      const stride = k === 0 && stage > 0 ? 2 : 1
      const channels = isDeep ? 4 * width : width
      const inner = isDeep ? net.conv(net.conv(x, width, 1), width, 3, { stride }) : net.conv(x, width, 3, { stride })
      const main = net.conv(inner, channels, isDeep ? 1 : 3)
      const short = x.shape[1] === channels && stride === 1 ? x : net.conv(x, channels, 1, { stride })
      x = net.add('Add', [main, short], main.shape)
    }
  }
  net.gemm(net.add('GlobalAveragePool', [x], [1, x.shape[1]!, 1, 1]), 1000)
}

/** Table 2 of https://arxiv.org/abs/1801.04381: expansion, channels, repeats, stride. */
const INVERTED = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const

function mobilenetV2(net: Network): void {
  let x = net.conv(net.input([1, 3, 224, 224]), 32, 3, { stride: 2 })
  for (const [expansion, channels, repeats, first] of INVERTED) {
    for (let k = 0; k < repeats; k++) {
      const wide = x.shape[1]! * expansion
      const expanded = expansion === 1 ? x : net.conv(x, wide, 1)
      x = net.conv(net.conv(expanded, wide, 3, { stride: k === 0 ? first : 1, group: wide }), channels, 1)
    }
  }
  x = net.conv(x, 1280, 1)
  net.gemm(net.add('GlobalAveragePool', [x], [1, 1280, 1, 1]), 1000)
}

/** Twelve layers of 768, twelve heads, 3072 inside. */
function bertBase(net: Network): void {
  const [tokens, width, heads, inner] = [128, 768, 12, 3072]
  let x = net.input([1, tokens, width])
  const linear = (from: Value, units: number) => net.matmul(from, net.weight([from.shape[2]!, units]), [1, tokens, units])
  const split = (from: Value, shape: readonly number[]) => net.add('Reshape', [from, net.weight([4])], shape)
  for (let layer = 0; layer < 12; layer++) {
    const head = width / heads
    const [q, v] = [linear(x, width), linear(x, width)].map((one) => split(one, [1, heads, tokens, head]))
    const k = split(linear(x, width), [1, heads, head, tokens])
    const scores = net.matmul(q!, k, [1, heads, tokens, tokens])
    const mixed = net.matmul(scores, v!, [1, heads, tokens, head])
    x = linear(linear(linear(net.add('Reshape', [mixed, net.weight([3])], [1, tokens, width]), width), inner), width)
  }
}

const published: readonly (readonly [string, (net: Network) => void, number])[] = [
  ['AlexNet', alexnet, 0.71e9],
  ['VGG-16', vgg16, 15.47e9],
  ['ResNet-18', (net) => resnet(net, [2, 2, 2, 2], false), 1.81e9],
  ['ResNet-50', (net) => resnet(net, [3, 4, 6, 3], true), 4.09e9],
  ['MobileNetV2', mobilenetV2, 0.3e9],
  ['BERT base', bertBase, 22.5e9 / 2],
]

describe('multiply-adds equal the published figures within 2 %', () => {
  test.each(published)('%s', (_, build, macs) => {
    const net = new Network()
    build(net)
    expect(Math.abs(net.macs() / macs - 1)).toBeLessThanOrEqual(WITHIN)
  })
})
