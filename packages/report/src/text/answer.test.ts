import { describe, expect, test } from 'vitest'
import { type AnswerFacts, answer } from './answer.ts'

type Areas = AnswerFacts['areas']
const areas = (architecture: number, hardware: number, software: number, unexplained: number): Areas => ({
  architecture: { timeMs: architecture * 10, share: architecture },
  hardware: { timeMs: hardware * 10, share: hardware },
  software: { timeMs: software * 10, share: software },
  unexplained: { timeMs: unexplained * 10, share: unexplained },
})
const latency = {
  loadMs: 1,
  firstMs: 1,
  warmupMs: 1,
  p50Ms: 10,
  p90Ms: null,
  p95Ms: null,
  p99Ms: null,
  ciLowMs: 9.9,
  ciHighMs: 10.2,
  samplesMs: [],
  blocks: [],
  trust: 'A' as const,
  reasons: [],
}
const node = (name: string, timeMs: number, floorMs: number | null, bound: 'compute' | 'memory' | 'overhead' | null) => ({
  name,
  opType: 'Conv',
  origin: [name],
  timeMs,
  share: timeMs / 10,
  macs: null,
  flops: null,
  bytes: null,
  floorMs,
  bound,
  areasMs: {
    architecture: bound === 'compute' ? (floorMs ?? 0) : 0,
    hardware: bound === 'memory' ? (floorMs ?? 0) : 0,
    software: timeMs - (floorMs ?? 0),
  },
  inputs: [],
  outputs: [],
})
const finding = (title: string, wouldSaveMs: number, basis: 'measured' | 'modelled') => ({
  rule: 'r',
  area: 'software' as const,
  title,
  detail: '',
  timeMs: 1,
  wouldSaveMs,
  basis,
  nodes: [],
  next: null,
  facts: [],
  places: [],
})
const facts: AnswerFacts = { latency, areas: areas(0, 0, 0, 0), nodes: [], findings: [], notChecked: [] }

