import { describe, expect, test } from 'vitest'
import { lintDocument, unknownConv } from '../../test/support/documents/example-lint.ts'
import type { LintDocument } from '../documents/lint.ts'
import { lintAnswer } from './lint-answer.ts'
import { renderLint } from './lint-text.ts'
import { cells } from './wrap.ts'

const screen = { width: 80, colour: false }

describe('the sentence', () => {
  test('what does not run in int8, what it costs, what is first', () => {
    // Conversions of 0.5 + 0.25 + 0.25 ms in 10; savings of 1.5 + 1.25 + 0.25 ms.
    expect(lintAnswer(lintDocument())).toBe(
      '10.0 ms (9.5–10.5) per prediction. 3 of 8 quantized operators do not run as one int8 operator, which costs 1.00 ms (10 %) of conversions per prediction. ' +
        "First: first (its bias's scale is not the product of the input's and the weights' scales). Fixing could save up to 3.00 ms (estimated).",
    )
  })

  test('nothing is left to repair', () => {
    expect(lintAnswer(lintDocument({ unfused: [] }))).toBe(
      '10.0 ms (9.5–10.5) per prediction. Everything quantized runs in int8 (5 operators).',
    )
  })

  test('a model that is not quantized', () => {
    const written = { conversions: 0, integerProducts: 0, quantizedOperators: 0, fewBitProducts: 0, float16Constants: 0 }
    expect(lintAnswer(lintDocument({ written, measured: null }))).toBe(
      'quantized.onnx is not quantized: it has no QuantizeLinear node, no integer matrix product and no 4- or 8-bit weights.',
    )
    expect(lintAnswer(lintDocument({ written: { ...written, float16Constants: 7 } }))).toMatch(
      /though 7 of its weights are float16\.$/,
    )
  })
})

describe('on a terminal', () => {
  const text = renderLint(lintDocument(), screen)

  test('no line is longer than the terminal', () => {
    for (const width of [40, 80, 100]) {
      const lines = renderLint(
        lintDocument({ hazards: [{ hazard: 'saturation', title: 'Sums', detail: 'so it is', timeMs: null, nodes: [] }] }),
        {
          width,
          colour: false,
        },
      ).split('\n')
      expect(lines.filter((line) => cells(line) > width)).toEqual([])
    }
  })

  test('inputs are what they resemble, in the words of `why`; documents of versions before have names alone', () => {
    const likeness = { of: 'photo', range: [0, 1], why: 'Its batch normalization expects 0 to 1.' } as const
    const inputs = [{ name: 'x', source: 'synthetic', likeness }] as const
    const said = (measured: LintDocument['measured']) => renderLint(lintDocument({ measured }), screen).replace(/\s+/g, ' ')
    const { measured } = lintDocument()
    expect(said({ ...measured!, inputs })).toContain(
      'Inputs Input x: representative (photo), values 0 to 1. Its batch normalization expects 0 to 1. To measure with your own: --data PATH',
    )
    expect(said(measured)).toContain('Inputs Input x: synthetic. To measure with your own: --data PATH')
    expect(said({ ...measured!, inputs: [{ name: 'x', source: 'data' }] })).not.toContain('Inputs')
  })

  test('groups of one reason stand together, with their costs added up', () => {
    expect(text).toMatch(/1\. first, second \(Conv\): its bias's scale/)
    expect(text.replace(/\s+/g, ' ')).toMatch(
      /conversions 750 µs \(8 %\); operators 3\.00 ms; fixed, it would save up to 2\.75 ms \(estimated\)/,
    )
    expect(text).toMatch(/2\. table \(Gather\)/)
    expect(text).toMatch(/fix -o repaired\.onnx can repair it\s+\(constant-dequantization\)/)
  })

  test('a time that is not known is no time', () => {
    const unknown = renderLint(lintDocument({ unfused: [unknownConv] }), screen)
    expect(unknown).toMatch(/conversions were not timed; operator 1\.50 ms/)
    expect(unknown).not.toMatch(/would save/)
  })

  test('a repair that is not proven writes nothing, and says so', () => {
    const repair = {
      out: null,
      proven: false,
      beforeMs: null,
      afterMs: null,
      speedup: null,
      speedupLow: null,
      speedupHigh: null,
      outputs: '',
      changes: [],
      trials: [],
    }
    expect(renderLint(lintDocument({ repair }), screen)).toMatch(/so\s+nothing was written/)
    const done = {
      ...repair,
      out: 'repaired.onnx',
      proven: true,
      beforeMs: 2,
      afterMs: 1,
      speedup: 2,
      speedupLow: 1.9,
      speedupHigh: 2.1,
    }
    const said = renderLint(lintDocument({ repair: { ...done, outputs: 'outputs equal', changes: ['2 biases'] } }), screen)
    expect(said).toMatch(/Fixed: 2\.00 ms to 1\.00 ms \(1\.90–2\.1×\), outputs equal; 2 biases\./)
    expect(said).toMatch(/Written: repaired\.onnx/)
  })
})
