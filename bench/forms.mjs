// Operators beside the exact forms that a remedy gives them, alone, in turns, on the engine's default threads: the ratio of medians in five
// pairs, lowest to highest. Below 1 the form is faster.
//   node bench/forms.mjs [--out folder]     ONLY=word,word keeps rows by their operator
import path from 'node:path'
import ort from 'onnxruntime-node'
import { writeModelFolder } from '../dist/command/model-files/model-folder.js'
import { floatTensor, int64Tensor, model, modelInMemory, node, valueInfo } from '../dist/graph/build.js'
import { readMachine } from '../dist/measure/machine/index.js'
import { activationForms } from '../dist/model/remedies/rewrites/activation-forms.js'
import { affineAsBatchnorm } from '../dist/model/remedies/rewrites/affine-as-batchnorm.js'
import { fourierAsProducts } from '../dist/model/remedies/rewrites/fourier-as-products.js'
import { fuseInstanceNorm } from '../dist/model/remedies/rewrites/fuse-instance-norm.js'
import { narrowConvolutions } from '../dist/model/remedies/rewrites/narrow-convolutions.js'
import { rowIndices } from '../dist/model/remedies/rewrites/row-indices.js'
import { softmaxOfTwo } from '../dist/model/remedies/rewrites/softmax-of-two.js'
import { softmaxOverOuterAxis } from '../dist/model/remedies/rewrites/softmax-over-outer-axis.js'
import { transposedConvolutions } from '../dist/model/remedies/rewrites/transposed-convolutions.js'
import { upsampledConvolutions } from '../dist/model/remedies/rewrites/upsampled-convolutions.js'
import { keepResult } from './result.mjs'
import { median, temporaryFolder } from './shared.mjs'

const PAIRS = 5
const { isa: instructionSets } = readMachine([])
const RUNS = 60
const activations = ['Elu', 'Softplus', 'Selu', 'Celu', 'Mish']
const rows = [4096, 65_536, 1 << 20].flatMap((count) => [
  ...activations.map((opType) => ({ opType, shape: [1, count], remedy: activationForms })),
  { opType: 'Softmax', shape: [1, count / 2, 2], remedy: softmaxOfTwo },
])
// Channels, and height and width, of maps as networks normalize them.
for (const [channels, size] of [
  [32, 256],
  [64, 64],
  [128, 32],
  [512, 4],
]) {
  const plain = [1, channels, size, size]
  rows.push(
    { opType: 'GroupNormalization', shape: plain, remedy: fuseInstanceNorm, make: groupNorm },
    { opType: 'MeanVariance', shape: plain, remedy: fuseInstanceNorm, make: inPieces([2, 3]) },
    { opType: 'MulAdd', shape: plain, remedy: affineAsBatchnorm, make: factorAndTerm },
    { opType: 'MeanVarianceChannelsLast', shape: [1, size, size, channels], remedy: fuseInstanceNorm, make: inPieces([1, 2]) },
  )
}
// A slope for each channel, and one for all; means over whole samples: networks that separate voices. Rows added to or taken from others.
for (const [channels, length] of [
  [64, 500],
  [256, 3000],
  [64, 49],
]) {
  const shape = [1, channels, length]
  rows.push(
    {
      opType: 'PRelu',
      shape,
      remedy: activationForms,
      make: sloped(Array.from({ length: channels }, (_, at) => (at + 1) / channels)),
    },
    { opType: 'PReluOfOne', shape, remedy: activationForms, make: sloped([0.25]) },
    { opType: 'MeanVarianceOfSample', shape, remedy: fuseInstanceNorm, make: inPieces([1, 2], channels) },
  )
}
for (const [places, shape] of [
  [40, [120, 32]],
  [300, [900, 64]],
]) {
  rows.push(
    { opType: 'ScatterElements', shape, out: [places, shape[1]], remedy: rowIndices, make: moved(places) },
    { opType: 'GatherElements', shape, out: [places, shape[1]], remedy: rowIndices, make: moved(places) },
  )
}
// Bins before sides and places, classes before height and width.
for (const shape of [
  [1, 16, 4, 1029],
  [1, 16, 4, 8400],
  [1, 21, 128, 128],
  [1, 80, 80, 80],
  [2, 19, 64, 64],
])
  rows.push({ opType: 'Softmax', shape, remedy: softmaxOverOuterAxis, make: overChannels })
