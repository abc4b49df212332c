import type { Results } from '@whyslow/measure/engines/types.ts'
import { describe, expect, test, vi } from 'vitest'
import { MOST_PARSED_BYTES } from './parse-memory.ts'
import type { ModelSpec, TensorSpec } from './protocol.ts'
import { parseInfer } from './rest-request.ts'
import { encodeInfer } from './rest-response.ts'

const spec = (name: string, datatype: string, dtype: TensorSpec['dtype'], shape: number[]): TensorSpec => ({
  name,
  datatype,
  dtype,
  shape,
})
const model: ModelSpec = {
  name: 'm',
  version: null,
  platform: 'onnx_onnxv1',
  inputs: [spec('x', 'FP32', 'float32', [-1, 2]), spec('ids', 'INT64', 'int64', [-1])],
  outputs: [spec('y', 'FP32', 'float32', [-1]), spec('n', 'INT64', 'int64', [1])],
}
const x = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [1.5, 2] }
const ids = { name: 'ids', datatype: 'INT64', shape: [1], data: [7] }
const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const parse = (value: unknown) => parseInfer(model, json(value), null)

describe('a JSON request', () => {
  test('has its tensors, flat or nested', () => {
    const flat = parse({ id: 'a', inputs: [x, ids], parameters: { timeout: 5000 } })
    expect(flat.feeds.x!.data).toEqual(Float32Array.of(1.5, 2))
    expect(flat.feeds.ids!.data).toEqual(BigInt64Array.of(7n))
    expect([flat.id, flat.outputs, flat.timeoutMs]).toEqual(['a', null, 5])
    const nested = parse({
      inputs: [
        {
          ...x,
          shape: [2, 2],
          data: [
            [1, 2],
            [3, 4],
          ],
        },
        ids,
      ],
    })
    expect(nested.feeds.x!.data).toEqual(Float32Array.of(1, 2, 3, 4))
  })

  test('has integers beyond 2^53 as they were written', () => {
    const text = JSON.stringify({ inputs: [x, { ...ids, data: '@' }] }).replace('"@"', '[9007199254740993]')
    expect(parseInfer(model, Buffer.from(text), null).feeds.ids!.data).toEqual(BigInt64Array.of(9007199254740993n))
    // Beside a fraction of as many digits, and an exponent.
    const long = text.replace(JSON.stringify(x.data), '[-0.12345678901234567,1.2345678901234567e+5]')
    expect(long).not.toBe(text)
    const { feeds } = parseInfer(model, Buffer.from(long), null)
    expect(feeds.ids!.data).toEqual(BigInt64Array.of(9007199254740993n))
    expect(feeds.x!.data).toEqual(Float32Array.of(-0.123456789, 123456.789))
  })

  test('may say null for what it leaves open', () => {
    const open = { ...x, data: null, parameters: { binary_data_size: 8 } }
    const header = json({ id: null, parameters: null, outputs: null, inputs: [open, { ...ids, parameters: null }] })
    const body = Buffer.concat([header, Buffer.from(Float32Array.of(3, 4).buffer)])
    const asked = parseInfer(model, body, header.length)
    expect([asked.id, asked.outputs, asked.timeoutMs, asked.feeds.x!.data]).toEqual([null, null, null, Float32Array.of(3, 4)])
    const outputs = [{ name: 'y', parameters: { binary_data: null, classification: null } }]
    const sized = { ...x, parameters: { binary_data_size: null } }
    expect(parse({ inputs: [sized, ids], outputs, parameters: { timeout: null } }).outputs).toEqual([{ name: 'y', binary: null }])
    expect(parse({ id: 7, inputs: [x, ids] }).id).toBe('7')
  })

  test('keeps long integers beside text of many megabytes', () => {
    const texts = { ...model, inputs: [spec('s', 'BYTES', 'string', [1]), spec('ids', 'INT64', 'int64', [-1])] }
    const s = { name: 's', datatype: 'BYTES', shape: [1], data: ['\\"x'.repeat(6_000_000)] }
    const text = JSON.stringify({ inputs: [s, { ...ids, data: '@' }] }).replace('"@"', '[1152921504606846976]')
    const { feeds } = parseInfer(texts, Buffer.from(text), null)
    expect([feeds.ids!.data, feeds.s!.data]).toEqual([BigInt64Array.of(2n ** 60n), s.data])
  })

  test('is read a second time for long integers, once for all inputs', () => {
    const many = { ...model, inputs: [1, 2, 3].map((k) => spec(`n${k}`, 'INT64', 'int64', [1])) }
    const inputs = [1, 2, 3].map((k) => ({ name: `n${k}`, datatype: 'INT64', shape: [1], data: [`@${k}`] }))
    const text = JSON.stringify({ inputs }).replace(/"@(\d)"/g, '900719925474099$1')
    const parses = vi.spyOn(JSON, 'parse')
    const { feeds } = parseInfer(many, Buffer.from(text.replaceAll('900719925474099', '9007199254740990')), null)
    expect(parses).toHaveBeenCalledTimes(2)
    parses.mockRestore()
    expect(Object.values(feeds).map(({ data }) => (data as BigInt64Array)[0])).toEqual(
      [1n, 2n, 3n].map((k) => 90071992547409900n + k),
    )
  })

  test('has text as it was sent, or is refused', () => {
    const texts = { ...model, inputs: [spec('s', 'BYTES', 'string', [1])] }
    const body = Buffer.from(JSON.stringify({ inputs: [{ name: 's', datatype: 'BYTES', shape: [1], data: ['~'] }] }))
    const bytes = Buffer.from(body)
    bytes[body.indexOf('~')] = 0xff
    expect(() => parseInfer(texts, bytes, null)).toThrow(
      expect.objectContaining({ status: 400, message: expect.stringMatching(/not UTF-8/) }),
    )
    const half = Buffer.from(body.toString().replace('~', '\\ud800'))
    expect(() => parseInfer(texts, half, null)).toThrow(/is not string/)
  })

  test('of lists without end is refused before it is read: they would take the whole heap', () => {
    const lists = Buffer.alloc(Math.ceil(MOST_PARSED_BYTES / 35), '[],')
    const body = Buffer.concat([Buffer.from('{"inputs":['), lists, Buffer.from('[]]}')])
    expect(() => parseInfer(model, body, null)).toThrow(
      expect.objectContaining({ status: 413, message: expect.stringMatching(/more memory to read/) }),
    )
  })

  const without = ({ data: _, ...input }: typeof x) => input
  test.each([
    ['no JSON', '{"inputs":', /not valid JSON/],
    ['no object', '[1]', /not a JSON object/],
    ['no inputs', {}, /no list 'inputs'/],
    ['an input that is missing', { inputs: [x] }, /missing: input 'ids'/],
    ['an input that is unknown', { inputs: [x, ids, { ...x, name: 'z' }] }, /input 'z' is none of the model's: x, ids/],
    ['an input twice', { inputs: [x, x, ids] }, /given twice/],
    ['another type', { inputs: [{ ...x, datatype: 'FP64' }, ids] }, /takes FP32, not FP64/],
    ['no type', { inputs: [{ ...x, datatype: 'FLOAT' }, ids] }, /is none of BOOL/],
    ['another shape', { inputs: [{ ...x, shape: [1, 3], data: [1, 2, 3] }, ids] }, /takes the shape \[-1, 2\], not \[1, 3\]/],
    ['a shape that is none', { inputs: [{ ...x, shape: [-1, 2] }, ids] }, /not a list of sizes/],
    ['a shape that lies', { inputs: [{ ...x, shape: [1e9, 2] }, ids] }, /more than this server takes/],
    ['a size beside a zero', { inputs: [x, { ...ids, shape: [0, 1e9], data: [] }] }, /more than this server takes/],
    ['too few values', { inputs: [{ ...x, data: [1] }, ids] }, /1 values are not the 2/],
    ['nesting that lies', { inputs: [{ ...x, data: [[1], [2]] }, ids] }, /nested otherwise/],
    ['nesting without end', { inputs: [{ ...x, data: [[[1], [2]]] }, ids] }, /nested deeper/],
    ['text for a number', { inputs: [{ ...x, data: ['1', 2] }, ids] }, /'1' is not float32/],
    ['null for a number', { inputs: [{ ...x, data: [null, 2] }, ids] }, /null is not float32/],
    ['a fraction for an integer', { inputs: [x, { ...ids, data: [1.5] }] }, /1\.5 is not int64/],
    ['no data', { inputs: [without(x), ids] }, /no list 'data'/],
    ['an id that is none', { id: ['a'], inputs: [x, ids] }, /id \["a"\] is not text/],
    ['an output without a name', { inputs: [x, ids], outputs: [{}] }, /output undefined is none/],
    ['an output that is unknown', { inputs: [x, ids], outputs: [{ name: 'q' }] }, /output 'q' is none/],
    [
      'binary data that are not there',
      { inputs: [{ ...without(x), parameters: { binary_data_size: 8 } }, ids] },
      /0 bytes are left/,
    ],
  ])('is refused with %s', (_, request, message) => {
    const body = typeof request === 'string' ? Buffer.from(request) : json(request)
    expect(() => parseInfer(model, body, null)).toThrow(message)
  })

  test('may be nested as deep as it likes', () => {
    const deep = Buffer.from(`{"inputs":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)
    expect(() => parseInfer(model, deep, null)).toThrow(/none of the model's/)
    const nested = '['.repeat(100_000) + ']'.repeat(100_000)
    for (const text of [
      `"id":${nested},"inputs":[]`,
      `"inputs":[{"name":"x","datatype":"FP32","shape":${nested}}]`,
      `"inputs":[],"outputs":[{"name":${nested}}]`,
      `"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[${nested},1]}]`,
    ])
      expect(() => parseInfer(model, Buffer.from(`{${text}}`), null), text.slice(0, 40)).toThrow(
        expect.objectContaining({ name: 'RequestError' }),
      )
    expect(() => parseInfer(model, Buffer.from(`{"inputs":[],"parameters":{"timeout":${nested}}}`), null)).toThrow(/missing/)
  })
})

