import { float, type Step as GraphStep, graphOf } from '@whyslow/graph/support/operators/example-graph.ts'
import type { DType, GraphView, TensorType } from '@whyslow/graph/types.ts'
import type { Machine, Roofs } from '@whyslow/measure/machine/types.ts'
import type { Profile, ProfiledNode } from '@whyslow/measure/timing/types.ts'
import { expect, test } from 'vitest'
import { costNodes, type NodeCost } from './costs.ts'

const MACHINE = { caches: { L1d: 32_000, L2: 1_000_000, L3: 32_000_000 }, physicalCores: 1 } as unknown as Machine
const ROOFS: Roofs = {
  threads: 1,
  flopsPerSecond: { float32: 100e9, int8: 400e9 },
  bytesPerSecond: { L1: null, L2: 200e9, L3: 50e9, DRAM: 10e9 },
  reasons: {},
}

interface Step extends GraphStep {
  readonly timeMs?: number
  readonly runs?: number
  readonly origin?: readonly string[]
  readonly bodies?: Readonly<Record<string, readonly Step[]>>
}

function profiled(steps: readonly Step[], path = '', parent: string | null = null): ProfiledNode[] {
  return steps.flatMap((step, i) => [
    {
      name: `${path}${i}`,
      opType: step.op,
      domain: step.domain ?? '',
      origin: step.origin ?? [],
      timeMs: step.timeMs ?? 1,
      rawMs: step.timeMs ?? 1,
      runsPerPrediction: step.runs ?? 1,
      inputs: Object.keys(step.inputs),
      outputs: Object.keys(step.outputs),
      // As the profiler shows them: a packed weight is gone.
      inputTypes: Object.entries(step.inputs).map(([name, type]) => (name.startsWith('w') ? null : type)),
      outputTypes: Object.values(step.outputs),
      provider: 'CPUExecutionProvider',
      inserted: false,
      parent,
    },
    ...Object.entries(step.bodies ?? {}).flatMap(([name, body]) => profiled(body, `${path}${i}/${name}/`, `${path}${i}`)),
  ])
}

const cost = (steps: readonly Step[], roofs: Roofs | undefined = ROOFS, original?: GraphView) =>
  costNodes({ graph: graphOf(steps), nodes: profiled(steps) } as unknown as Profile, roofs, MACHINE, original)

const only = (step: Step, roofs?: Roofs): NodeCost => cost([step], roofs).nodes[0]!

const gemm = (rows: number, size: number, given: Partial<Step> = {}, weight = 'w'): Step => ({
  op: 'Gemm',
  inputs: { x: float(rows, size), [weight]: float(size, size) },
  outputs: { y: float(rows, size) },
  ...given,
})

test('a large product is bound by compute', () => {
  // 100 * 1000 * 1000 MACs = 2e8 FLOPs at 1e11: 2 ms. 4 * (1e5 + 1e6 + 1e5) = 4.8e6 B, larger than L2, at 5e10: 0.096 ms
  const row = only(gemm(100, 1000, { timeMs: 2.5 }))
  expect(row).toMatchObject({ floorMs: 2, cappedFloorMs: 2, bound: 'compute', level: 'L3', reason: null, aboveRoof: null })
  expect(row.cost).toMatchObject({ macs: 1e8, bytes: 4.8e6, weightBytes: 4e6 })
})

test('a weight larger than the caches comes from DRAM at every prediction', () => {
  // 4000 * 4000 * 4 = 64e6 B at 1e10: 6.4 ms; 32,000 B of data from L2 at 2e11: 0.00016 ms; 3.2e7 FLOPs: 0.32 ms
  const row = only(gemm(1, 4000, { timeMs: 7 }))
  expect(row.floorMs).toBeCloseTo(6.40016, 9)
  expect(row).toMatchObject({ bound: 'memory', level: 'DRAM' })
})

test('weights that fit one by one, but not together, come from DRAM', () => {
  const model = (layers: number, shared = false) =>
    cost(Array.from({ length: layers }, (_, i) => gemm(1, 1000, {}, shared ? 'w' : `w${i}`))).nodes[0]!
  // 4e6 B each. Five: 20e6 B in L3: 0.08 ms, and 8000 B of data from L2 0.00004 ms. Ten: 40e6 B, from DRAM: 0.4 ms
  expect(model(5).floorMs).toBeCloseTo(0.08004, 9)
  expect(model(5).level).toBe('L3')
  expect(model(10).floorMs).toBeCloseTo(0.40004, 9)
  expect(model(10).level).toBe('DRAM')
  // ten that share one weight
  expect(model(10, true).floorMs).toBeCloseTo(0.08004, 9)
})