// Frames of sound, cut out before or in the operator: what BirdNET, YAMNet and Whisper take.
for (const [shape, out] of [
  [
    [1, 511, 2048, 1],
    [1, 511, 1025, 2],
  ],
  [
    [1, 200, 512, 1],
    [1, 200, 257, 2],
  ],
  [
    [1, 96, 400, 1],
    [1, 96, 201, 2],
  ],
])
  rows.push({ opType: 'DFT', shape, out, remedy: fourierAsProducts, make: spectra })
for (const [length, frame, step] of [
  [48_000, 512, 256],
  [480_000, 400, 160],
]) {
  const out = [1, Math.floor((length - frame) / step) + 1, Math.floor(frame / 2) + 1, 2]
  rows.push({ opType: 'STFT', shape: [1, length, 1], out, remedy: fourierAsProducts, make: framed(frame, step) })
}
// Forms that were tried and are no remedy: transposed convolutions as U-nets have them, between convolutions.
for (const [channels, size] of [
  [128, 16],
  [64, 32],
  [32, 64],
]) {
  const shape = [1, channels, size, size]
  const out = [1, channels / 2, 2 * size, 2 * size]
  const make = (_, given) => upsampling('transposed', given)
  for (const form of ['pointwise and DepthToSpace', 'zeros between and a convolution'])
    rows.push({ opType: 'ConvTranspose', shape, out, make, remedy: noRemedy(form, shape, out) })
}
// What slow models spend their time on: wide kernels with few output channels, convolutions after an upsampling, transposed convolutions.
const FEW_RUNS = 8
for (const [channels, kernel, into, size] of [
  [32, 9, 3, 720],
  [32, 9, 3, 224],
  [64, 3, 3, 384],
  [64, 5, 1, 256],
]) {
  const [shape, out] = [channels, into].map((count) => [1, count, size, size])
  rows.push({ opType: 'NarrowConv', shape, out, remedy: narrowConvolutions, make: convolved(kernel), runs: FEW_RUNS })
}
for (const [channels, into, kernel, size] of [
  [128, 64, 3, 180],
  [64, 32, 3, 360],
  [64, 64, 3, 192],
  [32, 16, 5, 128],
  [16, 16, 3, 128],
]) {
  const [shape, out] = [
    [1, channels, size, size],
    [1, into, 2 * size, 2 * size],
  ]
  const given = { shape, out, runs: FEW_RUNS }
  rows.push({ ...given, opType: 'UpsampledConv', remedy: upsampledConvolutions, make: afterUpsampling(kernel) })
  rows.push({ ...given, opType: 'TransposedConv', remedy: transposedConvolutions, make: transposed(kernel) })
}
const only = process.env.ONLY?.split(',')

const folder = temporaryFolder()
/** By operator, form and shape: the lowest and the highest ratio; and all of them. */
const [values, raw] = [{}, {}]
for (const [at, { opType, shape, out = shape, remedy, make = single, runs = RUNS }] of rows.entries()) {
  if (only && !only.includes(opType)) continue
  const original = modelInMemory(
    model({
      ...make(opType, shape, out),
      inputs: [valueInfo('x', 'float32', shape)],
      outputs: [valueInfo('y', 'float32', out)],
    }),
  )
  const setup = { model: original, options: {}, batchFactor: 1, machineBound: false }
  const [proposal] = await remedy.apply(setup, { p50Ms: 1, findings: [], constraints: {}, instructionSets }, {})
  const sessions = []
  for (const [name, one] of Object.entries({ original, rewritten: proposal.setup.model })) {
    const { file } = await writeModelFolder(one, path.join(folder, `${at}-${name}`))
    sessions.push(await ort.InferenceSession.create(file))
  }
  const [count, results] = [shape, out].map((sizes) => sizes.reduce((a, b) => a * b, 1))
  const x = new ort.Tensor(
    'float32',
    Float32Array.from({ length: count }, () => Math.random() * 4 - 2),
    shape,
  )
  const y = new ort.Tensor('float32', new Float32Array(results), out)
  const ratios = []
  for (let pair = 0; pair < PAIRS; pair++) {
    const before = await timeOf(sessions[0], { x }, { y }, runs)
    ratios.push((await timeOf(sessions[1], { x }, { y }, runs)) / before)
  }
  const said = ratios.sort((a, b) => a - b).map((ratio) => ratio.toFixed(2))
  console.log(`${opType} [${shape.join(', ')}] by ${remedy.id}: ${said.join(' ')}`)
  const row = [opType, remedy.id.replaceAll(' ', '-'), shape.join('x')]
  put(values, row, [ratios[0], ratios.at(-1)])
  put(raw, row, ratios)
}
await keepResult(values, raw)

