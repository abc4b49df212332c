import { checkRule, evidence, experiments } from '../../../test/support/diagnose/check-rule.ts'
import { int8SlowerThanFloat } from './int8-slower-than-float.ts'

const conv = (name: string, timeMs: number, group: number, macs = 1e6) => ({
  ...{ op: 'QLinearConv', name, timeMs, macs, floorMs: 0.02, arithmetic: 'int8' as const },
  attributes: { group },
})
const nodes = [conv('deep', 4, 32), conv('deeper', 2, 32), conv('point', 3, 1)]
const alone = (
  names: readonly string[],
  aloneMs: number,
  ratio: number,
  ratioHigh = ratio + 0.01,
  opTypes = ['QLinearConv'],
) => ({
  ...{ nodes: names, copies: names.length, opTypes, aloneMs, insideMs: aloneMs },
  variants: [{ kind: 'float' as const, ratio, ratioHigh }],
})
const DYNAMIC = ['DynamicQuantizeLinear', 'ConvInteger', 'Cast', 'Mul', 'Mul']
/** Two such convolutions; what quantizes and scales is timed with each. */
const dynamic = (ratio: number) => ({
  ...alone(['q1', 'conv1', 'q2', 'conv2'], 3, ratio, ratio + 0.01, DYNAMIC),
  copies: 2,
})
const timed = (...rows: ReturnType<typeof alone>[]) => evidence({ nodes, operatorExperiments: experiments(rows) })

checkRule(int8SlowerThanFloat, {
  found: [
    {
      // Two of 3 ms, at a twentieth of it in float.
      name: 'two that are slower alone, and one that is faster',
      given: timed(alone(['deep', 'deeper'], 3, 0.05), alone(['point'], 3, 2)),
      expect: {
        timeMs: 6,
        wouldSaveMs: 5.7,
        basis: 'measured',
        nodes: ['deep', 'deeper'],
        detail: /takes 3\.0+ ms, and 150 µs changed/,
      },
    },
    {
      // Two of 3 ms, at a tenth of it in float.
      name: 'integer convolutions, with what quantizes and scales for them',
      given: timed(dynamic(0.1)),
      expect: {
        timeMs: 6,
        wouldSaveMs: 5.4,
        basis: 'measured',
        nodes: ['q1', 'conv1', 'q2', 'conv2'],
        detail:
          /^2 ConvInteger and their conversions take 6\.0+ ms.*DynamicQuantizeLinear\+ConvInteger\+Cast\+Mul \(.*\) takes 3\.0+ ms, and 300 µs changed/,
      },
    },
    {
      // 1e6 multiply-adds at a quarter of 100 GFLOP/s: 0.08 ms, and 4 times a floor of 0.02 ms; of 4 and of 2 ms.
      name: 'grouped convolutions where none was timed alone',
      given: evidence({ nodes }),
      expect: { timeMs: 6, wouldSaveMs: null, detail: /about 320 µs/, nodes: ['deep', 'deeper'] },
    },
    {
      name: 'grouped convolutions where experiments had no time for float',
      given: evidence({
        nodes,
        operatorExperiments: experiments([{ opTypes: ['QLinearConv'], variants: [{ kind: 'one-thread', ratio: 1 }] }]),
      }),
      expect: { timeMs: 6, wouldSaveMs: null },
    },
  ],
  clear: [
    { name: 'a dynamic product that is faster than in float', given: timed(dynamic(1.5)) },
    { name: 'one whose interval holds 1', given: timed(alone(['deep'], 1, 0.9, 1.1)) },
    { name: 'timed alone, and faster', given: timed(alone(['deep'], 1, 2)) },
    {
      name: 'conversions that the engine runs by themselves',
      given: timed(alone(['deep'], 3, 2), alone(['quantize'], 3, 0.05, 0.06, ['QuantizeLinear'])),
    },
    { name: 'grouped convolutions near what float needs', given: evidence({ nodes: [conv('deep', 0.15, 32)] }) },
    { name: 'a saving that is lost in the spread', given: evidence({ p50Ms: 1000, nodes }) },
    { name: 'a float model', given: evidence({ nodes: [{ op: 'Conv', timeMs: 5, macs: 1e6 }] }) },
  ],
  notChecked: [
    {
      name: 'integer convolutions of which none was timed alone',
      given: evidence({ nodes: [{ ...conv('q', 5, 1), op: 'ConvInteger' }] }),
    },
    { name: 'convolutions of one group of which none was timed alone', given: evidence({ nodes: [conv('point', 3, 1)] }) },
  ],
})
