import { describe, expect, test } from 'vitest'
import { comparison, contestant } from '../../test/support/documents/example-comparison.ts'
import type { Contestant } from '../documents/comparison.ts'

const accuracy = (value: number) => ({ metric: { name: 'accuracy', value, rows: 1000 } })

describe('the first sentence', () => {
  test('names the fastest and how long the next takes', () => {
    const { answer } = comparison([contestant('ort-cpu', 10), contestant('ort-wasm', 30), contestant('ort-webgpu', 100)])
    expect(answer).toBe(
      'ort-cpu is the fastest of 3 engines: 10.0 ms (9.5–10.5) per prediction; ort-wasm takes 2.8–3.2× as long.',
    )
  })

  test('names those that cannot be told from it', () => {
    const some = comparison([contestant('a', 10), contestant('b', 10.1), contestant('c', 30)])
    expect(some.answer).toContain('with no detectable difference from b; c takes')
    const all = comparison([contestant('a', 10), contestant('b', 10.1)])
    expect(all.answer).toBe('There is no detectable difference between a and b: a takes 10.0 ms (9.5–10.5) per prediction.')
  })

  test('says what is not certain, rather than that there is no difference', () => {
    // A hundred times slower by the median, and the interval of the few rounds includes 1.
    const pairs = (of: readonly (readonly [string, string, number, number])[]) =>
      of.map(([a, b, ratioLow, ratioHigh]) => {
        const order = ratioLow > 1 ? ('faster' as const) : ('no-difference' as const)
        return { a, b, batch: 1, ratio: Math.sqrt(ratioLow * ratioHigh), ratioLow, ratioHigh, rounds: 3, order }
      })
    const two = comparison([contestant('a', 1), contestant('b', 102)], {
      pairs: pairs([['a', 'b', 0.7, 5000]]),
      ranking: [
        { id: 'a', place: 1, tiedWith: ['b'] },
        { id: 'b', place: 1, tiedWith: ['a'] },
      ],
    })
    expect(two.answer).toBe(
      'a has the lowest latency of 2 engines: 1.00 ms (0.95–1.05) per prediction; whether b is slower is not certain yet: more --runs tell.',
    )
    const three = comparison([contestant('a', 1), contestant('b', 102), contestant('c', 8)], {
      pairs: pairs([
        ['a', 'b', 0.7, 5000],
        ['a', 'c', 2.8, 17],
      ]),
      ranking: [
        { id: 'a', place: 1, tiedWith: ['b'] },
        { id: 'b', place: 1, tiedWith: ['a'] },
        { id: 'c', place: 2, tiedWith: [] },
      ],
    })
    expect(three.answer).toBe(
      'a is the fastest of 3 engines: 1.00 ms (0.95–1.05) per prediction; c takes 2.8–17× as long; whether b is slower is not certain yet: more --runs tell.',
    )
  })

  test('is honest where there is nothing to compare', () => {
    expect(comparison([contestant('a', 10), contestant('b', null)]).answer).toContain('no other engine could be ranked')
    expect(comparison([contestant('a', null)]).answer).toBe('No engine could be measured.')
    const software = contestant('ort-webgpu', 100, { software: true, device: 'llvmpipe' })
    expect(comparison([software]).answer).toMatch(/^Only software adapters .*nothing about a GPU\.$/)
  })
})

