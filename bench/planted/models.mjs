// Models with a cause of slowness planted in them, and their twins without it. Written into a folder; weights are noise.

import fs from 'node:fs'
import path from 'node:path'
import { node, rawTensor, valueInfo } from '../../dist/graph/build.js'
import { chain, FLOAT, filled, finish, noise, random, scalar, weights, write } from './net.mjs'

/** Blocks of MatMul and LayerNormalization over 112 x 112 x 64; planted: normalized over another axis, with moves there and back. */
export function normalized(folder, { moved }) {
  const shape = [1, 112, 112, 64]
  const net = chain('x')
  const size = moved ? 112 : 64
  for (let k = 0; k < 4; k++) {
    net.add('MatMul', [net.constant(weights(`w${k}`, [64, 64]))])
    if (moved) net.add('Transpose', [], { perm: [0, 3, 1, 2] })
    net.add('LayerNormalization', [net.constant(filled(`g${k}`, size, 1)), net.constant(filled(`b${k}`, size, 0))], { axis: -1 })
    if (moved) net.add('Transpose', [], { perm: [0, 2, 3, 1] })
  }
  return finish(folder, moved ? 'transposed' : 'not-transposed', net, shape, shape)
}

/** Depthwise 3 x 3 convolutions, each with BatchNormalization and Relu, as exporters write them: the engine makes one blocked kernel of each. */
export function depthwise(folder) {
  const channels = 64
  const shape = [1, channels, 56, 56]
  const net = chain('x')
  for (let k = 0; k < 6; k++) {
    const weight = net.constant(weights(`w${k}`, [channels, 1, 3, 3]))
    net.add('Conv', [weight], { pads: [1, 1, 1, 1], kernel_shape: [3, 3], group: channels })
    const ones = net.constant(filled(`one${k}`, channels, 1))
    const zeros = net.constant(filled(`zero${k}`, channels, 0))
    net.add('BatchNormalization', [ones, zeros, zeros, ones])
    net.add('Relu')
  }
  return finish(folder, 'depthwise', net, shape, shape)
}

/** Four 3 x 3 convolutions of 64 channels at 56 x 56: bound by arithmetic, enough of it for several threads. */
export function convolutions(folder) {
  const shape = [1, 64, 56, 56]
  const net = chain('x')
  for (let k = 0; k < 4; k++) {
    net.add('Conv', [net.constant(weights(`w${k}`, [64, 64, 3, 3]))], { pads: [1, 1, 1, 1], kernel_shape: [3, 3] })
    net.add('Relu')
  }
  return finish(folder, 'convolutions', net, shape, shape)
}

/** Convolutions with their normalizations and Relus, 32 channels at 56 x 56. `isListed`: the weights are graph inputs too, as before IR version 4. */
export function listedWeights(folder, { isListed }) {
  const channels = 32
  const shape = [1, channels, 56, 56]
  const net = chain('x')
  for (let k = 0; k < 4; k++) {
    net.add('Conv', [net.constant(weights(`w${k}`, [channels, channels, 3, 3]))], { pads: [1, 1, 1, 1], kernel_shape: [3, 3] })
    const ones = ['scale', 'bias', 'mean', 'variance'].map((name) => net.constant(filled(`${name}${k}`, channels, 1)))
    net.add('BatchNormalization', ones)
    net.add('Relu')
  }
  const listed = isListed ? net.initializers.map(({ name, dims }) => valueInfo(name, FLOAT, dims.map(Number))) : []
  return write(folder, isListed ? 'listed-weights' : 'own-weights', {
    nodes: net.nodes,
    initializers: net.initializers,
    inputs: [valueInfo('x', FLOAT, shape), ...listed],
    outputs: [valueInfo(net.last, FLOAT, shape)],
    irVersion: 8,
  })
}

/** A detector's backbone, whose height and width are free. */
export function anySize(folder) {
  const net = chain('x')
  for (const [k, [from, to]] of [
    [3, 16],
    [16, 32],
    [32, 32],
  ].entries()) {
    const of = { pads: [1, 1, 1, 1], kernel_shape: [3, 3], strides: [2, 2] }
    net.add('Conv', [net.constant(weights(`w${k}`, [to, from, 3, 3]))], of)
    net.add('Relu')
  }
  return finish(folder, 'any-size', net, [1, 3, 'height', 'width'], [1, 32, 'rows', 'columns'])
}

