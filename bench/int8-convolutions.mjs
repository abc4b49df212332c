// int8 kernels of convolutions beside float ones, alone, on one thread: depthwise, pointwise and dense, by channels and size of the map, with
// stride 1 and 2. onnxruntime in its blocked layout (NCHWc) and in NCHW, in int8 as `quantize` writes it (QLinearConv, channels last),
// and ConvInteger; OpenVINO in float32, bfloat16 and int8 if OPENVINO_LIBRARY names it.
//   node bench/int8-convolutions.mjs [--out folder]     ONLY=word,word keeps rows by their class; ROUNDS=9
// A time is the difference between nine in a row, Relu between them, and one, by eight: what comes before and behind is taken off. Each is the
// least of all rounds. One with stride 2 lies between one of stride 1 on either side; the means of what these take with their own ends and
// without are taken off, so that the ends of the larger map come off in front and behind by halves; not of pointwise ones, whose stride
// OpenVINO moves to the one before. ConvInteger gives int32, alone, and has nothing around it.
import path from 'node:path'
import { writeModelFolder } from '../dist/command/model-files/model-folder.js'
import { floatTensor, model, modelInMemory, node, rawTensor, valueInfo } from '../dist/graph/build.js'
import { mulberry32, normal } from '../dist/graph/random.js'
import { engineById } from '../dist/measure/engines/index.js'
import { DEFAULT_QUANTIZE_OPTIONS } from '../dist/model/quantize/write/choice.js'
import { quantize } from '../dist/model/quantize/write/quantize.js'
import { keepResult } from './result.mjs'
import { temporaryFolder } from './shared.mjs'

const ROUNDS = Number(process.env.ROUNDS ?? 9)
const CHAIN = 9
const ROUND_MS = 12
const FEWEST = 3
const only = process.env.ONLY?.split(',')
const random = mulberry32(5)

/** Channels read and given, groups, and side of the kernel. */
const classes = {
  depthwise: (channels) => ({ channels, groups: channels, kernel: 3 }),
  pointwise: (channels) => ({ channels, groups: 1, kernel: 1 }),
  dense: (channels) => ({ channels, groups: 1, kernel: 3 }),
}
const sizes = [
  ['depthwise', 16, 80],
  ['depthwise', 64, 80],
  ['depthwise', 64, 20],
  ['depthwise', 256, 40],
  ['depthwise', 256, 10],
  ['depthwise', 512, 20],
  ['pointwise', 8, 80],
  ['pointwise', 16, 80],
  ['pointwise', 32, 40],
  ['pointwise', 64, 40],
  ['pointwise', 128, 20],
  ['pointwise', 256, 20],
  ['dense', 8, 80],
  ['dense', 16, 80],
  ['dense', 32, 40],
  ['dense', 64, 40],
  ['dense', 128, 20],
].filter(([name]) => only?.includes(name) ?? true)

const plain = { threads: 1, executionMode: 'sequential', configEntries: {}, packageFrom: null }
const variants = {
  float: { engine: 'ort-cpu', graphOptimization: 'all' },
  'float-nchw': { engine: 'ort-cpu', graphOptimization: 'extended' },
  int8: { engine: 'ort-cpu', graphOptimization: 'all', int8: {} },
  'openvino-float': { engine: 'openvino', graphOptimization: 'all' },
  'openvino-bf16': { engine: 'openvino-bf16', graphOptimization: 'all' },
  'openvino-int8': { engine: 'openvino', graphOptimization: 'all', int8: { results: 'float' } },
}
const usable = []
for (const [name, { engine }] of Object.entries(variants)) {
  const here = await engineById(engine).available(plain)
  if (here.ok) usable.push(name)
  else console.log(`${name} is left out: ${here.reason}`)
}

const folder = temporaryFolder()
const values = {}
const raw = {}
for (const [name, channels, side] of sizes) {
  const shape = classes[name](channels)
  const sessions = []
  for (const variant of usable) {
    for (const [part, given] of [
      ['one', { side, count: 1 }],
      ['many', { side, count: CHAIN }],
      ['smaller', { side: side / 2, count: 1 }],
      ['smaller-many', { side: side / 2, count: CHAIN }],
      ['stride', { side, count: 3, halves: true }],
    ])
      sessions.push(await opened(variant, part, chain(shape, given), variants[variant]))
  }
  for (const [part, stride] of [
    ['alone', 1],
    ['alone-stride', 2],
  ])
    sessions.push(await opened('convinteger', part, convInteger(shape, { side, stride }), variants.float))
  for (let round = 0; round < ROUNDS; round++) {
    const inTurn = round % 2 === 0 ? sessions : sessions.toReversed()
    for (const one of inTurn) one.ms = Math.min(one.ms, await least(one.predict))
  }
  for (const { session } of sessions) await session.close()
  const ms = (variant, part) => sessions.find((one) => one.variant === variant && one.part === part).ms
  const row = { stride1: {}, stride2: {} }
  for (const variant of usable) {
    const alone = (ms(variant, 'many') - ms(variant, 'one')) / (CHAIN - 1)
    const smaller = (ms(variant, 'smaller-many') - ms(variant, 'smaller')) / (CHAIN - 1)
    row.stride1[variant] = alone
    row.stride2[variant] = ms(variant, 'stride') - (ms(variant, 'one') + ms(variant, 'smaller') + alone + smaller) / 2
  }
  row.stride1.convinteger = ms('convinteger', 'alone')
  row.stride2.convinteger = ms('convinteger', 'alone-stride')
  if (name === 'pointwise') delete row.stride2
  for (const [stride, times] of Object.entries(row)) tell(`${name}-${channels}-at-${side}-${stride}`, times)
}
await keepResult(values, raw)