test('a level without a measured bandwidth counts outward', () => {
  // 4 * 100,000 B in and out: 800,000 B fit L2: 0.004 ms; through L3 0.016 ms; without any bandwidth nothing is known
  const relu: Step = { op: 'Relu', inputs: { x: float(100_000) }, outputs: { y: float(100_000) }, timeMs: 0.03 }
  const without = (...levels: string[]): Roofs => ({
    ...ROOFS,
    bytesPerSecond: { ...ROOFS.bytesPerSecond, ...Object.fromEntries(levels.map((level) => [level, null])) },
  })
  expect(only(relu)).toMatchObject({ floorMs: 0.004, level: 'L2', bound: 'memory' })
  expect(only(relu, without('L2'))).toMatchObject({ floorMs: 0.016, level: 'L3' })
  // 100,000 comparisons at half the roof: 0.002 ms
  expect(only(relu, without('L2', 'L3', 'DRAM'))).toMatchObject({ floorMs: 0.002, level: null, bound: 'compute' })
})

test('threads bring the L2 of their cores', () => {
  // 1.6e6 B in, and out in their place: they do not fit one L2 of 1e6 B, but two
  const relu: Step = { op: 'Relu', inputs: { x: float(400_000) }, outputs: { y: float(400_000) } }
  const nodes = profiled([relu])
  const levelWith = (threads: number, physicalCores: number) =>
    costNodes({ graph: graphOf([relu]), nodes } as unknown as Profile, { ...ROOFS, threads }, { ...MACHINE, physicalCores })
      .nodes[0]!.level
  expect(levelWith(1, 2)).toBe('L3')
  expect(levelWith(2, 2)).toBe('L2')
  expect(levelWith(2, 1)).toBe('L3')
})

test('int8 has its own roof; a precision without one has that of its lanes', () => {
  // 2e8 FLOPs at 4e11: 0.5 ms
  const int8 = (...shape: number[]): TensorType => ({ dtype: 'int8', shape })
  const integer: Step = {
    op: 'MatMulInteger',
    inputs: { x: int8(100, 1000), w: int8(1000, 1000) },
    outputs: { y: { dtype: 'int32', shape: [100, 1000] } },
  }
  expect(only(integer).floorMs).toBeCloseTo(0.5, 9)
  // not measured: four times float32's; float64 half of it: 4 ms
  expect(only(integer, { ...ROOFS, flopsPerSecond: { float32: 100e9 } }).floorMs).toBeCloseTo(0.5, 9)
  const double = (...shape: number[]): TensorType => ({ dtype: 'float64', shape })
  const float64: Step = {
    op: 'MatMul',
    inputs: { x: double(100, 1000), w: double(1000, 1000) },
    outputs: { y: double(100, 1000) },
  }
  expect(only(float64).floorMs).toBeCloseTo(4, 9)
})

test('a recurrent node reads its state weights at every step', () => {
  // T 100, H 128, I 32: W 512 * 32 * 4 = 65,536 B, R 512 * 128 * 4 = 262,144 B, x 12,800 B, y 51,200 B: 391,680 B in L2.
  // 99 more times R: 25,952,256 B. At 2e11: 0.13171968 ms. MACs 100 * (512 * 32 + 512 * 128) = 8,192,000: 0.0164 ms at 1e12
  const lstm: Step = {
    op: 'LSTM',
    inputs: { x: float(100, 1, 32), w: float(1, 512, 32), wr: float(1, 512, 128) },
    outputs: { y: float(100, 1, 1, 128) },
    attributes: { hidden_size: 128 },
  }
  const fast = { ...ROOFS, flopsPerSecond: { float32: 1e12 } }
  const row = only(lstm, fast)
  expect(row.floorMs).toBeCloseTo(0.13171968, 9)
  expect(row).toMatchObject({ bound: 'memory', level: 'L2' })
  expect(row.cost?.serialSteps).toBe(100)
  // without L2: at 5e10, four times as long
  expect(only(lstm, { ...fast, bytesPerSecond: { ...ROOFS.bytesPerSecond, L2: null } }).floorMs).toBeCloseTo(0.52687872, 9)
})

