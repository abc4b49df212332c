import { checkRule, exampleEvidence, examplePoint } from '../../../test/support/load/check-rule.ts'
import { exampleRun } from '../../../test/support/load/example-queue.ts'
import { pointOf } from '../point.ts'
import { overloaded } from './overloaded.ts'

const full = (utilisation: number) => pointOf(exampleRun({ utilisation, fixed: true }))

checkRule(overloaded, {
  found: [
    {
      // 150 arrive in a second and 100 are answered. That a rate above it was answered by chance says nothing against it.
      name: 'the lowest rate that is too high, with what is answered at that rate',
      given: exampleEvidence([full(3), full(1.5), examplePoint(), { ...examplePoint(), offeredPerSecond: 500 }]),
      expect: {
        detail:
          /^Of 150 requests\/s it answers 100 requests\/s, [\d,]+ are outstanding at the end.* It keeps up with 30 requests\/s\.$/,
        wouldSaveMs: 0,
      },
    },
    {
      name: 'requests are refused',
      given: exampleEvidence([
        examplePoint({
          saturated: true,
          saturation: { reason: 'sheds', backlogPerSecond: 0, backlogAtEnd: 0 },
          requests: 200,
          shed: 30,
        }),
      ]),
      expect: { detail: /, 15 % are refused, .* no percentiles\.$/ },
    },
  ],
  clear: [{ name: 'the server keeps up', given: exampleEvidence([examplePoint()]) }],
})
