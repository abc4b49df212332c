// Tensors that go as JSON cost the server more than the prediction.
import { partOf, perSecond } from '../facts.ts'
import { defineLoadRule } from '../rule.ts'

/** On the main thread, where it holds up everybody. */
const LEAST_MS = 0.5

export const jsonTensors = defineLoadRule({
  id: 'json-tensors',
  check({ asked, target }) {
    if (target.inputs?.binary === true) return null
    const point = asked.findLast(({ saturated, parts }) => !saturated && parts !== null)
    if (point === undefined) return null
    const [parse, serialize, compute] = (['parse', 'serialize', 'compute'] as const).map((name) => partOf(point, name)?.meanMs)
    if (parse === undefined || serialize === undefined || compute === undefined) return null
    const text = parse + serialize
    if (text < LEAST_MS || text < compute) return null
    const size = target.bodyBytes === null ? '' : ` of ${(target.bodyBytes / 1e6).toFixed(2)} MB`
    const asking = point.offeredPerSecond === null ? '' : ` at ${perSecond(point.offeredPerSecond)} requests/s`
    return {
      title: 'Reading and writing tensors as text takes longer than the prediction',
      detail:
        `Requests${size} take ${parse.toFixed(2)} ms to parse, answers ${serialize.toFixed(2)} ms to write, and the prediction` +
        ` ${compute.toFixed(2)} ms, on average${asking}; while the server parses, its event loop answers nobody.`,
      wouldSaveMs: null,
      basis: 'measured',
      facts: [
        { name: 'parse', value: parse, unit: 'ms' },
        { name: 'serialize', value: serialize, unit: 'ms' },
        { name: 'compute', value: compute, unit: 'ms' },
      ],
    }
  },
})