function put(into, [opType, form, shape], what) {
  into[opType] ??= {}
  into[opType][form] ??= {}
  into[opType][form][shape] = what
}

function single(opType) {
  return { nodes: [node(opType, ['x'], ['y'])], opset: 18 }
}

function overChannels(opType) {
  return { nodes: [node(opType, ['x'], ['y'], { axis: 1 })], opset: 17 }
}

function groupNorm(opType, [, channels]) {
  const factors = floatTensor('factors', [channels], ramp(channels))
  const nodes = [node(opType, ['x', 'factors', 'factors'], ['y'], { num_groups: Math.min(32, channels / 2) })]
  return { nodes, opset: 21, initializers: [factors] }
}

/** By its mean and variance over these axes, scaled along the axis left. */
function inPieces(axes, by) {
  return (_, shape) => {
    const along = by ? [by, 1] : shape.map((size, axis) => (axis === 0 || axes.includes(axis) ? 1 : size))
    const channels = Math.max(...along)
    const initializers = [
      floatTensor('epsilon', [], [1e-5]),
      floatTensor('factors', along, ramp(channels)),
      int64Tensor('axes', [axes.length], axes),
    ]
    const nodes = [
      node('ReduceMean', ['x', 'axes'], ['mean']),
      node('Sub', ['x', 'mean'], ['centred']),
      node('Mul', ['centred', 'centred'], ['square']),
      node('ReduceMean', ['square', 'axes'], ['variance']),
      node('Add', ['variance', 'epsilon'], ['sum']),
      node('Sqrt', ['sum'], ['root']),
      node('Div', ['centred', 'root'], ['normal']),
      node('Mul', ['normal', 'factors'], ['scaled']),
      node('Add', ['scaled', 'factors'], ['y']),
    ]
    return { nodes, initializers, opset: 18 }
  }
}

function factorAndTerm(_, [, channels]) {
  const nodes = [node('Mul', ['x', 'factors'], ['scaled']), node('Add', ['scaled', 'factors'], ['y'])]
  return { nodes, opset: 18, initializers: [floatTensor('factors', [channels, 1, 1], ramp(channels))] }
}

function ramp(count) {
  return Float32Array.from({ length: count }, (_, at) => 0.5 + at / count)
}

async function timeOf(session, feeds, fetches, runs) {
  const times = []
  for (let run = 0; run < runs; run++) {
    const start = performance.now()
    await session.run(feeds, fetches)
    times.push(performance.now() - start)
  }
  return median(times)
}

function weightsOf(shape) {
  return floatTensor(
    'w',
    shape,
    ramp(shape.reduce((a, b) => a * b, 1)).map((x) => x - 1),
  )
}

function convolved(kernel, read = 'x') {
  const pads = Array(4).fill((kernel - 1) / 2)
  return (_, [, from], [, to]) => ({
    nodes: [node('Conv', [read, 'w'], ['y'], { pads })],
    initializers: [weightsOf([to, from, kernel, kernel])],
  })
}

function afterUpsampling(kernel) {
  const nearest = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
  return (...given) => {
    const { nodes, initializers } = convolved(kernel, 'u')(...given)
    return {
      nodes: [node('Resize', ['x', '', 'scales'], ['u'], nearest), ...nodes],
      initializers: [...initializers, floatTensor('scales', [4], [1, 1, 2, 2])],
    }
  }
}

function transposed(kernel) {
  const pad = (kernel - 1) / 2
  return (_, [, from], [, to]) => ({
    nodes: [node('ConvTranspose', ['x', 'w'], ['y'], { strides: [2, 2], pads: Array(4).fill(pad), output_padding: [1, 1] })],
    initializers: [weightsOf([from, to, kernel, kernel])],
  })
}

