import type { Cost } from '@whyslow/graph/operators/types.ts'
import type { Latency, Profile } from '@whyslow/measure/timing/types.ts'
import { describe, expect, it } from 'vitest'
import { areasOfNodes, breakDown } from './breakdown.ts'
import type { NodeCost, NodeCosts } from './costs.ts'

const cost = (given: Partial<Cost>): Cost => ({
  macs: 0,
  simpleOps: 0,
  specialOps: 0,
  bytes: 0,
  streamingBytes: 0,
  weightBytes: 0,
  arithmetic: 'float32',
  serialSteps: 1,
  movesDataOnly: false,
  ...given,
})
const row = (timeMs: number, cappedFloorMs: number, bound: NodeCost['bound'], given: Partial<Cost> | undefined): NodeCost => ({
  name: 'n',
  opType: 'Conv',
  domain: '',
  timeMs,
  cost: given && cost(given),
  reason: given ? null : 'no formula',
  floorMs: cappedFloorMs,
  cappedFloorMs,
  bound,
  floorOn: bound === 'overhead' ? 'compute' : bound,
  level: null,
  aboveRoof: null,
})

describe('breakDown', () => {
  const rows = [
    row(4, 3, 'compute', { macs: 100 }),
    row(2, 1.5, 'memory', { macs: 1 }),
    row(1, 0.4, 'memory', { movesDataOnly: true }),
    row(1.5, 1, 'memory', { macs: 10, serialSteps: 28 }),
    row(0.5, 0, null, undefined),
  ]
  const given = {
    threads: 1,
    latency: { p50Ms: 10, regime: 'r', blocks: [{ regime: 'r', waitAtMedianMs: 0.25 }] } as unknown as Latency,
    costs: { nodes: rows } as unknown as NodeCosts,
    profile: { dispatchPerNodeUs: 100, nodes: rows.map(() => ({ runsPerPrediction: 1 })) } as unknown as Profile,
    callCost: { callMs: 0.05, ciLowMs: 0.05, ciHighMs: 0.05 },
  }

  it('adds up to the p50, with the rest signed and apart', () => {
    const { parts, areas } = breakDown(given)
    expect(parts.reduce((sum, part) => sum + part.timeMs, 0)).toBeCloseTo(10)
    // 10 - (4 + 2 + 1 + 1.5 + 0.5) - 0.05 call; waits are within the nodes.
    expect(areas.unexplained.timeMs).toBeCloseTo(0.95)
    expect(areas.architecture.timeMs).toBeCloseTo(3 + 1)
    expect(areas.hardware.timeMs).toBeCloseTo(1.5 + 0.4 + 0.25)
    // Above the floors 1 + 0.5 + 0.6 + 0.5, of which 0.1 a node starts it and 0.25 waited; the unknown one; the call.
    expect(areas.software.timeMs).toBeCloseTo(2.35 + 0.5 + 0.05)
    expect(parts.find(({ part }) => part === 'starting operators')!.timeMs).toBeCloseTo(0.4)
  })

  it('keeps a negative rest negative', () => {
    const { areas } = breakDown({ ...given, latency: { ...given.latency, p50Ms: 9 } })
    expect(areas.unexplained.timeMs).toBeCloseTo(-0.05)
  })

  it('tells of each node where its time belongs, as the parts do: a recurrent floor on memory is architecture', () => {
    const nodes = areasOfNodes(given.costs, given.profile)
    expect(nodes).toEqual([
      { architecture: 3, hardware: 0, software: 1 },
      { architecture: 0, hardware: 1.5, software: 0.5 },
      { architecture: 0, hardware: 0.4, software: 0.6 },
      { architecture: 1, hardware: 0, software: 0.5 },
      { architecture: 0, hardware: 0, software: 0.5 },
    ])
    const { areas } = breakDown({
      ...given,
      latency: { ...given.latency, blocks: [] },
      callCost: { callMs: 0, ciLowMs: 0, ciHighMs: 0 },
    })
    for (const area of ['architecture', 'hardware', 'software'] as const)
      expect(nodes.reduce((sum, node) => sum + node[area], 0)).toBeCloseTo(areas[area].timeMs)
  })
})
