import { checkRule, evidence } from '../check-rule.ts'
import { int8SlowerThanFloat } from './int8-slower-than-float.ts'

const conv = (name: string, timeMs: number, group: number, macs = 1e6) => ({
  ...{ op: 'QLinearConv', name, timeMs, macs, floorMs: 0.02, arithmetic: 'int8' as const },
  attributes: { group },
})
const nodes = [conv('deep', 4, 32), conv('deeper', 2, 32), conv('point', 3, 1)]
const twin = (names: readonly string[], asIsMs: number, floatMs: number, [ratioLow, ratioHigh]: readonly [number, number]) => ({
  ...{ nodes: names, asIsMs, floatMs, ratioLow, ratioHigh },
})

checkRule(int8SlowerThanFloat, {
  found: [
    {
      // 6 ms at a twentieth of it in float: 0.3 ms.
      name: 'two that are slower alone',
      given: evidence({ nodes, int8Twins: [twin(['deep', 'deeper'], 1, 0.05, [15, 25]), twin(['point'], 1, 2, [0.4, 0.6])] }),
      expect: {
        timeMs: 6,
        wouldSaveMs: 5.7,
        basis: 'measured',
        nodes: ['deep', 'deeper'],
        detail: /2 nodes in int8 take 6\.0+ ms/,
      },
    },
    {
      // 1e6 multiply-adds at a quarter of 100 GFLOP/s: 0.08 ms, and 4 times a floor of 0.02 ms; of 4 and of 2 ms.
      name: 'grouped convolutions where none was timed alone',
      given: evidence({ nodes }),
      expect: { timeMs: 6, wouldSaveMs: 6 - 2 * 0.16, basis: 'modelled', nodes: ['deep', 'deeper'] },
    },
  ],
  clear: [
    { name: 'one whose interval holds 1', given: evidence({ nodes, int8Twins: [twin(['deep'], 1, 0.9, [0.95, 1.3])] }) },
    { name: 'timed alone, and faster', given: evidence({ nodes, int8Twins: [twin(['deep'], 1, 2, [0.4, 0.6])] }) },
    { name: 'grouped convolutions near what float needs', given: evidence({ nodes: [conv('deep', 0.15, 32)] }) },
    { name: 'a saving that is lost in the spread', given: evidence({ p50Ms: 1000, nodes }) },
    { name: 'a float model', given: evidence({ nodes: [{ op: 'Conv', timeMs: 5, macs: 1e6 }] }) },
  ],
})
