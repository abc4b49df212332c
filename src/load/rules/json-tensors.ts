// Tensors that go as JSON cost the server more than the prediction.
import type { LoadPoint } from '../../report/documents/load.ts'
import { alternativeFacts, inNumbers, isBetter, savedMs } from '../better.ts'
import { perSecond } from '../facts.ts'
import { defineLoadRule } from '../rule.ts'
import { textCost } from '../text-cost.ts'

/** Not one that the generator's lateness took away. */
const hasMean = ({ saturated, meanMs }: LoadPoint): boolean => saturated || meanMs !== null

export const jsonTensors = defineLoadRule({
  id: 'json-tensors',
  check({ asked, target, rawTensors }) {
    const cost = textCost({ asked, target })
    if (cost === null) return null
    const { point, parse, serialize, compute } = cost
    const size = target.bodyBytes === null ? '' : ` of ${(target.bodyBytes / 1e6).toFixed(2)} MB`
    const asking = point.offeredPerSecond === null ? '' : ` at ${perSecond(point.offeredPerSecond)} requests/s`
    const isKnown = rawTensors !== null && [rawTensors.before, rawTensors.point, rawTensors.after].every(hasMean)
    const raw = !isKnown ? '' : ` With the same tensors as raw bytes: ${inNumbers(rawTensors)}.`
    return {
      title: 'Reading and writing tensors as text takes longer than the prediction',
      detail:
        `Requests${size} take ${parse.toFixed(2)} ms to parse, answers ${serialize.toFixed(2)} ms to write, and the prediction` +
        ` ${compute.toFixed(2)} ms, on average${asking}; while the server parses, its event loop answers nobody.${raw}`,
      wouldSaveMs: isKnown && isBetter(rawTensors) ? savedMs(rawTensors) : null,
      basis: 'measured',
      facts: [
        { name: 'parse', value: parse, unit: 'ms' },
        { name: 'serialize', value: serialize, unit: 'ms' },
        { name: 'compute', value: compute, unit: 'ms' },
        ...(isKnown ? alternativeFacts(rawTensors) : []),
      ],
    }
  },
})
