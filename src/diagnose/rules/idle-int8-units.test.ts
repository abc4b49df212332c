import { checkRule, evidence, machine, roofs } from '../check-rule.ts'
import { idleInt8Units } from './idle-int8-units.ts'

const vnni = machine({ isa: ['avx2', 'avx512_vnni'] })
const fastInt8 = roofs({ flopsPerSecond: { float32: 100e9, int8: 300e9 } })
const nodes = [{ op: 'Conv', timeMs: 8, macs: 1e6 }]

checkRule(idleInt8Units, {
  found: [
    {
      name: 'float32 convolutions beside vnni',
      given: evidence({ machine: vnni, roofs: fastInt8, nodes }),
      expect: { timeMs: 8, wouldSaveMs: 0, detail: /avx512_vnni.*3\.0 times/ },
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
  ],
  notChecked: [
    { name: 'no int8 roof', given: evidence({ machine: vnni, roofs: roofs({ flopsPerSecond: { float32: 100e9 } }), nodes }) },
  ],
})
