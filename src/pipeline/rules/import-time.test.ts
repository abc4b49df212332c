import { checkPipelineRule, examplePipeline } from '../check-pipeline-rule.ts'
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

checkPipelineRule(importTime, {
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
  ],
  clear: [
    { name: 'a tenth of a second', given: given(100) },
    { name: 'a tenth of a script’s run', given: given(4000, { p50Ms: 40_000 }) },
  ],
  doesNotApply: [{ name: 'a script of JavaScript', given: given(4000, { p50Ms: 5000, language: 'javascript' }) }],
})
