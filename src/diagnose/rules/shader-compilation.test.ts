import { checkRule, engine, evidence, latency } from '../check-rule.ts'
import { shaderCompilation } from './shader-compilation.ts'

const onGpu = engine({ id: 'browser-webgpu', offers: ['shaders'], device: 'nvidia ampere GPU', deviceKind: 'gpu' })
const software = engine({ id: 'browser-webgpu', offers: ['shaders'], device: 'SwiftShader', deviceKind: 'software-gpu' })

checkRule(shaderCompilation, {
  found: [
    {
      name: 'a first prediction of 900 ms before ones of 5',
      given: evidence({ engine: onGpu, latency: latency(5, { firstMs: 900 }) }),
      expect: { wouldSaveMs: 0, timeMs: 0, detail: /900 ms, the others 5\.00 ms/ },
    },
  ],
  clear: [
    { name: '80 ms, which nobody notices', given: evidence({ engine: onGpu, latency: latency(5, { firstMs: 80 }) }) },
    { name: 'four times a slow model', given: evidence({ engine: onGpu, latency: latency(500, { firstMs: 2000 }) }) },
  ],
  notChecked: [{ name: 'a software adapter', given: evidence({ engine: software, latency: latency(5, { firstMs: 900 }) }) }],
  doesNotApply: [{ name: 'a CPU has no programs to compile', given: evidence({ latency: latency(5, { firstMs: 900 }) }) }],
})
