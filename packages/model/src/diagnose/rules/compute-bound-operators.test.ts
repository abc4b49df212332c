import { checkRule, evidence, experiments, roofs, timedInInt8 } from '../../../test/support/diagnose/check-rule.ts'
import { computeBoundOperators } from './compute-bound-operators.ts'

const fastInt8 = roofs({ flopsPerSecond: { float32: 100e9, int8: 400e9 } })
// 400 M multiply-adds = 0.8 GFLOP: 8 ms at 100 GFLOP/s.
const conv = { op: 'Conv', timeMs: 9, macs: 400e6 }
const inInt8 = (savesMs: number) => timedInInt8({ Conv_0: savesMs })
/** The kernel alone is three times as fast; what surrounds it was not timed. */
const kernelAlone = experiments([{ insideMs: 9, aloneMs: 9, variants: [{ kind: 'int8', ratio: 1 / 3 }] }])

checkRule(computeBoundOperators, {
  found: [
    {
      name: 'a convolution near its roof, and int8 four times as fast elsewhere: a note that names what times it',
      given: evidence({ p50Ms: 10, roofs: fastInt8, nodes: [conv] }),
      expect: {
        timeMs: 9,
        wouldSaveMs: 0,
        area: 'architecture',
        detail: /What int8 would save was not timed: quantize first times/,
        next: 'whyslow quantize MODEL -o fast/ --data SAMPLES',
      },
    },
    {
      name: 'its kernel was timed without the conversions around it: a note',
      given: evidence({ p50Ms: 10, roofs: fastInt8, nodes: [conv], operatorExperiments: kernelAlone }),
      expect: { wouldSaveMs: 0, detail: /What int8 would save was not timed/ },
    },
    {
      name: 'int8 could not be timed: a note',
      given: evidence({
        p50Ms: 10,
        roofs: fastInt8,
        nodes: [conv],
        operatorExperiments: { ...kernelAlone, int8: { reason: 'no time' } },
      }),
      expect: { wouldSaveMs: 0, detail: /What int8 would save was not timed/ },
    },
    {
      name: 'timed alone in int8 with its conversions',
      given: evidence({ p50Ms: 10, roofs: fastInt8, nodes: [conv], operatorExperiments: inInt8(3) }),
      expect: {
        timeMs: 9,
        wouldSaveMs: 3,
        basis: 'measured',
        detail: /Timed alone in int8, 1 node would take 3\.00 ms less, conversions .* included/s,
      },
    },
    {
      name: 'timed alone, hardly faster in int8: a note',
      given: evidence({ p50Ms: 10, roofs: fastInt8, nodes: [conv], operatorExperiments: inInt8(0) }),
      expect: { wouldSaveMs: 0, basis: 'modelled', detail: /hardly faster/ },
    },
    {
      name: 'one of two timed alone, hardly faster: a note that the other is not known',
      given: evidence({ p50Ms: 20, roofs: fastInt8, nodes: [conv, conv], operatorExperiments: inInt8(0) }),
      expect: {
        wouldSaveMs: 0,
        detail: /What int8 would save was timed for some of them only/,
        next: 'whyslow quantize MODEL -o fast/ --data SAMPLES',
      },
    },
    {
      name: 'most of the time timed alone, hardly faster: a note of all',
      given: evidence({
        p50Ms: 12,
        roofs: fastInt8,
        nodes: [conv, { ...conv, timeMs: 2, macs: 80e6 }],
        operatorExperiments: inInt8(0),
      }),
      expect: { timeMs: 11, wouldSaveMs: 0, detail: /hardly faster/ },
    },
    {
      name: 'int8 no faster: a note, no saving',
      given: evidence({ p50Ms: 10, nodes: [conv] }),
      expect: { timeMs: 9, wouldSaveMs: 0, detail: /only 1\.0 times the float32 rate/ },
    },
    {
      name: 'int8 already: a note, no saving',
      given: evidence({
        p50Ms: 10,
        roofs: fastInt8,
        nodes: [{ ...conv, op: 'QLinearConv', arithmetic: 'int8', bound: 'compute' }],
      }),
      expect: { wouldSaveMs: 0, detail: /another precision already/ },
    },
    {
      name: 'float64: a note that float32 would take half as long',
      given: evidence({ p50Ms: 10, roofs: fastInt8, nodes: [{ ...conv, arithmetic: 'float64', bound: 'compute' }] }),
      expect: {
        wouldSaveMs: 0,
        detail: /It is float64: in float32 the same arithmetic takes half as long/,
        next: 'whyslow fix MODEL -o fast/ --max-loss 0.01',
      },
    },
    {
      name: 'int8 but for a hundredth of the time: nothing more that int8 could save',
      given: evidence({
        p50Ms: 10,
        roofs: fastInt8,
        nodes: [
          { ...conv, op: 'QLinearConv', arithmetic: 'int8', bound: 'compute', floorMs: 8 },
          { ...conv, timeMs: 0.1, macs: 5e6 },
        ],
      }),
      expect: { wouldSaveMs: 0, detail: /another precision already/ },
    },
    {
      name: 'no int8 roof: a note that says so',
      given: evidence({ p50Ms: 10, roofs: roofs({ flopsPerSecond: { float32: 100e9 } }), nodes: [conv] }),
      expect: { wouldSaveMs: 0, detail: /not measured/ },
    },
    // 8 of 31 ms at the roof.
    { name: 'no saving, and 25.8 % of the time', given: evidence({ p50Ms: 31, nodes: [conv] }), expect: { wouldSaveMs: 0 } },
  ],
  clear: [
    {
      name: 'timed alone, hardly faster in int8, and a small part of the time',
      given: evidence({ p50Ms: 40, roofs: fastInt8, nodes: [conv], operatorExperiments: inInt8(0.05) }),
    },
    {
      name: 'bound by memory',
      given: evidence({ p50Ms: 10, roofs: fastInt8, nodes: [{ op: 'MatMul', timeMs: 9, bytes: 80e6 }] }),
    },
    // 6 of 250 ms is 2.4 %.
    {
      name: 'a saving too small to notice',
      given: evidence({ p50Ms: 250, roofs: fastInt8, nodes: [conv], operatorExperiments: inInt8(6) }),
    },
    { name: 'no saving, and a small part of the time', given: evidence({ p50Ms: 40, nodes: [conv] }) },
    {
      name: 'recurrent steps',
      given: evidence({ p50Ms: 10, roofs: fastInt8, nodes: [{ ...conv, op: 'LSTM', serialSteps: 100 }] }),
    },
    // 8 of 33 ms at the roof.
    { name: 'no saving, and 24.2 % of the time', given: evidence({ p50Ms: 33, nodes: [conv] }) },
    { name: 'two steps in a row', given: evidence({ p50Ms: 10, roofs: fastInt8, nodes: [{ ...conv, serialSteps: 2 }] }) },
  ],
})
