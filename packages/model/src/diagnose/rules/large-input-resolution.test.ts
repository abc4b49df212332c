import type { Sweep } from '@whyslow/measure/timing/types.ts'
import { checkRule, evidence } from '../../../test/support/diagnose/check-rule.ts'
import type { InputFacts } from '../../evidence/evidence.ts'
import { largeInputResolution } from './large-input-resolution.ts'

const image: InputFacts = {
  name: 'x',
  dtype: 'float32',
  shape: [1, 3, 640, 640],
  assumed: [],
  source: 'data',
  freeAxes: [
    { axis: 0, symbol: 'N' },
    { axis: 2, symbol: 'H' },
    { axis: 3, symbol: 'W' },
  ],
}
const text: InputFacts = {
  name: 'ids',
  dtype: 'int64',
  shape: [1, 512],
  assumed: [],
  source: 'data',
  freeAxes: [{ axis: 1, symbol: 'seq' }],
}

function sweep(unit: string, dimension: string, current: number, fixedMs: number, perUnitMs: number): Sweep {
  const points = [current / 4, current / 2, current].map((at) => {
    const p50Ms = fixedMs + perUnitMs * at
    return { at, p50Ms, ciLowMs: p50Ms, ciHighMs: p50Ms }
  })
  return { dimension, unit, points, fit: { fixedMs, perUnitMs }, current }
}

/** An image whose pixels take so many of 100 ms. */
const pixels = (byPixelsMs: number) =>
  evidence({
    p50Ms: 100,
    inputs: [image],
    sizeSweeps: [sweep('pixels', 'resolution', 409_600, 100 - byPixelsMs, byPixelsMs / 409_600)],
  })

/** Of a model whose whole time goes with the size. */
const sized = (unit: string, size: number) =>
  evidence({ p50Ms: 10, inputs: [], sizeSweeps: [sweep(unit, 'size', size, 0, 10 / size)] })

/** 60 ms that grow with the pixels, up to a pooling over all of them, and 30 ms behind it. */
const pooled = (input: InputFacts, size: number) =>
  evidence({
    p50Ms: 100,
    inputs: [input],
    nodes: [
      { op: 'Conv', timeMs: 59, in: ['x'], out: ['c'], shape: [1, 32, size, size] },
      { op: 'GlobalAveragePool', timeMs: 1.002, in: ['c'], out: ['p'], shape: [1, 32, 1, 1] },
      { op: 'Gemm', timeMs: 30, in: ['p'], shape: [1, 1000] },
    ],
  })

checkRule(largeInputResolution, {
  found: [
    {
      // 2 starts of 1 us are not of the pixels: half of 60 ms.
      name: 'not measured at other sizes: estimated from the nodes whose data grow with the image',
      given: pooled(image, 640),
      expect: {
        wouldSaveMs: null,
        timeMs: 30,
        basis: 'modelled',
        detail: /^Estimated from the nodes whose data grow with the image, not measured at another size/,
        next: 'whyslow MODEL --shape x=1x3x448x448',
      },
    },
    {
      name: 'channels last',
      given: pooled({ ...image, shape: [1, 640, 640, 3], freeAxes: [0, 1, 2].map((axis) => ({ axis, symbol: '' })) }, 640),
      expect: { timeMs: 30, wouldSaveMs: null, next: 'whyslow MODEL --shape x=1x448x448x3' },
    },
    {
      // 10 ms + 90 ms for 409,600 pixels; half of them: 55 ms, 45 % less. 640 / sqrt(2) = 452.5, to a multiple of 32: 448.
      name: 'an image of 640 x 640',
      given: evidence({ p50Ms: 100, inputs: [image], sizeSweeps: [sweep('pixels', 'resolution', 409_600, 10, 90 / 409_600)] }),
      expect: {
        wouldSaveMs: 45,
        timeMs: 90,
        next: 'whyslow MODEL --shape x=1x3x448x448',
        title: /^Half the pixels would save 45 %/,
      },
    },
    {
      // Ids and mask have the same length: both flags.
      name: 'a sequence of 512 tokens',
      given: evidence({
        p50Ms: 10,
        inputs: [text, { ...text, name: 'mask' }],
        sizeSweeps: [sweep('tokens', 'sequence', 512, 0, 10 / 512)],
      }),
      expect: { wouldSaveMs: 5, next: 'whyslow MODEL --shape ids=1x256 --shape mask=1x256' },
    },
    { name: 'half of the pixels save 10.2 %', given: pixels(20.4), expect: { wouldSaveMs: 10.2 } },
    // 224 x 224 are 50,176.
    { name: '51,200 pixels', given: sized('pixels', 51_200), expect: { wouldSaveMs: 5, next: null } },
    { name: '130 tokens', given: sized('tokens', 130), expect: { wouldSaveMs: 5 } },
    { name: '16,400 elements', given: sized('elements', 16_400), expect: { wouldSaveMs: 5 } },
  ],
  clear: [
    {
      name: 'a common size',
      given: evidence({ p50Ms: 100, inputs: [image], sizeSweeps: [sweep('pixels', 'resolution', 224 * 224, 10, 90 / 50_176)] }),
    },
    {
      name: 'a latency that hardly depends on the size',
      given: evidence({ p50Ms: 100, inputs: [image], sizeSweeps: [sweep('pixels', 'resolution', 409_600, 90, 10 / 409_600)] }),
    },
    { name: 'nothing to sweep', given: evidence({ inputs: [image], sizeSweeps: [] }) },
    {
      name: 'too few points for a fit',
      given: evidence({ inputs: [image], sizeSweeps: [{ ...sweep('pixels', 'resolution', 409_600, 10, 1e-4), fit: null }] }),
    },
    { name: 'half of the pixels save 9.8 %', given: pixels(19.6) },
    { name: '49,200 pixels', given: sized('pixels', 49_200) },
    { name: '126 tokens', given: sized('tokens', 126) },
    { name: '15,600 elements', given: sized('elements', 15_600) },
    { name: 'not measured at other sizes, and a common one', given: pooled({ ...image, shape: [1, 3, 224, 224] }, 224) },
  ],
  notChecked: [
    { name: 'not measured at other sizes, and height and width are fixed', given: pooled({ ...image, freeAxes: [] }, 640) },
    { name: 'nor a sequence', given: evidence({ inputs: [text] }) },
  ],
})
