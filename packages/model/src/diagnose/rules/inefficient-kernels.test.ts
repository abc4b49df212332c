import { checkRule } from '../../../test/support/diagnose/check-rule.ts'
import { clearAlone, isolatedCase, isolatedFindings } from '../../../test/support/diagnose/example-alone.ts'
import { inefficientKernels } from './inefficient-kernels.ts'

const given = { opTypes: ['Conv'], copies: 2, variant: { kind: 'four-samples', remedy: null } } as const

const cheaperBothWays = isolatedCase(given, {
  row: {
    opTypes: ['Add', 'Mul'],
    variants: [
      { kind: 'four-samples', ratio: 0.4 },
      { kind: 'one-pass', ratio: 0.5 },
    ],
  },
})

checkRule(inefficientKernels, {
  found: [
    {
      name: 'no command where no remedy is known',
      given: isolatedCase(given),
      expect: { next: null, detail: /More samples in one call/ },
    },
    {
      name: 'fix where a rewrite is faster',
      given: isolatedCase(given, { change: { kind: 'rewrite', remedy: 'narrow-convolutions' } }),
      expect: { next: 'whyslow fix MODEL -o fast/', detail: /by narrow-convolutions/ },
    },
    {
      name: 'elementwise operators in a row that are cheaper in a batch',
      given: isolatedCase(given, { row: { opTypes: ['Add', 'Mul'] } }),
      expect: { next: null, detail: /More samples in one call/ },
    },
    {
      name: 'rows that are moved, with what repeats their indices',
      given: isolatedCase(given, {
        row: { opTypes: ['Expand', 'ScatterElements'] },
        change: { kind: 'rewrite', remedy: 'row-indices' },
      }),
      expect: { detail: /by row-indices/ },
    },
    {
      name: 'a convolution with the upsampling that it reads',
      given: isolatedCase(given, {
        row: { opTypes: ['Resize', 'Conv', 'LeakyRelu'] },
        change: { kind: 'rewrite', remedy: 'upsampled-convolutions' },
      }),
      expect: { next: 'whyslow fix MODEL -o fast/', detail: /by upsampled-convolutions/ },
    },
    {
      name: 'an attention in pieces that is cheaper in a batch',
      given: isolatedCase(given, { row: { opTypes: ['MatMul', 'Softmax', 'MatMul'] } }),
      expect: { next: null, detail: /More samples in one call/ },
    },
    ...isolatedFindings(given),
  ],
  clear: [
    {
      name: 'a normalization, which is another finding',
      given: isolatedCase(given, { row: { opTypes: ['LayerNormalization'] } }),
    },
    {
      name: 'elementwise operators in one pass, which is another finding',
      given: isolatedCase(given, { row: { opTypes: ['Add', 'Mul'] }, change: { kind: 'rewrite', remedy: 'squared' } }),
    },
    {
      name: 'an attention that its fused form makes faster, which is another finding',
      given: isolatedCase(given, {
        row: { opTypes: ['MatMul', 'Softmax', 'MatMul'] },
        change: { kind: 'rewrite', remedy: 'fuse-attention' },
      }),
    },
    { name: 'elementwise operators that fewer passes make faster, in a batch as well', given: cheaperBothWays },
    ...clearAlone(given, 'one-thread'),
  ],
})
