import { checkRule, evidence, machine, roofs, timedInInt8 } from '../../../test/support/diagnose/check-rule.ts'
import { idleInt8Units } from './idle-int8-units.ts'

const vnni = machine({ isa: ['avx2', 'avx512_vnni'] })
const fastInt8 = roofs({ flopsPerSecond: { float32: 100e9, int8: 300e9 } })
const nodes = [{ op: 'Conv', timeMs: 8, macs: 1e6 }]
const inInt8 = (savesMs: number) => timedInInt8({ Conv_0: savesMs })

checkRule(idleInt8Units, {
  found: [
    {
      name: 'float32 convolutions beside vnni',
      given: evidence({ machine: vnni, roofs: fastInt8, nodes }),
      expect: {
        timeMs: 8,
        wouldSaveMs: 0,
        basis: 'modelled',
        detail: /avx512_vnni.*3\.0 times.*What int8 would save was not timed/s,
      },
    },
    {
      name: 'timed alone in int8 with its conversions',
      given: evidence({ machine: vnni, roofs: fastInt8, nodes, operatorExperiments: inInt8(4.5) }),
      expect: { timeMs: 8, wouldSaveMs: 4.5, basis: 'measured', detail: /1 node of them would take 4\.50 ms less/ },
    },
    {
      name: 'timed alone, and bound by arithmetic: that is said where arithmetic is',
      given: evidence({
        machine: vnni,
        roofs: fastInt8,
        nodes: [{ ...nodes[0]!, bound: 'compute' }],
        operatorExperiments: inInt8(4.5),
      }),
      expect: { timeMs: 8, wouldSaveMs: 0, basis: 'modelled' },
    },
    {
      name: 'timed alone, and not surely faster in int8',
      given: evidence({ machine: vnni, roofs: fastInt8, nodes, operatorExperiments: inInt8(0.02) }),
      expect: { timeMs: 8, wouldSaveMs: 0, basis: 'modelled' },
    },
    {
      name: 'int8 at 1.53 times the rate',
      given: evidence({ machine: vnni, roofs: roofs({ flopsPerSecond: { float32: 100e9, int8: 153e9 } }), nodes }),
    },
    {
      name: 'operators that were measured apart from the p50, and add up to more',
      given: evidence({ p50Ms: 7.5, machine: vnni, roofs: fastInt8, nodes }),
      expect: { timeMs: 8, detail: /for 8\.00 ms, 100 % of the p50/ },
    },
    // 8 of 31.4 ms.
    {
      name: '25.5 % to take over',
      given: evidence({ p50Ms: 31.4, machine: vnni, roofs: fastInt8, nodes }),
      expect: { timeMs: 8 },
    },
  ],
  clear: [
    { name: 'no such units', given: evidence({ roofs: fastInt8, nodes }) },
    { name: 'units that are not faster here', given: evidence({ machine: vnni, nodes }) },
    {
      name: 'units in use',
      given: evidence({
        machine: vnni,
        roofs: fastInt8,
        nodes: [{ op: 'QLinearConv', timeMs: 8, macs: 1e6, arithmetic: 'int8' }],
      }),
    },
    { name: 'little to take over', given: evidence({ p50Ms: 100, machine: vnni, roofs: fastInt8, nodes }) },
    {
      name: 'int8 at 1.47 times the rate',
      given: evidence({ machine: vnni, roofs: roofs({ flopsPerSecond: { float32: 100e9, int8: 147e9 } }), nodes }),
    },
    // 8 of 32.7 ms.
    { name: '24.5 % to take over', given: evidence({ p50Ms: 32.7, machine: vnni, roofs: fastInt8, nodes }) },
  ],
  notChecked: [
    { name: 'no int8 roof', given: evidence({ machine: vnni, roofs: roofs({ flopsPerSecond: { float32: 100e9 } }), nodes }) },
  ],
})
