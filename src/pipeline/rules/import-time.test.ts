import { checkPipelineRule, examplePipeline } from '../check-pipeline-rule.ts'
import { importTime } from './import-time.ts'

const given = (importMs: number) =>
  examplePipeline({
    language: 'python',
    latency: { ...examplePipeline().latency, importMs },
    imports: [{ module: 'tensorflow', selfMs: 100, totalMs: importMs * 0.9 }],
  })

checkPipelineRule(importTime, {
  found: [
    {
      name: 'four seconds',
      given: given(4000),
      expect: { wouldSaveMs: 0, detail: /takes 4\.00 s before the first prediction \(tensorflow 3\.60 s\)/ },
    },
  ],
  clear: [{ name: 'a tenth of a second', given: given(100) }],
})
