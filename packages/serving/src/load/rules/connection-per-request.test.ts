import { checkRule, exampleEvidence, examplePoint, withParts } from '@whyslow/serving/support/load/check-rule.ts'
import { connectionPerRequest } from './connection-per-request.ts'

/** Requests that take 10 ms, of which they wait `connectMs` on average and `typicalMs` around the median. */
function waiting(connectMs: number, typicalMs: number) {
  const of = (ms: number) => ({ slowest: ms, all: ms })
  const point = withParts(examplePoint(), { connect: of(connectMs), 'server and network': of(10 - connectMs) })
  return { ...point, parts: { ...point.parts!, typical: { ...point.parts!.typical, partsMs: [typicalMs, 10 - typicalMs] } } }
}

checkRule(connectionPerRequest, {
  found: [
    {
      name: 'each request opens a connection',
      // 2 ms of 10 ms
      given: exampleEvidence([waiting(2, 1.5)]),
      expect: {
        detail: /^Requests wait 2\.00 ms of 10\.0 ms .* on average at 30 requests\/s, and 1\.50 ms around the median\./,
        timeMs: 2,
        wouldSaveMs: 2,
        basis: 'modelled',
      },
    },
    { name: 'a little over 0.1 ms around the median', given: exampleEvidence([waiting(2, 0.103)]) },
    // 3 % of 10 ms is 0.3 ms
    { name: 'a little over 3 % of the latency', given: exampleEvidence([waiting(0.31, 0.31)]) },
    {
      name: 'clients in a closed loop',
      given: exampleEvidence([{ ...waiting(2, 1.5), offeredPerSecond: null, clients: 1 }]),
      expect: { detail: /on average, and 1\.50 ms/ },
    },
  ],
  clear: [
    {
      name: 'only bursts open connections: a little under 0.1 ms around the median',
      given: exampleEvidence([waiting(2, 0.097)]),
    },
    { name: 'a little under 3 % of the latency', given: exampleEvidence([waiting(0.29, 0.29)]) },
    { name: 'connections are kept', given: exampleEvidence([examplePoint()]) },
  ],
  notChecked: [
    { name: 'parts without it', given: exampleEvidence([withParts(examplePoint(), { compute: { slowest: 3, all: 2 } })]) },
  ],
})
