import { checkRule, exampleEvidence, examplePoint, withParts } from '../../../test/support/load/check-rule.ts'
import { delayedAck } from './delayed-ack.ts'

const point = withParts(examplePoint(), { compute: { slowest: 3, all: 2 }, receive: { slowest: 42, all: 21 } })

checkRule(delayedAck, {
  found: [
    {
      name: 'half of the answers wait',
      // 0.5 × 42 ms of 23 ms
      given: exampleEvidence([{ ...point, heldBack: { share: 0.5, meanMs: 42 } }]),
      expect: {
        detail: /^50 % of the answers come in two pieces, 42\.0 ms apart/,
        timeMs: 21,
        wouldSaveMs: 21,
        basis: 'modelled',
      },
    },
  ],
  clear: [
    { name: 'answers come whole', given: exampleEvidence([point]) },
    {
      name: 'it is little of a long answer',
      given: exampleEvidence([
        { ...withParts(examplePoint(), { compute: { slowest: 900, all: 900 } }), heldBack: { share: 0.12, meanMs: 42 } },
      ]),
    },
  ],
})