test('short nodes far above their floor are bound by being started', () => {
  // 64 B at 2e11 and 8 comparisons at 5e10: less than a nanosecond
  const relu: Step = { op: 'Relu', inputs: { x: float(8) }, outputs: { y: float(8) } }
  expect(only({ ...relu, timeMs: 0.003 }).bound).toBe('overhead')
  // 30 µs are more than starting a kernel takes; ten runs of 3 µs are not
  expect(only({ ...relu, timeMs: 0.03 }).bound).toBe('memory')
  expect(only({ ...relu, timeMs: 0.03, runs: 10 }).bound).toBe('overhead')
  // nothing to do at all
  expect(only({ op: 'Reshape', inputs: { x: float(8) }, outputs: { y: float(2, 4) } })).toMatchObject({
    floorMs: 0,
    cappedFloorMs: 0,
    bound: 'overhead',
    level: null,
  })
})

test('up to four times its floor a short node is not bound by being started', () => {
  // the floor is 0.004 ms
  const relu: Step = { op: 'Relu', inputs: { x: float(100_000) }, outputs: { y: float(100_000) } }
  expect(only({ ...relu, timeMs: 0.0155 }).bound).toBe('memory')
  expect(only({ ...relu, timeMs: 0.0165 }).bound).toBe('overhead')
})

test('a body finds its weights again only where they fit beside its data', () => {
  // Weight 800,000 B and data of as much do not fit L2 of 1e6 B together: twice 0.016 ms from L3. The data alone fit: twice 1.6e6 B
  // at 2e11: 0.016 ms
  const add: Step = { op: 'Add', inputs: { x: float(200_000), w: float(200_000) }, outputs: { y: float(200_000) }, runs: 2 }
  expect(only(add).floorMs).toBeCloseTo(0.048, 9)
})

test('special functions at the rate of the fastest operator that evaluates them, beside the simple operations', () => {
  const of = (opType: string, elementsPerSecond: Record<string, number>, dtype: DType = 'float32') => {
    const type = { dtype, shape: [1000] }
    return only({ op: opType, inputs: { x: type }, outputs: { y: type } }, { ...ROOFS, elementsPerSecond })
  }
  // 1000 at 1e9 / s, of the faster of the two
  expect(of('Exp', { Exp: 5e8, Softmax: 1e9 })).toMatchObject({ floorMs: 0.001, floorOn: 'compute' })
  // the longer of exp and log; four simple operations at 50e9 / s are less
  expect(of('Softplus', { Exp: 1e9, Log: 1e8 }).floorMs).toBeCloseTo(0.01, 12)
  expect(of('Gelu', { 'com.microsoft:Gelu': 1e9 }).plainFloorMs).toBeCloseTo(8e-5, 12)
  // float16 has twice the elements in a register, float64 is taken to be as fast
  expect(of('Exp', { Exp: 1e9 }, 'float16').floorMs).toBeCloseTo(0.0005, 12)
  expect(of('Exp', { Exp: 1e9 }, 'float64').floorMs).toBeCloseTo(0.001, 12)
})

test('special functions without a rate are left out of the floor', () => {
  const exp = only({ op: 'Exp', inputs: { x: float(1000) }, outputs: { y: float(1000) } })
  // 8000 B at 2e11: 4e-5 ms
  expect(exp.floorMs).toBeCloseTo(4e-5, 12)
  expect(exp.cost?.specialOps).toBe(1000)
})

test('unknown operators are counted with their time', () => {
  const { nodes, unknown, knownTimeShare, macs, flops, bytes } = cost([
    gemm(100, 1000, { timeMs: 3 }),
    { op: 'Unheard', domain: 'com.microsoft', inputs: { ids: null }, outputs: { out: null }, timeMs: 1 },
  ])
  expect(nodes[1]).toMatchObject({
    cost: undefined,
    reason: 'no formula for com.microsoft:Unheard',
    floorMs: null,
    cappedFloorMs: 0,
    bound: null,
  })
  expect(unknown).toEqual({ 'com.microsoft:Unheard': 1 })
  expect([knownTimeShare, macs, flops, bytes]).toEqual([0.75, 1e8, 2e8, 4.8e6])
})

