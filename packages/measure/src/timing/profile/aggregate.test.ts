import { describe, expect, it } from 'vitest'
import type { TraceNode } from '../../engines/onnxruntime/facts/trace.ts'
import { aggregate } from './aggregate.ts'

const event = (name: string, ts: number, dur: number, opType = 'Conv', nodeIndex = 0): TraceNode => ({
  name,
  nodeIndex,
  opType,
  provider: 'CPUExecutionProvider',
  ts,
  dur,
  inputTypes: [],
  outputTypes: [],
})

describe('aggregate', () => {
  it('leaves out the first predictions and averages the middle of the others', () => {
    const nodes = [0, 1, 2, 3, 4].map((k) => event('a', k * 100 + 1, k === 0 ? 90 : 10 + k))
    const runs = [0, 1, 2, 3, 4].map((k) => ({ ts: k * 100, dur: 99 }))
    const { events, predictions } = aggregate([{ nodes, runs, truncated: false }], 1)
    expect(predictions).toBe(4)
    // 11, 12, 13, 14 µs: one cut at each end, mean 12.5.
    expect(events[0]!.rawMs[0]).toBeCloseTo(0.0125)
  })

  it('leaves out predictions that were interrupted inside a node', () => {
    // Two of five wait for a CPU in the same node: the middle half of its times alone would hold one of them.
    const spans = [10, 11, 12, 500, 600]
    const nodes = spans.map((dur, k) => event('a', k * 1000 + 1, dur))
    const runs = spans.map((dur, k) => ({ ts: k * 1000, dur: dur + 80 }))
    const { events, predictions } = aggregate([{ nodes, runs, truncated: false }], 0)
    expect(predictions).toBe(3)
    expect(events[0]!.rawMs[0]).toBeCloseTo(0.011)
  })

  it('takes bodies off their parent and counts their rounds', () => {
    const nodes = [
      event('loop', 1, 50, 'Loop'),
      event('body', 5, 10, 'Add', 3),
      event('body', 25, 10, 'Add', 3),
      event('after', 60, 5, 'Relu'),
    ]
    const { events } = aggregate([{ nodes, runs: [{ ts: 0, dur: 99 }], truncated: false }], 0)
    expect(events.map(({ name, parent, runsPerPrediction, rawMs }) => [name, parent, runsPerPrediction, rawMs[0]])).toEqual([
      ['loop', null, 1, 0.03],
      ['body', 0, 2, 0.02],
      ['after', null, 1, 0.005],
    ])
    expect(events[0]!.childRunsPerPrediction).toBe(2)
  })

  it('tells nodes of one name apart at the top', () => {
    const nodes = [event('x', 1, 3), event('x', 10, 7)]
    expect(aggregate([{ nodes, runs: [{ ts: 0, dur: 20 }], truncated: false }], 0).events.map((e) => e.rawMs[0])).toEqual([
      0.003, 0.007,
    ])
  })

  it('keeps rounds apart, and counts a node that did not run as 0', () => {
    const round = (dur: number, names: string[]) => ({
      nodes: names.map((name, i) => event(name, 1 + 20 * i, dur)),
      runs: [{ ts: 0, dur: 99 }],
      truncated: false,
    })
    const { events, predictions } = aggregate([round(4, ['a', 'b']), round(6, ['a'])], 0)
    expect(predictions).toBe(2)
    expect(events.map(({ name, rawMs, runsPerPrediction }) => [name, rawMs, runsPerPrediction])).toEqual([
      ['a', [0.004, 0.006], 1],
      ['b', [0.004, 0], 0.5],
    ])
  })
})
