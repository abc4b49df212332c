import { runRules } from '@whyslow/diagnosis/run-rules.ts'
import { expect, test } from 'vitest'
import { evidence } from '../../test/support/diagnose/check-rule.ts'
import type { AnalyzedEvidence } from '../analyze/analyzed-evidence.ts'
import { modelRules } from './rules/index.ts'

test('no rule fails on evidence that holds nothing but the machine', () => {
  const { machine, schema, toolVersion, createdAt, warnings } = evidence()
  const bare: AnalyzedEvidence = { machine, schema, toolVersion, createdAt, absent: {}, warnings }
  const verdicts = runRules(modelRules, bare)
  expect(new Set(verdicts.map(({ verdict }) => verdict))).toEqual(new Set(['not-checked']))
})

test('no rule fails or finds anything on a model without nodes', () => {
  const verdicts = runRules(modelRules, evidence({ nodes: [] }))
  expect(verdicts.filter(({ verdict }) => verdict === 'failed' || verdict === 'found')).toEqual([])
})

test('on the CPU and without trees, rules about devices, WebAssembly, TensorFlow.js and trees say that they do not apply', () => {
  const verdicts = runRules(modelRules, evidence({ nodes: [] }))
  const notApplying = verdicts.filter(({ verdict }) => verdict === 'does-not-apply').map(({ rule }) => rule)
  expect(notApplying.sort()).toEqual(
    [
      'transfer-bound',
      'fallback-operators',
      'shader-compilation',
      'gpu-underfed',
      'single-threaded-wasm',
      'wrong-backend',
      'predict-call-overhead',
      'first-call-compilation',
      'undisposed-tensors',
      'deep-unbalanced-trees',
      'forest-out-of-cache',
      'features-dominate',
      'too-many-trees',
    ].sort(),
  )
})

test('no rule is fine whose cause another rule reports: the call of a tiny model, and of one that is faster as code', () => {
  const callCost = { callMs: 0.012, ciLowMs: 0.012, ciHighMs: 0.012 }
  const verdictsOf = (more: Partial<AnalyzedEvidence>) =>
    new Map(runRules(modelRules, evidence({ p50Ms: 0.015, callCost, ...more })).map(({ rule, verdict }) => [rule, verdict]))
  const tiny = verdictsOf({})
  expect([tiny.get('tiny-model'), tiny.get('call-overhead')]).toEqual(['found', undefined])
  const ratio = { ratio: 0.2, ratioLow: 0.2, ratioHigh: 0.2, rounds: 5 }
  const code = { id: 'written', device: 'cpu', software: false, generated: true, p50Ms: 0.003, ...ratio } as const
  const written = verdictsOf({ otherEngines: [code] })
  expect([written.get('tiny-model'), written.get('call-overhead')]).toEqual([undefined, 'found'])
})