describe('the sentences', () => {
  test('of engines say what each would do', () => {
    const { sentences } = comparison([
      contestant('ort-cpu', 10),
      contestant('fast', 5),
      contestant('slow', 40),
      contestant('same', 10),
    ])
    expect(sentences).toEqual([
      'On fast it would be 1.90–2.1× faster than on ort-cpu.',
      'On slow it would be 3.8–4.2× slower than on ort-cpu.',
      'On same it would not be detectably faster or slower than on ort-cpu (0.952–1.05×).',
    ])
  })

  test('of a runtime in several precisions are one, with how outputs differ', () => {
    const of = (precision: string, agreement: Partial<NonNullable<Contestant['agreement']>>): Partial<Contestant> => ({
      precision,
      runtime: 'OpenVINO',
      agreement: { maxAbs: 0.1, cosine: 0.99, sqnrDb: null, equal: false, top1: null, metric: null, ...agreement },
    })
    const { sentences } = comparison([
      contestant('ort-cpu', 316),
      contestant('openvino', 158, of('float32', { sqnrDb: 120 })),
      // 10 ** (-48 / 20) is 0.004.
      contestant('openvino-bf16', 52, of('bfloat16', { sqnrDb: 48 })),
      contestant('ort-wasm', 632),
    ])
    expect(sentences).toEqual([
      'On ort-wasm it would be 1.90–2.1× slower than on ort-cpu.',
      'OpenVINO in bfloat16 takes 52.0 ms instead of 316 ms on ort-cpu (5.8–6.4× faster), outputs differ by 0.40 %; in float32 158 ms (1.90–2.1× faster), outputs equal but for rounding.',
    ])
    const equal = comparison([contestant('ort-cpu', 10), contestant('openvino', 10, of('float32', { equal: true }))])
    expect(equal.sentences).toEqual([
      'OpenVINO in float32 takes 10.0 ms instead of 10.0 ms on ort-cpu (no detectable difference), outputs equal.',
    ])
    const integers = comparison([contestant('ort-cpu', 10), contestant('openvino', 10, of('float32', { maxAbs: 3 }))])
    expect(integers.sentences[0]).toMatch(/, outputs differ by up to 3\.0\.$/)
  })

  test('of models say what is given up and what is gained', () => {
    const models = [
      contestant('dir/a.onnx', 31, accuracy(0.916)),
      contestant('dir/b.onnx', 10, accuracy(0.91)),
      contestant('dir/c.onnx', 62, accuracy(0.92)),
      contestant('dir/d.onnx', 31, accuracy(0.916)),
    ]
    const { sentences } = comparison(models, { of: 'models' }, true)
    expect(sentences).toEqual([
      'b.onnx gives up 0.60 points and is 3.0–3.3× faster than a.onnx.',
      'c.onnx gains 0.40 points and is 1.90–2.1× slower than a.onnx.',
      'd.onnx is as accurate and is not detectably faster or slower than a.onnx (0.952–1.05×).',
    ])
  })

  test('of errors name both of them', () => {
    const mse = (value: number) => ({ metric: { name: 'mse', value, rows: 10 } })
    const { sentences } = comparison([contestant('a', 10, mse(0.5)), contestant('b', 5, mse(0.75))], { of: 'models' })
    expect(sentences[0]).toBe('b raises the MSE from 0.500 to 0.750 and is 1.90–2.1× faster than a.')
  })

  test('say how outputs differ where no metric does', () => {
    const agreement = { maxAbs: 1, cosine: 0.5, sqnrDb: 3, equal: false, top1: 0.9, metric: null }
    const { sentences } = comparison([contestant('a', 10), contestant('b', 5, { agreement })], { of: 'models' })
    expect(sentences).toContain('b picks the same class as a in 90.0 % of the rows on synthetic inputs.')
  })

  test('of batches tell measured from modelled', () => {
    const turn = (basis: 'measured' | 'modelled') => ({
      breakEven: [{ a: 'cpu', b: 'gpu', small: 'cpu', large: 'gpu', fromBatch: 32, basis, orders: [] }],
    })
    const both = [contestant('cpu', 10), contestant('gpu', 20)]
    expect(comparison(both, turn('measured')).sentences).toContain('From batch 32 on, gpu is faster than cpu (measured).')
    expect(comparison(both, turn('modelled')).sentences.at(-1)).toMatch(
      /^From about batch 32 on, .*: estimated, since larger batches/,
    )
    const never = { breakEven: [{ ...turn('measured').breakEven[0]!, small: null, large: null, fromBatch: null, basis: null }] }
    expect(comparison(both, never).sentences.at(-1)).toMatch(/^The order of their speed is the same/)
  })

  test('of devices say what the way there and back takes', () => {
    const { sentences } = comparison([contestant('ort-cpu', 10), contestant('ort-cuda', 5, { transferShare: 0.4 })])
    expect(sentences).toContain('On ort-cuda, 40 % of the prediction is copying data to the device and back, timed alone.')
  })

  test('of devices that can keep tensors say what that gives, as measured', () => {
    const keptOnDevice = { ratio: 0.6, ratioLow: 0.55, ratioHigh: 0.65 }
    const { sentences } = comparison([
      contestant('ort-cpu', 10),
      contestant('browser-webgpu', 5, { transferShare: 0.4, keptOnDevice }),
    ])
    expect(sentences).toContain(
      'On browser-webgpu, a prediction whose inputs and outputs stay on the device takes 55 % to 65 % of the time of one that copies them (measured).',
    )
  })

  test('call a software adapter the CPU, and compare nothing with it', () => {
    const software = contestant('ort-webgpu', 100, { software: true, device: 'SwiftShader' })
    expect(comparison([contestant('ort-cpu', 10), software]).sentences).toEqual([
      'ort-webgpu ran on SwiftShader, which is the CPU: it is not ranked, and says nothing about a GPU.',
    ])
  })
})