describe('the answer', () => {
  test('names the largest area, the node that holds most of it and the largest saving', () => {
    // Software holds 6 ms; b is 5 ms above its floor of 1 ms, more than half of that; a is 0.5 ms above its floor.
    const nodes = [node('a', 3.5, 3, 'compute'), node('b', 6, 1, 'compute')]
    const findings = [finding('A note', 0, 'measured'), finding('Threads outnumber the CPUs', 4.2, 'modelled')]
    expect(answer({ ...facts, areas: areas(0.4, 0, 0.6, 0), nodes, findings })).toBe(
      '10.0 ms (9.9–10.2) per prediction. 60 % is avoidable overhead (mostly b), 40 % is compute the model needs. ' +
        'Largest finding: "Threads outnumber the CPUs", worth up to 4.20 ms (estimated).',
    )
  })

  test('says what to type where the first finding knows', () => {
    const said = (command: string, ...words: readonly string[]) => {
      const run = { command, arguments: [...words] }
      const findings = [{ ...finding('The call costs', 4.2, 'measured'), next: 'whyslow …', run }]
      return answer({ ...facts, areas: areas(0, 0, 1, 0), findings })
    }
    expect(said('fix', 'my models/a.onnx', '-o', 'fast/')).toMatch(
      / Biggest win: fixing "The call costs" could save 4\.20 ms \(measured\): npx whyslow fix 'my models\/a\.onnx' -o fast\/$/,
    )
    expect(said('fix', 'a.onnx', '-o', 'fast/', '--for', 'throughput')).toMatch(
      /predicting in batches could save 4\.20 ms \(measured\): npx whyslow fix a\.onnx -o fast\/ --for throughput$/,
    )
    expect(said('quantize', 'a.onnx', '-o', 'fast/')).toMatch(
      /int8 quantization could save .*: npx whyslow quantize a\.onnx -o fast\/$/,
    )
    expect(said('', 'a.onnx', '--shape', 'x=1x3')).toMatch(/a smaller input could save .*: npx whyslow a\.onnx --shape x=1x3$/)
    expect(said('', 'a.onnx', '--engine', 'ort-wasm')).toMatch(/: npx whyslow a\.onnx --engine ort-wasm$/)
  })

  test('says what the first finding takes, if nobody knows what it would save', () => {
    const findings = [{ ...finding('A loop', 4.2, 'measured'), wouldSaveMs: null, timeMs: 5 }]
    expect(answer({ ...facts, areas: areas(0, 0, 1, 0), findings })).toMatch(
      / Largest finding: "A loop" takes 5\.00 ms; how much of it can be saved is unknown\.$/,
    )
  })

  test('names the largest known saving after a larger finding whose saving nobody knows, and its command', () => {
    const unknown = { ...finding('Steps wait for each other', 0, 'modelled'), wouldSaveMs: null, timeMs: 8 }
    const run = { command: 'fix', arguments: ['a.onnx', '-o', 'fast/'] }
    const known = { ...finding('One thread is faster', 3, 'measured'), next: 'whyslow …', run }
    const given = { ...facts, areas: areas(0, 0, 1, 0), findings: [unknown, known] }
    expect(answer(given)).toMatch(
      / Largest finding: "Steps wait for each other" takes 8\.00 ms; how much of it can be saved is unknown\. Biggest win: fixing "One thread is faster" could save 3\.00 ms \(measured\): npx whyslow fix a\.onnx -o fast\/$/,
    )
    // No command gets what is known.
    expect(answer({ ...given, findings: [unknown, finding('Noise', 3, 'measured')] })).toMatch(/can be saved is unknown\.$/)
    // What fix would give is compared with what is known.
    const foretold = { ms: 1, low: 0.9, high: 1.1, remedies: ['narrow-convolutions'] }
    expect(answer({ ...given, foretold })).toContain('Biggest win: fixing "One thread is faster"')
  })

  test('names no node where the time is spread, and says when there is nothing to gain', () => {
    const nodes = Array.from({ length: 10 }, (_, index) => node(`n${index}`, 1, 0.9, 'compute'))
    expect(answer({ ...facts, areas: areas(0.9, 0, 0.1, 0), nodes })).toBe(
      '10.0 ms (9.9–10.2) per prediction. 90 % is compute the model needs, 10 % is avoidable overhead. Nothing was found that would make it faster.',
    )
  })

  test('says so where most of the time is unexplained, and where the number cannot be trusted', () => {
    expect(answer({ ...facts, areas: areas(0.1, 0, 0.2, 0.7) })).toContain('70 % is unexplained')
    expect(answer({ ...facts, latency: { ...latency, trust: 'D' } })).toMatch(
      /^About 10.* per prediction; do not rely on this number \(trust D\)/,
    )
  })

  test('no share is above 100 %, also if the parts add up to more than the whole', () => {
    expect(answer({ ...facts, areas: areas(0.46, 0.18, 0.96, -0.6) })).toBe(
      '10.0 ms (9.9–10.2) per prediction. Its parts add up to 60 % more than that, so their shares are unreliable; ' +
        'the largest is avoidable overhead. Nothing was found that would make it faster.',
    )
    expect(answer({ ...facts, areas: areas(0.5, 0, 0.6, -0.1) })).toContain(
      '60 % is avoidable overhead, 50 % is compute the model needs; the parts add up to 10 % more, within measurement error.',
    )
    expect(answer({ ...facts, areas: areas(0, 0.01, 1.03, -0.04) })).toContain(
      'All of it is avoidable overhead; the parts add up to 4 % more, within measurement error.',
    )
  })

  test('says what is missing where there is no latency', () => {
    const notChecked = [{ rule: 'r', reason: 'the engine crashed' }]
    expect(answer({ ...facts, latency: null, notChecked })).toBe('The latency could not be measured (the engine crashed).')
  })

  test('what fix would do about it is said, unless a finding would save much more', () => {
    const foretold = { ms: 4, low: 3.5, high: 4.5, remedies: ['narrow-convolutions', 'broadcast-runs'] }
    const findings = [finding('Kernels are slow', 5, 'measured')]
    const given = { ...facts, areas: areas(0, 0, 1, 0), findings, foretold }
    const win = 'Biggest win: narrow-convolutions and broadcast-runs could save 4.00 ms (3.50–4.50)'
    expect(answer(given)).toContain(`${win} (estimated from operators that were timed alone).`)
    expect(answer({ ...given, foretold: { ...foretold, onWhole: true } })).toContain(
      `${win} (measured on the model and its operators).`,
    )
    const run = { command: 'fix', arguments: ['a.onnx', '-o', 'fast/'] }
    expect(answer({ ...given, fixCommand: { next: '', run } })).toMatch(/: npx whyslow fix a\.onnx -o fast\/$/)
    const larger = [finding('One thread is faster', 9, 'measured')]
    expect(answer({ ...given, findings: larger })).toContain('"One thread is faster", worth')
    expect(answer({ ...given, foretold: { ...foretold, ms: 0, remedies: [] } })).toContain('"Kernels are slow", worth')
  })
})
