// .item(), .numpy(), .cpu() in a loop: each waits for the device, and crosses to it.
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { type HotPattern, hotPatterns, inWords, placeOf, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** NumPy has .item() and .tolist(), too, and crosses to no device. */
const isOfTensors = ({ calls }: HotPattern): boolean =>
  calls.length === 0 ||
  calls.some(({ argument }) => argument === null || argument.kind === 'tensor' || argument.kind === 'object')

export const deviceTransferInTheLoop = defineRule({
  id: 'device-transfer-in-the-loop',
  area: 'software',
  title: 'Tensors are read back one by one in a loop',
  needs: ['lines', 'patterns'],
  check(evidence) {
    return hotPatterns(evidence, ['device-read'])
      .filter((hot) => hot.pattern.loop !== null && isOfTensors(hot))
      .map(({ pattern, timeMs, share: part }) => ({
        ...tell`Reading tensors in a loop at ${inWords(pattern)} takes ${ms('place', timeMs)}, ${share('share', part)} of a prediction. One transfer of the whole tensor before the loop, or after it, does the same.`,
        timeMs,
        ...UNTRIED,
        places: [placeOf(pattern)],
      }))
  },
})