describe('a binary request', () => {
  const header = json({
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], parameters: { binary_data_size: 8 } }, ids],
    parameters: { binary_data_output: true },
  })
  const bytes = Buffer.from(Float32Array.of(3, 4).buffer)

  test('has raw tensors behind its header', () => {
    const request = parseInfer(model, Buffer.concat([header, bytes]), header.length)
    expect(request.feeds.x!.data).toEqual(Float32Array.of(3, 4))
    expect(request.binaryOutput).toBe(true)
  })

  test.each([
    ['too few bytes', bytes.subarray(0, 7), header.length, /7 bytes are left of the 8/],
    ['bytes left over', Buffer.concat([bytes, bytes]), header.length, /8 bytes after the tensors/],
    ['a header longer than the body', bytes, 10_000, /says 10000 bytes/],
  ])('is refused with %s', (_, raw, length, message) => {
    expect(() => parseInfer(model, Buffer.concat([header, raw]), length)).toThrow(message)
  })
})

describe('a response', () => {
  const results: Results = {
    y: { dtype: 'float32', shape: [2], data: Float32Array.of(0.5, -1) },
    n: { dtype: 'int64', shape: [1], data: BigInt64Array.of(9007199254740993n) },
  }
  const request = parse({ id: '7', inputs: [x, ids] })

  test('is JSON, with integers as they are', () => {
    const { body, headerBytes } = encodeInfer(model, request, results)
    expect(headerBytes).toBe(null)
    expect(body.toString()).toBe(
      '{"model_name":"m","id":"7","outputs":[{"name":"y","datatype":"FP32","shape":[2],"data":[0.5,-1]},{"name":"n","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}',
    )
  })

  test('has the outputs that were asked for, each in its form', () => {
    const outputs = [
      { name: 'n', binary: false },
      { name: 'y', binary: true },
    ]
    const { body, headerBytes } = encodeInfer(model, { ...request, outputs }, results)
    const head = JSON.parse(body.toString('utf8', 0, headerBytes!))
    expect(head.outputs.map(({ name }: { name: string }) => name)).toEqual(['n', 'y'])
    expect(head.outputs[1].parameters).toEqual({ binary_data_size: 8 })
    expect(body.subarray(headerBytes!)).toEqual(Buffer.from(Float32Array.of(0.5, -1).buffer))
  })

  test('says no number in JSON that JSON has none for', () => {
    const nan = { ...results, y: { dtype: 'float32' as const, shape: [1], data: Float32Array.of(Number.NaN) } }
    expect(() => encodeInfer(model, request, nan)).toThrow(/ask for it as binary/)
    expect(encodeInfer(model, { ...request, binaryOutput: true }, nan).headerBytes).not.toBe(null)
  })
})
