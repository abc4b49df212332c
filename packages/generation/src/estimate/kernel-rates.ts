// How fast ONNX Runtime's own kernels multiply one vector by weights of each type: bytes of weights a second, scales included. A chain of square
// matrices as large together as the model's weights, so that they come from the level of memory that the model's would come from.
import { model, node, rawTensor, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { loadOrt } from '@whyslow/measure/engines/onnxruntime/ort-node.ts'
import { median } from '@whyslow/measure/statistics/index.ts'
import type { Kernel } from '@whyslow/measure/timing/roofs/kernels.ts'
import { sampleKernel } from '@whyslow/measure/timing/roofs/sample.ts'
import { defineTask } from '@whyslow/measure/trials/port.ts'
import type { KernelRates } from '../facts.ts'
import { INT4_BYTES, INT8_BYTES, INT8_LEVEL, inFloat32 } from '../rule.ts'

export interface KernelRatesInput {
  /** Elements of the weights that a token reads. */
  readonly elements: number
  readonly threads: number | null
  /** Types of blocks that the model multiplies in float32: their rate so is measured next to that in int8. */
  readonly inFloat32: readonly ('int4' | 'int8')[]
  /** For each type. */
  readonly sampleMs: number
}

const SIDE = 1024
const BLOCK = 32
const FLOAT_BYTES = 4
/** Bytes of a chain at most: no cache holds so many, and smaller weights are as many as the model's. */
const MOST_BYTES = 256e6

const matricesOf = (elements: number, bytesEach: number): number => {
  const wanted = Math.min(elements, MOST_BYTES / bytesEach) / SIDE ** 2
  return Math.max(1, Math.round(wanted))
}

/** Values are those of a matrix that changes nothing much: times do not depend on them, as long as none is subnormal. */
const floats = (count: number, value: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(new Float32Array(count).fill(value).buffer)

/** Bytes with a mark of their own: ONNX Runtime keeps equal matrices once, and would read that one from the nearest cache again and again. */
function marked(bytes: Uint8Array<ArrayBuffer>, k: number): Uint8Array<ArrayBuffer> {
  new DataView(bytes.buffer).setFloat32(0, 1 / (k + 2), true)
  return bytes
}

export function floatChain(matrices: number): Kernel {
  const initializers = Array.from({ length: matrices }, (_, k) =>
    rawTensor(`w${k}`, 'float32', [SIDE, SIDE], marked(floats(SIDE ** 2, 1 / SIDE), k)),
  )
  const nodes = initializers.map(({ name }, k) => node('MatMul', [at(k), name], [at(k + 1)]))
  return kernelOf('float32', { nodes, initializers, matrices, bytes: matrices * SIDE ** 2 * 4 })
}

export function blockChain(bits: 4 | 8, matrices: number, level: number | null = INT8_LEVEL): Kernel {
  const [blocks, packed] = [SIDE / BLOCK, (BLOCK * bits) / 8]
  const initializers = Array.from({ length: matrices }, (_, k) => [
    rawTensor(`w${k}`, 'uint8', [SIDE, blocks, packed], marked(new Uint8Array(SIDE * blocks * packed).fill(0x99), k)),
    rawTensor(`s${k}`, 'float32', [SIDE * blocks], floats(SIDE * blocks, 1 / (SIDE * (bits === 8 ? 0x99 - 0x80 : 0x9 - 0x8)))),
  ])
  const attributes = { K: SIDE, N: SIDE, bits, block_size: BLOCK, ...(level === null ? {} : { accuracy_level: level }) }
  const nodes = initializers.map(([w, s], k) =>
    node({ opType: 'MatMulNBits', domain: 'com.microsoft' }, [at(k), w!.name, s!.name], [at(k + 1)], attributes),
  )
  const bytes = matrices * SIDE * blocks * (packed + 4)
  const title = level === null ? inFloat32(`int${bits}`) : `int${bits}`
  return kernelOf(title, { nodes, initializers: initializers.flat(), matrices, bytes })
}

const at = (k: number): string => `x${k}`

interface Chain extends Pick<Parameters<typeof model>[0], 'nodes' | 'initializers'> {
  readonly matrices: number
  readonly bytes: number
}

function kernelOf(title: string, { nodes, initializers, matrices, bytes }: Chain): Kernel {
  const proto = model({
    nodes,
    initializers: initializers!,
    inputs: [valueInfo(at(0), 'float32', [1, SIDE])],
    outputs: [valueInfo(at(matrices), 'float32', [1, SIDE])],
    opset: 17,
    opsets: { 'com.microsoft': 1 },
  })
  const feeds = [{ name: at(0), type: 'float32' as const, shape: [1, SIDE], data: new Float32Array(SIDE).fill(1) }]
  return { title, work: bytes, model: () => ({ bytes: writeModel(proto), feeds }) }
}

async function measureKernelRates({ elements, threads, inFloat32: unset, sampleMs }: KernelRatesInput): Promise<KernelRates> {
  const ort = await loadOrt(null)
  const rates: Record<string, number> = {}
  const blocks = (bits: 4 | 8, each: number) => {
    const matrices = matricesOf(elements, each)
    return [() => blockChain(bits, matrices), ...(unset.includes(`int${bits}`) ? [() => blockChain(bits, matrices, null)] : [])]
  }
  const chains = [() => floatChain(matricesOf(elements, FLOAT_BYTES)), ...blocks(8, INT8_BYTES), ...blocks(4, INT4_BYTES)]
  for (const chain of chains) {
    const kernel = chain()
    try {
      const ms = median(await sampleKernel(ort, threads, kernel, sampleMs))
      if (ms > 0) rates[kernel.title] = (kernel.work / ms) * 1000
    } catch {
      // Without such a kernel there is no rate: the estimate then says so.
    }
  }
  return rates
}

export const kernelRatesTask = defineTask('generation-kernel-rates', import.meta.url, measureKernelRates)