function sloped(slopes) {
  return () => ({
    nodes: [node('PRelu', ['x', 'slopes'], ['y'])],
    opset: 17,
    initializers: [floatTensor('slopes', [slopes.length, 1], slopes)],
  })
}

/** The rows of x added to so many places, or so many of them taken. */
function moved(places) {
  return (opType, [count, width]) => {
    const adds = opType === 'ScatterElements'
    const indices = Array.from({ length: adds ? count : places }, (_, at) => (at * 7) % (adds ? places : count))
    const initializers = [
      int64Tensor('rows', [indices.length, 1], indices),
      int64Tensor('sizes', [2], [indices.length, width]),
      ...(adds ? [floatTensor('zeros', [places, width], new Float32Array(places * width))] : []),
    ]
    const repeat = node('Expand', ['rows', 'sizes'], ['indices'])
    const move = adds
      ? node(opType, ['zeros', 'indices', 'x'], ['y'], { reduction: 'add' })
      : node(opType, ['x', 'indices'], ['y'])
    return { nodes: [repeat, move], opset: 18, initializers }
  }
}

function spectra(opType) {
  return { nodes: [node({ opType, name: 'one' }, ['x'], ['y'], { axis: 2, onesided: 1 })], opset: 17 }
}

function framed(frame, step) {
  const window = Array.from({ length: frame }, (_, n) => Math.sin((Math.PI * (n + 0.5)) / frame) ** 2)
  const initializers = [int64Tensor('step', [], [step]), floatTensor('window', [frame], window)]
  return (opType) => ({ nodes: [node({ opType, name: 'one' }, ['x', 'step', 'window'], ['y'])], initializers, opset: 17 })
}

function noRemedy(id, shape, out) {
  const ends = { inputs: [valueInfo('x', 'float32', shape)], outputs: [valueInfo('y', 'float32', out)] }
  return { id, apply: () => [{ setup: { model: modelInMemory(model({ ...upsampling(id, shape), ...ends })) } }] }
}

/** Twice the height and width, half the channels, by 2x2 with stride 2; a convolution of 3x3 on either side. */
function upsampling(form, [, channels, height, width]) {
  const half = channels / 2
  const weights = (name, out, into, size) =>
    floatTensor(
      name,
      [out, into, size, size],
      ramp(out * into * size * size).map((x) => x - 1),
    )
  const before = node('Conv', ['x', 'first'], ['between'], { pads: [1, 1, 1, 1] })
  const after = node('Conv', ['up', 'last'], ['y'], { pads: [1, 1, 1, 1] })
  const initializers = [weights('first', channels, channels, 3), weights('last', half, half, 3)]
  const made = {
    transposed: [
      [node('ConvTranspose', ['between', 'w'], ['up'], { strides: [2, 2] })],
      [floatTensor('w', [channels, half, 2, 2], ramp(channels * half * 4))],
    ],
    'pointwise and DepthToSpace': [
      [node('Conv', ['between', 'w'], ['four']), node('DepthToSpace', ['four'], ['up'], { blocksize: 2, mode: 'CRD' })],
      [weights('w', 4 * half, channels, 1)],
    ],
    'zeros between and a convolution': [
      [
        node('Resize', ['between', '', 'scales'], ['twice'], {
          mode: 'nearest',
          coordinate_transformation_mode: 'asymmetric',
          nearest_mode: 'floor',
        }),
        node('Mul', ['twice', 'mask'], ['sparse']),
        node('Conv', ['sparse', 'w'], ['up'], { pads: [1, 1, 0, 0] }),
      ],
      [
        floatTensor('scales', [4], [1, 1, 2, 2]),
        floatTensor(
          'mask',
          [1, 1, 2 * height, 2 * width],
          Float32Array.from({ length: 4 * height * width }, (_, at) =>
            Number(at % 2 === 0 && Math.floor(at / (2 * width)) % 2 === 0),
          ),
        ),
        weights('w', half, channels, 2),
      ],
    ],
  }[form]
  return { nodes: [before, ...made[0], after], initializers: [...initializers, ...made[1]], opset: 17 }
}
