import { checkRule, exampleEvidence, exampleHead, exampleWeight, withoutFacts } from '../../test/support/check-rule.ts'
import { smallQuantizationBlocks } from './small-quantization-blocks.ts'

/** 64 M weights: 32 MB of 4 bits, and 16 MB of scales in blocks of 16. */
const block = (blockSize: number, scaleBytes = 16e6, decodeMs: number | null = 4.8) => ({
  weights: [exampleWeight({ blockSize, scaleBytes, bytes: 32e6 + scaleBytes, decodeMs })],
})
/** 20 MB are read in 2 ms; as int4, 40 MB in 4 ms. */
const twoBits = (decodeMs: number | null) => ({ weights: [exampleWeight({ dtype: 'int2', bytes: 20e6, decodeMs })] })

checkRule(smallQuantizationBlocks, {
  found: [
    {
      // Half of the scales, 8 of 48 MB: 4.8 ms / 6.
      name: 'blocks of 16',
      given: exampleEvidence(block(16)),
      expect: {
        detail: 'Weights in blocks of 16 read 16.0 MB of scales for each token; blocks of 32 read 8.00 MB less.',
        savingByPart: { firstToken: 0, token: 0.8 },
      },
    },
    {
      name: 'a kernel for 2 bits that is slow',
      given: exampleEvidence(twoBits(8)),
      expect: {
        detail: /take 8\.00 ms, 4\.0 times what reading them takes\. As int4 they are read in 4\.00 ms\.$/,
        savingByPart: { firstToken: 0, token: 4 },
      },
    },
    { name: 'a little over three times', given: exampleEvidence(twoBits(6.1)) },
  ],
  clear: [
    { name: 'blocks of 32', given: exampleEvidence() },
    { name: 'blocks of 17', given: exampleEvidence(block(17)) },
    { name: 'scales of which nothing is known', given: exampleEvidence(block(16, 0)) },
    { name: 'they take little', given: exampleEvidence(block(16, 16e6, 1.7)) },
    { name: 'a little under three times', given: exampleEvidence(twoBits(5.9)) },
    { name: 'no floor to compare with', given: withoutFacts(twoBits(8), 'floor') },
    { name: '2 bits that were not profiled', given: exampleEvidence(twoBits(null)) },
  ],
  doesNotApply: [{ name: 'no blocks', given: exampleEvidence({ weights: [exampleHead()] }) }],
})
