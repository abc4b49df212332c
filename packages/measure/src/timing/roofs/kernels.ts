// Which kernels stand for which roof, and how much work each does. A roof is the best of them: which kernel is fastest
// depends on the CPU (GEMM on one, blocked or Winograd convolution on another), on the thread count and on the engine.
import {
  type BuiltModel,
  type ConvShape,
  conv,
  dynamicQuantizeMatMul,
  elementwiseChain,
  functionChain,
  matMul,
  matMulInteger,
  qLinearConv,
  reduction,
  vectorMatrix,
} from './models.ts'

export interface Kernel {
  readonly title: string
  /** FLOPs or bytes of one run. */
  readonly work: number
  /** Made when it is run, so that one model is in memory at a time. */
  model(): BuiltModel
}

/** Number of cores from which small kernels spend their time on waking threads, and larger ones take their place. */
const manyCores = 8

function convFlops({ inChannels, outChannels, size, kernel }: ConvShape, layers: number): number {
  return 2 * inChannels * outChannels * kernel ** 2 * size ** 2 * layers
}

const square = (channels: number, size: number, kernel: number): ConvShape => ({
  inChannels: channels,
  outChannels: channels,
  size,
  kernel,
})

/**
 * Multiplications whose operands fit in the caches: 0.1 to 2 GFLOP each, 17 where there are many cores. The short ones
 * find a moment without others on a busy machine, the long ones hide the time to wake threads.
 */
export function floatKernels(cores: number): readonly Kernel[] {
  const products: [number, number, number][] = [[384, 768, 768], cores < manyCores ? [512, 512, 512] : [2048, 2048, 2048]]
  const convolutions: [ConvShape, number][] = [
    [square(256, 14, 3), 4],
    [square(128, 56, 3), 2],
    [square(512, 14, 1), 4],
  ]
  return [
    ...products.map(([m, k, n]) => ({
      title: `MatMul ${m}x${k}x${n}`,
      work: 2 * m * k * n,
      model: () => matMul(m, k, n),
    })),
    ...convolutions.map(([shape, layers]) => ({
      title: `Conv ${describe(shape)}`,
      work: convFlops(shape, layers),
      model: () => conv(shape, layers),
    })),
  ]
}

/** The same in 8 bits. Which sign of the weights is faster depends on the CPU (VNNI takes unsigned by signed). */
export function int8Kernels(cores: number): readonly Kernel[] {
  const size = cores < manyCores ? 768 : 2048
  const work = 2 * size ** 3
  const shapes: [ConvShape, number][] = [
    [square(128, 28, 3), 1],
    [square(256, 14, 3), 4],
  ]
  return [
    { title: `MatMulInteger U8S8 ${size}`, work, model: () => matMulInteger('int8', size, size, size) },
    { title: `MatMulInteger U8U8 ${size}`, work, model: () => matMulInteger('uint8', size, size, size) },
    { title: `DynamicQuantizeMatMul U8S8 ${size}`, work, model: () => dynamicQuantizeMatMul('int8', size, size, size) },
    ...shapes.map(([shape, layers]) => ({
      title: `QLinearConv U8S8 ${describe(shape)}`,
      work: convFlops(shape, layers),
      model: () => qLinearConv('int8', shape, layers),
    })),
  ]
}

function describe({ inChannels, size, kernel }: ConvShape): string {
  return `${kernel}x${kernel} ${inChannels}x${size}x${size}`
}

/** Elements of one step of a function's chain: they fit in L1, and take longer than starting the operator. */
const functionElements = 8192
const functionSteps = 24
/** So few that their time is that of starting the operators. */
const startElements = 16

/** One operator on each element, again and again in place; `startedBy` is the same over next to nothing. */
export interface FunctionKernel {
  /** 'OpType' or 'domain:OpType'. */
  readonly operator: string
  readonly kernel: Kernel
  readonly startedBy: Kernel
}

/** The second operand of those that have one. */
const SECOND_OPERANDS: Readonly<Record<string, number>> = { Div: 1.001, Pow: 0.7 }
const FUNCTIONS = [
  ...[
    'Relu',
    'HardSwish',
    'Exp',
    'Elu',
    'Softmax',
    'LogSoftmax',
    'Log',
    'Softplus',
    'Sqrt',
    'Div',
    'Reciprocal',
    'Pow',
    'Sin',
    'Cos',
  ],
  ...['Erf', 'com.microsoft:Gelu', 'Tanh', 'com.microsoft:FastGelu', 'Sigmoid', 'com.microsoft:QuickGelu'],
]

/** Every function that has a rate, by the operators that evaluate it, and Relu, the cheapest activation. */
export function functionKernels(): readonly FunctionKernel[] {
  const chainOf = (operator: string, elements: number): Kernel => ({
    title: `${functionSteps} ${operator} over ${elements} elements`,
    work: elements * functionSteps,
    model: () => functionChain(operator, elements, functionSteps, SECOND_OPERANDS[operator]),
  })
  return FUNCTIONS.map((operator) => ({
    operator,
    kernel: chainOf(operator, functionElements),
    startedBy: chainOf(operator, startElements),
  }))
}

/** Rows or columns of the matrices that are streamed: short enough for a vector to stay in L1. */
const vectorLengths = [1024, 4096]

/** Kernels that read `data` once from where it lies, and write next to nothing: bytes = those read. */
export function readingKernels(data: Float32Array): readonly Kernel[] {
  const products = vectorLengths.flatMap((k) =>
    (['[k, n]', '[n, k]'] as const).map((stored) => ({
      title: `Gemm of a vector, ${k} of ${stored}`,
      work: (data.length - (data.length % k)) * 4,
      model: () => vectorMatrix(data, k, stored),
    })),
  )
  return [...products, { title: 'ReduceMax', work: data.byteLength, model: () => reduction(data) }]
}

/**
 * Elementwise operators in place: each step reads and writes all elements, counted as both (no allocation of the written
 * line on top, since the line was read). The first operator reads its input too, and the last one reads only.
 */
export function updatingKernel(length: number, steps: number): Kernel {
  return {
    title: `${steps} elementwise operators over ${length} elements`,
    work: length * 4 * (2 * (steps + 1) + 1),
    model: () => elementwiseChain(length, steps),
  }
}
