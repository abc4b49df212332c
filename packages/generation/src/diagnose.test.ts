import { expect, test } from 'vitest'
import { exampleEvidence, exampleGraph, exampleWeight, tokenParts, withoutFacts } from '../test/support/example-evidence.ts'
import { diagnoseEvidence, diagnoseGeneration } from './diagnose.ts'
import type { GenerationOutcome } from './facts.ts'
import { generationRules } from './rules/index.ts'

test('where nothing is slow, nothing is found', () => {
  const { findings, clear, doesNotApply, notChecked } = diagnoseEvidence(exampleEvidence(), 'model/')
  expect(findings).toEqual([])
  expect(notChecked).toEqual([])
  expect(clear.length + doesNotApply.length).toBe(generationRules.length)
})

test('a finding has its times, its place and its command; an unknown saving says why', () => {
  const slow = exampleEvidence({
    tokenParts: tokenParts({ 'cache-exported': 5 }),
    graph: exampleGraph({ casts: { nodes: 4, decodeMs: null, node: '/Cast_1' } }),
    weights: [exampleWeight({ dtype: 'float32', operator: 'MatMul', elements: 5e6, bytes: 20e6, decodeMs: null })],
  })
  const { findings } = diagnoseEvidence(slow, 'model/')
  expect(
    findings.map(({ rule, tokenMs, firstTokenMs, savingIs, place }) => [rule, tokenMs, firstTokenMs, savingIs, place]),
  ).toEqual([
    ['cache-export', 5, 0, 'measured', null],
    ['float32-weights', 1.6875, 0, 'estimated', '/model/layers.0/mlp/MatMul'],
    ['float16-on-cpu', null, null, 'unknown', '/Cast_1'],
  ])
  expect(findings[2]!.sentence).toMatch(/What it would save is not known: the nodes were not profiled\.$/)
  expect(findings[0]!.run).toEqual({ command: 'fix', arguments: ['model/', '-o', 'fast/'] })
})

test('a command keeps what the user chose, as far as it has such a flag', () => {
  const setup = { engine: 'ort-cpu', dtype: 'q4', prompts: 'my prompts.txt' }
  const runOf = (slow: Parameters<typeof exampleEvidence>[0]) =>
    diagnoseEvidence(exampleEvidence(slow), 'model/', { setup }).findings[0]!.run
  expect(runOf({ tokenParts: tokenParts({ 'cache-exported': 5 }) })).toEqual({
    command: 'fix',
    arguments: ['model/', '-o', 'fast/', '--engine', 'ort-cpu', '--dtype', 'q4', '--prompts', 'my prompts.txt'],
  })
  const threads = [
    { threads: 2, tokenMs: 10, firstTokenMs: 100 },
    { threads: 4, tokenMs: 5, firstTokenMs: 50 },
  ]
  const { arguments: words } = runOf({ threads })!
  expect(words.slice(-6)).toEqual(['--engine', 'ort-cpu', '--dtype', 'q4', '--prompts', 'my prompts.txt'])
})

test('of an address, what its curves say is checked; all else says why it is not', () => {
  const { model, engine, machine, setup, speed, depthLine } = exampleEvidence()
  const outcome: GenerationOutcome = {
    ...{
      model,
      engine,
      machine,
      setup,
      speed,
      depthLine: depthLine!,
      severalTokens: null,
      tokenParts: null,
      firstTokenParts: null,
    },
    ...{
      floor: null,
      reasons: { severalTokens: 'an address takes one prompt at a time' },
      absent: { graph: 'an address shows no graph' },
    },
  }
  const { findings, notChecked } = diagnoseGeneration(outcome, 'http://localhost:8080')
  expect(findings).toEqual([])
  const reasons = new Map(notChecked.map(({ rule, reason }) => [rule, reason]))
  expect(reasons.get('unamortized-tokens')).toBe('an address takes one prompt at a time')
  expect(reasons.get('all-position-logits')).toBe('an address shows no graph')
  expect([...reasons.values()].filter((reason) => /in the evidence$/.test(reason))).toEqual([])
})

test('of an address no file can be fixed', () => {
  const slow = exampleEvidence({ tokenParts: tokenParts({ 'cache-exported': 5 }) })
  const { findings } = diagnoseEvidence({ ...slow, model: { ...slow.model, kind: 'address' } }, 'http://localhost:8080')
  expect(findings.map(({ rule, run }) => [rule, run])).toEqual([['cache-export', null]])
})

test('one token, and no time per token: nothing divides by it', () => {
  const one = { setup: { ...exampleEvidence().setup, newTokens: 1 }, speed: { ...exampleEvidence().speed, timePerTokenMs: null } }
  const { findings, notChecked } = diagnoseEvidence(withoutFacts(one, 'tokenParts', 'depthLine', 'severalTokens'), 'model/')
  expect(notChecked.filter(({ reason }) => /bug/.test(reason))).toEqual([])
  expect(findings.filter(({ sentence }) => /NaN|Infinity/.test(sentence))).toEqual([])
})
