// Tensors that go as JSON cost the server more than the prediction.
import { bytes, ms, rate, tell } from '@whyslow/diagnosis/tell.ts'
import type { LoadPoint } from '@whyslow/report/documents/load.ts'
import { comparison, isBetter, savingOf } from '../compare-setups.ts'
import { defineRule } from '../rule.ts'
import { textCost } from '../text-cost.ts'

/** Not one that the generator's lateness took away. */
const hasMean = ({ saturated, meanMs }: LoadPoint): boolean => saturated || meanMs !== null

export const jsonTensors = defineRule({
  id: 'json-tensors',
  area: 'software',
  title: 'JSON tensors: parsing and printing takes longer than the prediction',
  needs: ['parted', 'target'],
  wants: ['rawTensors'],
  check({ parted, target: { inputs, bodyBytes }, rawTensors }) {
    if (inputs?.binary === true) return 'does-not-apply'
    const cost = textCost(parted)
    if (cost === null) return { notChecked: 'the server does not report what it takes to parse and to write' }
    const { parse, serialize, compute, isMuch } = cost
    if (!isMuch) return 'clear'
    const { offeredPerSecond } = parted
    const size = bodyBytes === null ? '' : tell` of ${bytes('body', bodyBytes)}`
    const at = offeredPerSecond === null ? '' : tell` at ${rate('offered', offeredPerSecond)}`
    const tried = rawTensors && [rawTensors.before, rawTensors.point, rawTensors.after].every(hasMean) ? rawTensors : null
    return {
      ...tell`Requests${size} take ${ms('parse', parse)} to parse, answers ${ms('serialize', serialize)} to write, and the prediction
        ${ms('compute', compute)}, on average${at}; while the server parses, its event loop answers no other request.${
          tried === null ? '' : tell` With the same tensors as raw bytes: ${comparison(tried)}.`
        }`,
      ...(tried !== null && isBetter(tried)
        ? savingOf(tried)
        : ({
            wouldSaveMs: null,
            savingUnknown: tried === null ? 'raw tensors were not tried' : 'raw tensors did no better in the same load',
            basis: 'measured',
          } as const)),
      timeMs: parse + serialize,
    }
  },
})
