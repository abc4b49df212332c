import { checkRule, exampleEvidence } from '../../test/support/check-rule.ts'
import { encoderPerBeam } from './encoder-per-beam.ts'

const encoder = (runs: number, windows = 1, ms = 40) =>
  exampleEvidence({ encoder: { ms, runs, windows, positions: 1500, emptyPositions: 0, positionMs: 20 } })

checkRule(encoderPerBeam, {
  found: [
    {
      name: 'once for each of four beams',
      given: encoder(4),
      expect: {
        detail: 'The encoder runs 4 times over 1 input, and takes 40.0 ms; once for each takes 10.0 ms.',
        savingByPart: { firstToken: 30, token: 0 },
      },
    },
    { name: 'a little over three per cent', given: encoder(4, 1, 4.1) },
  ],
  clear: [
    { name: 'once', given: exampleEvidence() },
    { name: 'once for each window', given: encoder(4, 4) },
    { name: 'a little under three per cent', given: encoder(4, 1, 3.9) },
  ],
})
