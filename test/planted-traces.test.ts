// Each finding of traces has a recording in which its cause is planted and a twin without it. Those of a CPU were made with the real tools
// (fixtures/make/traces_*.py); those of a GPU are simulated, since none was at hand.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { traceReport } from '@whyslow/traces/explain/explain-trace.ts'
import { factsOf } from '@whyslow/traces/facts/facts-of.ts'
import { readTrace } from '@whyslow/traces/recordings/index.ts'
import { readContent } from '@whyslow/traces/support/recordings/check-reader.ts'
import { expect, test } from 'vitest'
import { gpuTrace, type Loop } from './example-gpu-trace.ts'
import { ROOT } from './root.ts'

const createdAt = '2026-01-01T00:00:00.000Z'
const fixture = (name: string): string => join(ROOT, 'fixtures/traces', name)

async function rulesOf(trace: unknown): Promise<string[]> {
  const recording = typeof trace === 'string' ? await readTrace(trace) : await readContent(trace)
  return traceReport('trace', factsOf(recording), { createdAt }).findings.map(({ rule }) => rule)
}

const busy: Loop = { kernelUs: 200 }
const gpuCases: readonly [rule: string, planted: Loop, twin: Loop][] = [
  ['gpu-idle', { kernelUs: 20, pythonUs: 60 }, busy],
  ['host-bound', { kernelUs: 20, pythonUs: 60 }, busy],
  ['launch-bound', { kernelUs: 4, launchUs: 12, dispatchUs: 10, kernels: 60 }, busy],
  ['data-loading-bound', { loaderUs: 4000 }, { loaderUs: 50 }],
  ['copy-bound', { copyUs: 3000 }, { copyUs: 50 }],
  ['sync-then-gap', { syncEvery: 2, afterSyncUs: 200 }, { syncEvery: 0 }],
  ['tiny-kernels', { kernelUs: 3, launchUs: 8, dispatchUs: 8, kernels: 80 }, busy],
  ['tensor-cores-idle', { kernelName: 'ampere_sgemm_128x64_tn' }, busy],
  ['low-precision-headroom', { inputType: 'float', kernelName: 'ampere_s1688gemm_128x64' }, busy],
  ['exposed-communication', { communicationUs: 2000 }, { communicationUs: 20 }],
  ['retracing', { compileUs: 4000 }, busy],
  ['python-overhead', { kernelUs: 20, pythonUs: 100 }, busy],
  ['memory-churn', { mallocUs: 300 }, busy],
]

test.each(gpuCases)('%s: found among the first four where it is planted, and not in the twin', async (rule, planted, twin) => {
  expect((await rulesOf(gpuTrace(planted))).slice(0, 4)).toContain(rule)
  expect(await rulesOf(gpuTrace(twin))).not.toContain(rule)
})

test('a loop that is busy has no finding', async () => {
  expect(await rulesOf(gpuTrace(busy))).toEqual([])
})

const realCases: readonly [rule: string, planted: string, twin: string][] = [
  ['data-loading-bound', 'torch-data-loading.json.gz', 'torch-data-loading-twin.json.gz'],
  ['python-overhead', 'torch-python-overhead.json.gz', 'torch-clean.json.gz'],
  ['training-mode', 'torch-training-mode.json.gz', 'torch-clean.json.gz'],
  ['training-mode', 'torch-training-mode-batch-norm.json.gz', 'torch-batch-norm-twin.json.gz'],
  ['training-mode', 'torch-training-mode.json.gz', 'torch-training.json.gz'],
  ['gradient-tracking', 'torch-gradient-tracking.json.gz', 'torch-clean.json.gz'],
  ['shape-changes', 'torch-shape-changes.json.gz', 'torch-clean.json.gz'],
  ['preprocessing-dominates', 'cprofile-preprocessing.pstats.gz', 'cprofile-model.pstats.gz'],
  ['python-overhead', 'cprofile-preprocessing.pstats.gz', 'cprofile-model.pstats.gz'],
  ['preprocessing-dominates', 'py-spy-preprocessing.speedscope.json.gz', 'py-spy-model.speedscope.json.gz'],
  ['preprocessing-dominates', 'py-spy-preprocessing.collapsed.txt.gz', 'py-spy-model.collapsed.txt.gz'],
  ['preprocessing-dominates', 'pyinstrument-preprocessing.json.gz', 'pyinstrument-model.json.gz'],
  ['preprocessing-dominates', 'scalene-preprocessing.json.gz', 'scalene-model.json.gz'],
  ['retracing', 'tensorflow-retracing.xplane.pb', 'tensorflow-clean.xplane.pb'],
]

test.each(realCases)('%s: found in %s and not in %s', async (rule, planted, twin) => {
  expect(existsSync(fixture(planted)) && existsSync(fixture(twin))).toBe(true)
  expect((await rulesOf(fixture(planted))).slice(0, 3)).toContain(rule)
  expect(await rulesOf(fixture(twin))).not.toContain(rule)
})