test('nodes of bodies: their own attributes, constants around them, every run', () => {
  const pool: Step = {
    op: 'MaxPool',
    inputs: { h: float(1, 4, 8, 8) },
    outputs: { p: float(1, 4, 4, 4) },
    attributes: { kernel_shape: [2, 2] },
    runs: 10,
  }
  const inner = gemm(1, 100, { runs: 10, inputs: { h: float(1, 100), wOuter: null } })
  const loop: Step = { op: 'Loop', inputs: { wOuter: float(100, 100) }, outputs: { out: null }, bodies: { body: [pool, inner] } }
  const { nodes, macs, flops } = cost([loop])
  expect(nodes.map(({ opType, reason }) => [opType, reason])).toEqual([
    ['Loop', null],
    ['MaxPool', null],
    ['Gemm', null],
  ])
  // MaxPool 64 outputs * 4 taps * 10 = 2560; Gemm 100 * 100 * 10 = 1e5 MACs
  expect([macs, flops]).toEqual([1e5, 202_560])
  expect(nodes[2]!.cost?.macs).toBe(1e4)
  // 2e5 FLOPs at 1e11: 0.002 ms; 40,000 B of weights and 800 of data, ten times at 2e11: 0.00204 ms
  expect(nodes[2]!.floorMs).toBeCloseTo(0.00204, 9)
})

test('a branch that was not taken asks for nothing, and is not unknown', () => {
  const branch = gemm(1, 100, { runs: 0, timeMs: 0, outputs: { y: null } })
  const { nodes, unknown, knownTimeShare } = cost([
    { op: 'If', inputs: { c: null }, outputs: { o: null }, bodies: { then_branch: [branch] } },
  ])
  expect(nodes[1]).toMatchObject({ reason: 'it did not run in this prediction', cappedFloorMs: 0 })
  expect([unknown, knownTimeShare]).toEqual([{}, 1])
})

test('a node faster than its roof says why that can be', () => {
  // the floor is 2 ms
  expect(only(gemm(100, 1000, { timeMs: 1.9 })).aboveRoof).toBeNull()
  expect(only(gemm(100, 1000, { timeMs: 1 }))).toMatchObject({
    cappedFloorMs: 1,
    aboveRoof: '2.0 times as fast as its roof: zeros may be skipped, or the clock was higher than when the roofs were measured',
  })
  expect(only(gemm(1, 4000, { timeMs: 2 })).aboveRoof).toContain('a nearer cache than DRAM')
  expect(only(gemm(1, 100, { timeMs: 0.0001 })).aboveRoof).toContain("the profiler's resolution")
})

test('without roofs there are costs and no floors', () => {
  const { nodes, macs } = costNodes(
    { graph: graphOf([gemm(100, 1000)]), nodes: profiled([gemm(100, 1000)]) } as unknown as Profile,
    undefined,
    MACHINE,
  )
  expect(nodes[0]).toMatchObject({ floorMs: null, cappedFloorMs: 0, bound: null, level: null })
  expect(macs).toBe(1e8)
})

test('a node that the executed graph does not hold', () => {
  const nodes = profiled([gemm(1, 10)]).map((node) => ({ ...node, name: 'other' }))
  const row = costNodes({ graph: graphOf([]), nodes } as unknown as Profile, ROOFS, MACHINE).nodes[0]!
  expect(row.reason).toBe("Gemm 'other' is not in the saved executed graph, so its attributes are not known")
})

test("channels padded by the NCHWc layout are not the model's work", () => {
  // the model: 10 filters of 1 * 5 * 5 on 24 * 24 outputs: 144,000 MACs; padded to 16: 230,400
  const padded: Step = {
    op: 'Conv',
    domain: 'com.microsoft.nchwc',
    inputs: { x: float(1, 1, 28, 28), w: float(16, 1, 5, 5), wb: float(16) },
    outputs: { y: float(1, 16, 24, 24) },
    origin: ['0'],
  }
  const original = graphOf([{ op: 'Conv', inputs: { x: null, w: float(10, 1, 5, 5), wb: float(10) }, outputs: { y: null } }])
  expect(cost([padded]).macs).toBe(230_400)
  const { nodes, macs } = cost([padded], ROOFS, original)
  expect(macs).toBe(144_000)
  // x 784, w 250, b 10, y 5760 elements
  expect(nodes[0]!.cost).toMatchObject({ simpleOps: 5760, bytes: 4 * 6804, weightBytes: 1040 })
})