/**
 * Quantized convolutions, 64 channels at 56 x 56, written with QuantizeLinear and DequantizeLinear. `between`: 'nothing', which fuses
 * whole; 'neg', a float operator between groups that fuse; 'unquantized-erf', one without conversions behind the convolutions, so that
 * these do not fuse either. With a `kernel` of 1 x 1 conversions weigh more than the convolutions, with 3 x 3 less.
 */
export function quantized(folder, { between, kernel }) {
  const channels = 64
  const shape = [1, channels, 56, 56]
  const pad = kernel >> 1
  const net = chain('x')
  const scale = net.constant(scalar('scale', 0.02))
  const zero = net.constant(rawTensor('zero', 'uint8', [], new Uint8Array([128])))
  const weightScale = net.constant(scalar('weight_scale', 0.001))
  const weightZero = net.constant(rawTensor('weight_zero', 'int8', [], new Uint8Array([0])))
  const quantize = () => net.add('QuantizeLinear', [scale, zero])
  const dequantize = () => net.add('DequantizeLinear', [scale, zero])
  quantize()
  for (let k = 0; k < 4; k++) {
    const input = dequantize()
    const bytes = new Uint8Array(Int8Array.from(noise(channels * channels * kernel * kernel, 200)).buffer)
    const stored = net.constant(rawTensor(`w${k}`, 'int8', [channels, channels, kernel, kernel], bytes))
    const weight = net.add('DequantizeLinear', [weightScale, weightZero], {}, stored)
    net.add('Conv', [weight], { pads: [pad, pad, pad, pad], kernel_shape: [kernel, kernel] }, input)
    if (between !== 'unquantized-erf') quantize()
    if (between === 'neg') dequantize()
    if (between !== 'nothing') {
      net.add(between === 'neg' ? 'Neg' : 'Erf')
      quantize()
    }
  }
  dequantize()
  return finish(folder, `quantized-${kernel}x${kernel}-${between}`, net, shape, shape)
}

/** One LSTM over 512 steps. */
export function recurrent(folder) {
  const [steps, width, hidden] = [512, 64, 128]
  const net = chain('x')
  const w = net.constant(weights('w', [1, 4 * hidden, width]))
  const r = net.constant(weights('r', [1, 4 * hidden, hidden]))
  net.add('LSTM', [w, r], { hidden_size: hidden })
  return finish(folder, 'recurrent', net, [steps, 1, width], [steps, 1, 1, hidden])
}

/** The sequence at once: 512 positions through four matrices. */
export function perceptron(folder) {
  const net = chain('x')
  for (let k = 0; k < 4; k++) {
    net.add('MatMul', [net.constant(weights(`w${k}`, [256, 256]))])
    net.add('Relu')
  }
  return finish(folder, 'perceptron', net, [512, 256], [512, 256])
}

/** Three matrices of 128 MiB, one sample: each weight is read once for one multiply-add. */
export function large(folder) {
  const sizes = [4096, 8192, 4096, 8192]
  const net = chain('x')
  for (let k = 0; k + 1 < sizes.length; k++) {
    net.add('MatMul', [net.constant(weights(`w${k}`, [sizes[k], sizes[k + 1]]))])
    net.add('Relu')
  }
  return finish(folder, 'large', net, [1, sizes[0]], [1, sizes.at(-1)])
}

/** Convolutions over 96 x 96; planted: a 9 x 9 one at the end with three output channels, for which the engine's blocked kernels have no use. */
export function narrow(folder, { few }) {
  const shape = [1, 32, 96, 96]
  const net = chain('x')
  const conv = (name, from, to, size) =>
    net.add('Conv', [net.constant(weights(name, [to, from, size, size]))], {
      pads: Array(4).fill(size >> 1),
      kernel_shape: [size, size],
    })
  conv('w0', 32, 32, 3)
  net.add('Relu')
  if (few) conv('w1', 32, 3, 9)
  else conv('w1', 32, 32, 3)
  return finish(folder, few ? 'few-channels' : 'full-channels', net, shape, [1, few ? 3 : 32, 96, 96])
}

/** Products between four elementwise operators with one factor for each eight numbers; planted: that factor broadcast over them. */
export function broadcast(folder, { spread }) {
  const shape = [1, 128, 128, 8]
  const net = chain('x')
  for (let k = 0; k < 4; k++) {
    net.add('Mul', [net.constant(weights(`f${k}`, spread ? shape : [1, 128, 128, 1]))])
    net.add('MatMul', [net.constant(weights(`w${k}`, [8, 8]))])
  }
  return finish(folder, spread ? 'factors-spread' : 'factors-broadcast', net, shape, shape)
}

