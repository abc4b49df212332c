import { checkRule, examplePipeline } from '../../test/support/check-rule.ts'
import type { Language } from '../facts.ts'
import { importTime } from './import-time.ts'

const script = { kind: 'script', stages: [], places: [] } as const

const given = (importMs: number, { language = 'python', p50Ms = 0 }: { language?: Language; p50Ms?: number } = {}) =>
  examplePipeline({
    language,
    ...(p50Ms === 0 ? {} : { target: script }),
    latency: { ...examplePipeline().latency, importMs, ...(p50Ms === 0 ? {} : { p50Ms }) },
    imports: [{ module: 'tensorflow', selfMs: 100, totalMs: importMs * 0.9 }],
  })

/** Imports of 1 s, of which each takes such a part. */
const modules = (...parts: readonly number[]) => ({
  ...given(1000),
  imports: parts.map((part, at) => ({ module: `m${at}`, selfMs: 1, totalMs: 1000 * part })),
})

checkRule(importTime, {
  found: [
    {
      name: 'four seconds',
      given: given(4000),
      expect: { wouldSaveMs: 0, detail: /takes 4\.00 s before the first prediction \(tensorflow 3\.60 s\)/ },
    },
    {
      name: 'most of a script’s run',
      given: given(4000, { p50Ms: 5000 }),
      expect: {
        timeMs: 4000,
        wouldSaveMs: 0,
        title: 'Imports take much of the run',
        detail: /takes 4\.00 s, 80 % of the run \(tensorflow/,
      },
    },
    { name: '1,020 ms', given: given(1020), expect: { detail: /takes 1\.02 s/ } },
    // 1,550 of 5,000 ms.
    { name: '31 % of a script’s run', given: given(1550, { p50Ms: 5000 }), expect: { timeMs: 1550 } },
    { name: 'named are those of a fifth and more', given: modules(0.21, 0.19), expect: { detail: /\(m0 210 ms\)/ } },
    {
      name: 'no more than three are named',
      given: modules(0.24, 0.23, 0.22, 0.21),
      expect: { detail: /\(m0 240 ms, m1 230 ms, m2 220 ms\)/ },
    },
  ],
  clear: [
    { name: 'a tenth of a second', given: given(100) },
    { name: 'a tenth of a script’s run', given: given(4000, { p50Ms: 40_000 }) },
    { name: '980 ms', given: given(980) },
    // 1,450 of 5,000 ms.
    { name: '29 % of a script’s run', given: given(1450, { p50Ms: 5000 }) },
  ],
  doesNotApply: [{ name: 'a script of JavaScript', given: given(4000, { p50Ms: 5000, language: 'javascript' }) }],
})
