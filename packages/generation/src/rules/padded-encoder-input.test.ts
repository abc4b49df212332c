import { checkRule, exampleEvidence } from '../../test/support/check-rule.ts'
import { paddedEncoderInput } from './padded-encoder-input.ts'

const encoder = (emptyPositions: number, positionMs: number | null = 20) =>
  exampleEvidence({ encoder: { ms: 40, runs: 1, windows: 1, positions: 1500, emptyPositions, positionMs } })

checkRule(paddedEncoderInput, {
  found: [
    {
      name: '3 s of audio in a window of 30 s',
      given: encoder(1350),
      expect: {
        detail:
          /^27\.0 s of 30\.0 s of audio are silence that fills the window, 90 %: of 40\.0 ms in the encoder, 36\.0 ms and 36 % of the first token\./,
        savingByPart: { firstToken: 36, token: 0 },
      },
    },
    {
      name: 'tokens',
      given: encoder(1350, null),
      expect: {
        detail: /^1350 positions of 1500 positions are padding, 90 %: .* Padding to the longest text of a batch is shorter\.$/,
      },
    },
    // 114 / 1500 · 40 ms.
    { name: 'a little over three per cent of the first token', given: encoder(114) },
  ],
  clear: [
    { name: 'a full window', given: exampleEvidence() },
    { name: 'a little under three per cent of the first token', given: encoder(111) },
  ],
})