/** The mean of a million numbers behind elementwise operators; planted: twelve of them, where the twin has one. */
export function elementwise(folder, { many }) {
  const shape = [1024, 1024]
  const net = chain('x')
  for (let j = 0; j < (many ? 12 : 1); j++) net.add(j % 2 ? 'Mul' : 'Sub', [net.constant(scalar(`e${j}`, 0.9))])
  net.add('ReduceMean', [], { keepdims: 1 })
  return finish(folder, many ? 'many-passes' : 'one-pass', net, shape, [1, 1])
}

/** Softmax of 65,536 numbers, scaled again behind it; planted: as rows of two, each of which the engine begins anew. */
export function softmax(folder, { classes }) {
  const shape = [1, 65_536 / classes, classes]
  const net = chain('x')
  for (let k = 0; k < 4; k++) {
    net.add('Softmax', [], { axis: -1 })
    net.add('Mul', [net.constant(scalar(`scale${k}`, 1000))])
  }
  return finish(folder, `softmax-of-${classes}`, net, shape, shape)
}

/** Quantized 3 x 3 convolutions, 64 channels at 28 x 28, in QLinearConv; planted: in groups of four channels, whose int8 kernel is no match for float. */
export function quantizedGroups(folder, { groups }) {
  const channels = 64
  const shape = [1, channels, 28, 28]
  const net = chain('x')
  const scale = net.constant(scalar('scale', 0.02))
  const zero = net.constant(rawTensor('zero', 'uint8', [], new Uint8Array([128])))
  const weightScale = net.constant(scalar('weight_scale', 0.001))
  const weightZero = net.constant(rawTensor('weight_zero', 'int8', [], new Uint8Array([0])))
  net.add('QuantizeLinear', [scale, zero])
  for (let k = 0; k < 4; k++) {
    const bytes = new Uint8Array(Int8Array.from(noise((channels * channels * 9) / groups, 200)).buffer)
    const stored = net.constant(rawTensor(`w${k}`, 'int8', [channels, channels / groups, 3, 3], bytes))
    net.add('QLinearConv', [scale, zero, stored, weightScale, weightZero, scale, zero], {
      pads: [1, 1, 1, 1],
      kernel_shape: [3, 3],
      group: groups,
    })
  }
  net.add('DequantizeLinear', [scale, zero])
  return finish(folder, `quantized-groups-${groups}`, net, shape, shape)
}

/** 3 x 3 convolutions, 64 channels at 14 x 14, as quantize_dynamic writes them: each quantizes what it reads, and scales its sums in passes of their own. */
export function dynamicConvolutions(folder) {
  const channels = 64
  const shape = [1, channels, 14, 14]
  const net = chain('x')
  const weightScale = net.constant(scalar('weight_scale', 0.001))
  const weightZero = net.constant(rawTensor('weight_zero', 'int8', [], new Uint8Array([0])))
  for (let k = 0; k < 4; k++) {
    const [quantized, valueScale, zero] = ['quantized', 'scale', 'zero'].map((name) => `${name}${k}`)
    net.nodes.push(node({ opType: 'DynamicQuantizeLinear', name: `quantize${k}` }, [net.last], [quantized, valueScale, zero]))
    const bytes = new Uint8Array(Int8Array.from(noise(channels * channels * 9, 200)).buffer)
    const stored = net.constant(rawTensor(`w${k}`, 'int8', [channels, channels, 3, 3], bytes))
    const scales = net.add('Mul', [weightScale], {}, valueScale)
    net.add('ConvInteger', [stored, zero, weightZero], { pads: [1, 1, 1, 1], kernel_shape: [3, 3] }, quantized)
    net.add('Cast', [], { to: 1 })
    net.add('Mul', [scales])
  }
  return finish(folder, 'dynamic-convolutions', net, shape, shape)
}

/**
 * One LSTM over 512 steps in int8. Its products have just as many multiply-adds (65,536 a step) as make the engine hand half of them to a second
 * thread, which takes longer than int8 units take for all, in every state of the machine.
 */
export function recurrentInt8(folder) {
  const [steps, width, hidden] = [512, 16, 128]
  const net = chain('x')
  const int8 = (name, shape) => {
    const bytes = new Uint8Array(
      Int8Array.from(
        noise(
          shape.reduce((a, b) => a * b, 1),
          200,
        ),
      ).buffer,
    )
    return net.constant(rawTensor(name, 'int8', shape, bytes))
  }
  const [w, r] = [int8('w', [1, width, 4 * hidden]), int8('r', [1, hidden, 4 * hidden])]
  const scale = net.constant(filled('scale', 1, 0.001))
  const zero = net.constant(rawTensor('zero', 'int8', [1], new Uint8Array(1)))
  const inputs = ['x', w, r, '', '', '', '', '', scale, zero, scale, zero]
  net.nodes.push(
    node({ opType: 'DynamicQuantizeLSTM', domain: 'com.microsoft', name: 'lstm' }, inputs, ['y'], { hidden_size: hidden }),
  )
  return finish(folder, 'recurrent-int8', { ...net, last: 'y' }, [steps, 1, width], [steps, 1, 1, hidden])
}