function tell(name, times) {
  const us = Object.fromEntries(Object.entries(times).map(([variant, ms]) => [`${variant}Us`, 1000 * ms]))
  // Of a difference that lies below the noise nothing is known.
  const over = (float, int8) => (times[float] > 0 && times[int8] > 0 ? times[float] / times[int8] : null)
  const gain = over('float', 'int8')
  const there = usable.includes('openvino-int8') ? { 'openvino-gain': over('openvino-float', 'openvino-int8') } : {}
  values[name] = { ...rounded(us), ...rounded({ gain, ...there }) }
  raw[name] = us
  const said = Object.entries(times).map(([variant, ms]) => `${variant} ${(1000 * ms).toFixed(1)}`)
  console.log(`${name.padEnd(34)} int8 gains ${gain?.toFixed(2) ?? '?'}×   µs: ${said.join('  ')}`)
}

function rounded(numbers) {
  return Object.fromEntries(
    Object.entries(numbers).map(([key, value]) => [key, value === null ? null : Number(value.toPrecision(3))]),
  )
}

/** The least of the times within a round, ms. */
async function least(predict) {
  let [best, count] = [Number.POSITIVE_INFINITY, 0]
  const begin = performance.now()
  while (performance.now() - begin < ROUND_MS || count < FEWEST) {
    const start = performance.now()
    await predict()
    best = Math.min(best, performance.now() - start)
    count++
  }
  return best
}

async function opened(variant, part, given, { engine, graphOptimization, int8 }) {
  const written = int8 === undefined ? given : inInt8(given, int8)
  const { file } = await writeModelFolder(written, path.join(folder, `${variant}-${part}-${Math.floor(random() * 1e9)}`))
  const session = await engineById(engine).open(file, { ...plain, graphOptimization, reuseOutputs: true })
  const predict = session.prepare({ x: feedOf(given) })
  await predict()
  return { variant, part, session, predict, ms: Number.POSITIVE_INFINITY }
}

function feedOf({ proto }) {
  const { shape, elemType } = proto.graph.input[0].type.value.value
  const sizes = shape.dim.map(({ value }) => Number(value.value))
  const count = sizes.reduce((a, b) => a * b, 1)
  if (elemType === 2) return { dtype: 'uint8', shape: sizes, data: Uint8Array.from({ length: count }, () => random() * 256) }
  return { dtype: 'float32', shape: sizes, data: Float32Array.from({ length: count }, () => normal(random)) }
}

/** So many convolutions in a row, Relu behind each; `halves`: the second one with stride 2. */
function chain({ channels, groups, kernel }, { side, count, halves = false }) {
  const fan = (channels / groups) * kernel * kernel
  const pad = (kernel - 1) / 2
  const names = Array.from({ length: count }, (_, k) => k)
  const attributes = { group: groups, kernel_shape: [kernel, kernel], pads: [pad, pad, pad, pad] }
  const strides = (k) => (halves && k === 1 ? [2, 2] : [1, 1])
  const value = (k) => (k === 0 ? 'x' : k === count ? 'y' : `r${k}`)
  return modelInMemory(
    model({
      nodes: names.flatMap((k) => [
        node('Conv', [value(k), `w${k}`, `b${k}`], [`c${k}`], { ...attributes, strides: strides(k) }),
        node('Relu', [`c${k}`], [value(k + 1)]),
      ]),
      inputs: [valueInfo('x', 'float32', [1, channels, side, side])],
      outputs: [valueInfo('y', 'float32')],
      initializers: names.flatMap((k) => [
        floatTensor(
          `w${k}`,
          [channels, channels / groups, kernel, kernel],
          Float32Array.from({ length: channels * fan }, () => normal(random) * Math.sqrt(2 / fan)),
        ),
        floatTensor(`b${k}`, [channels], new Float32Array(channels).fill(0.01)),
      ]),
      opset: 17,
    }),
  )
}

function inInt8(given, options) {
  const nodes = given.proto.graph.node
  const layers = new Map(nodes.flatMap(({ opType, output }) => (opType === 'Conv' ? [[output[0], 'static']] : [])))
  const ranges = new Map(nodes.flatMap(({ output }) => output.map((value) => [value, { low: 0, high: 4 }])))
  ranges.set('x', { low: -4, high: 4 })
  const { model: made, skipped } = quantize(given, { layers, ranges, options: { ...DEFAULT_QUANTIZE_OPTIONS, ...options } })
  if (skipped.length > 0) throw new Error(skipped[0].reason)
  return made
}

function convInteger({ channels, groups, kernel }, { side, stride }) {
  const pad = (kernel - 1) / 2
  const size = channels * (channels / groups) * kernel * kernel
  const attributes = { group: groups, kernel_shape: [kernel, kernel], pads: [pad, pad, pad, pad], strides: [stride, stride] }
  const weights = Int8Array.from({ length: size }, () => random() * 255 - 127)
  return modelInMemory(
    model({
      nodes: [node('ConvInteger', ['x', 'w', 'zero'], ['y'], attributes)],
      inputs: [valueInfo('x', 'uint8', [1, channels, side, side])],
      outputs: [valueInfo('y', 'int32')],
      initializers: [
        rawTensor('w', 'int8', [channels, channels / groups, kernel, kernel], new Uint8Array(weights.buffer)),
        rawTensor('zero', 'uint8', [], Uint8Array.of(128)),
      ],
      opset: 17,
    }),
  )
}
