import { checkRule, engine, evidence, latency } from '../../../test/support/diagnose/check-rule.ts'
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
    {
      name: 'a first prediction 102 ms above the p50',
      given: evidence({ engine: onGpu, latency: latency(10, { firstMs: 112 }) }),
    },
    { name: '5.1 times a slow model', given: evidence({ engine: onGpu, latency: latency(500, { firstMs: 2550 }) }) },
  ],
  clear: [
    { name: '80 ms, which nobody notices', given: evidence({ engine: onGpu, latency: latency(5, { firstMs: 80 }) }) },
    { name: 'four times a slow model', given: evidence({ engine: onGpu, latency: latency(500, { firstMs: 2000 }) }) },
    {
      name: 'a first prediction 98 ms above the p50',
      given: evidence({ engine: onGpu, latency: latency(10, { firstMs: 108 }) }),
    },
    { name: '4.9 times a slow model', given: evidence({ engine: onGpu, latency: latency(500, { firstMs: 2450 }) }) },
  ],
  notChecked: [{ name: 'a software adapter', given: evidence({ engine: software, latency: latency(5, { firstMs: 900 }) }) }],
  doesNotApply: [{ name: 'a CPU has no programs to compile', given: evidence({ latency: latency(5, { firstMs: 900 }) }) }],
})