/**
 * 256 matrices of 256 KiB, made one by one, and products of each with two vectors; planted: the second vector is the sum of all first products, so
 * that a matrix has left the caches when its second product comes. For one thread: of two, each reads what the other wrote.
 */
export function twice(folder, { later }) {
  const [size, count] = [256, 256]
  const net = chain('x')
  const vector = (name) => net.constant(weights(name, [1, size, 1]))
  const all = Array.from({ length: count }, (_, k) => k)
  for (const k of all) net.add('Add', [net.constant(scalar(`term_${k}`, k / 1000))], {}, 'x', `matrix_${k}`)
  const products = (right, which) => all.map((k) => net.add('MatMul', [right], {}, `matrix_${k}_out`, `${which}_${k}`))
  const first = products(vector('one'), 'first')
  const second = products(later ? net.add('Sum', first.slice(1), {}, first[0]) : vector('other'), 'second')
  const both = all.map((k) => net.add('Add', [second[k]], {}, first[k]))
  net.add('Sum', both.slice(1), {}, both[0])
  return finish(folder, later ? 'read-later' : 'read-at-once', net, [1, size, size], [1, size, 1])
}

const FOREST = { trees: 800, depth: 6, features: 10, rows: 1000 }

/** Boosted trees, of which the first `useful` say what the labels are and the others next to nothing; rows with labels stand beside in rows.csv. */
export function forest(folder, { useful }) {
  const { trees, depth, features, rows } = FOREST
  const inner = 2 ** depth - 1
  const all = 2 ** (depth + 1) - 1
  const at = Array.from({ length: trees * all }, (_, k) => k % all)
  const tree = Array.from({ length: trees * all }, (_, k) => Math.floor(k / all))
  const isLeaf = (k) => k >= inner
  const feature = at.map(() => Math.floor(random() * features))
  const threshold = Float32Array.from(at, () => random() * 2 - 1)
  const value = Float32Array.from(tree, (t) => (random() * 2 - 1) * (t < useful ? 1 : 1e-4))
  const leaves = at.flatMap((k, i) => (isLeaf(k) ? [i] : []))
  const name = `forest-${useful}`
  const file = write(folder, name, {
    nodes: [
      node({ opType: 'TreeEnsembleRegressor', domain: 'ai.onnx.ml', name: 'trees' }, ['x'], ['y'], {
        nodes_treeids: tree,
        nodes_nodeids: at,
        nodes_featureids: feature,
        nodes_modes: at.map((k) => (isLeaf(k) ? 'LEAF' : 'BRANCH_LT')),
        nodes_values: { floats: [...threshold] },
        nodes_truenodeids: at.map((k) => (isLeaf(k) ? 0 : 2 * k + 1)),
        nodes_falsenodeids: at.map((k) => (isLeaf(k) ? 0 : 2 * k + 2)),
        target_treeids: leaves.map((i) => tree[i]),
        target_nodeids: leaves.map((i) => at[i]),
        target_ids: leaves.map(() => 0),
        target_weights: { floats: leaves.map((i) => value[i]) },
        n_targets: 1,
      }),
    ],
    inputs: [valueInfo('x', FLOAT, ['rows', features])],
    outputs: [valueInfo('y', FLOAT, ['rows', 1])],
    opsets: { 'ai.onnx.ml': 3 },
  })
  const lines = Array.from({ length: rows }, () => {
    const row = Float32Array.from({ length: features }, () => random() * 2 - 1)
    let label = 0
    for (let t = 0; t < useful; t++) {
      let k = 0
      while (!isLeaf(k)) k = row[feature[t * all + k]] < threshold[t * all + k] ? 2 * k + 1 : 2 * k + 2
      label += value[t * all + k]
    }
    return [...row, label].join(',')
  })
  const header = [...Array.from({ length: features }, (_, f) => `f${f}`), 'label'].join(',')
  fs.writeFileSync(rowsOf(folder, { useful }), [header, ...lines].join('\n'))
  return file
}

export const rowsOf = (folder, { useful }) => path.join(folder, `forest-${useful}.csv`)
