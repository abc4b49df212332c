import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { create, toBinary } from '@bufbuild/protobuf'
import { InputError } from '@whyslow/graph/input-error.ts'
import { exampleNpy as npy } from '@whyslow/graph/support/example-npy.ts'
import type { ValueDeclaration } from '@whyslow/graph/types.ts'
import { zipSync } from 'fflate'
import { TensorProtoSchema } from 'onnx-buf'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { flagsOf, graphOf, input } from '../../test/support/samples/example-graphs.ts'
import type { TensorValue } from '../engines/types.ts'
import { NO_FLAGS } from './flags.ts'
import { picturesIn, readData } from './read-data.ts'
import { resolveInputs } from './resolve.ts'
import type { SampleOptions } from './samples.ts'
import { saveInputs } from './saved.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'whyslow-data-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const upTo = (count: number) => Float32Array.from({ length: count }, (_, index) => index)
const file = (name: string, content: Uint8Array | string) => {
  writeFileSync(join(dir, name), content)
  return join(dir, name)
}
const npz = (name: string, arrays: Readonly<Record<string, Uint8Array>>) =>
  file(name, zipSync(Object.fromEntries(Object.entries(arrays).map(([key, bytes]) => [`${key}.npy`, bytes]))))
const read = (path: string, declared: readonly ValueDeclaration[], options: Partial<SampleOptions> = {}, flags = NO_FLAGS) =>
  readData(path, resolveInputs(declared, graphOf(declared), flags).inputs, options)
const numbers = (tensor: TensorValue | undefined) => Array.from(tensor!.data as Float32Array, Number)

const table = [input('x', 'float32', ['batch', 2])]

describe('npz and npy', () => {
  it('cuts the leading axis to the batch, labels with it', () => {
    const path = npz('d.npz', {
      x: npy('<f8', [5, 2], Float64Array.from(upTo(10))),
      labels: npy('<i8', [5], BigInt64Array.of(7n, 8n, 9n, 10n, 11n)),
    })
    const one = read(path, table)
    expect(one.samples.map(({ x }) => numbers(x))).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
      [8, 9],
    ])
    expect(one.inputs[0]).toMatchObject({ shape: [1, 2], assumed: [] })
    expect(one.labels!.map(numbers)).toEqual([[7], [8], [9], [10], [11]])
    const two = read(path, table, { batch: 2 })
    expect(two.samples.map(({ x }) => x!.shape)).toEqual([
      [2, 2],
      [2, 2],
    ])
    expect(two.labels!.map(numbers)).toEqual([
      [7, 8],
      [9, 10],
    ])
    expect(read(path, table, { limit: 3 }).samples).toHaveLength(3)
  })
  it('takes the data as the shape where the model leaves it open', () => {
    const declared = [input('ids', 'int64', ['b', 's']), input('mask', 'int64', ['b', 's'])]
    const ids = npy('<i4', [2, 3], Int32Array.of(1, 2, 3, 4, 5, 6))
    const { samples, inputs } = read(npz('d.npz', { ids, mask: npy('|u1', [2, 3], new Uint8Array(6).fill(1)) }), declared)
    expect(inputs.map(({ shape }) => shape)).toEqual([
      [1, 3],
      [1, 3],
    ])
    expect(samples[1]!.ids!.data).toEqual(BigInt64Array.of(4n, 5n, 6n))
    // What is given as a value need not be in the data, and follows its shape.
    const valued = read(npz('e.npz', { ids }), declared, {}, flagsOf({ value: ['mask=1'] }))
    expect(valued.samples[1]!.mask).toEqual({ dtype: 'int64', shape: [1, 3], data: BigInt64Array.of(1n, 1n, 1n) })
  })
  it('shares arrays that are one sample, and takes a leading axis of samples where the batch is fixed', () => {
    const declared = [input('x', 'float32', [1, 2]), input('state', 'float32', [2, 1, 2]), input('sr', 'int64', [])]
    const path = npz('d.npz', {
      x: npy('<f4', [3, 2], upTo(6)),
      state: npy('<f4', [2, 1, 2], upTo(4)),
      sr: npy('<i8', [], BigInt64Array.of(16000n)),
    })
    const { samples } = read(path, declared)
    expect(samples.map(({ x }) => numbers(x))).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ])
    expect(numbers(samples[2]!.state)).toEqual([0, 1, 2, 3])
    expect(samples[0]!.sr).toMatchObject({ shape: [], data: BigInt64Array.of(16000n) })
    const stacked = npz('s.npz', {
      x: npy('<f4', [2, 1, 2], upTo(4)),
      state: npy('<f4', [2, 2, 1, 2], upTo(8)),
      sr: npy('<i8', [1], BigInt64Array.of(8n)),
    })
    expect(read(stacked, declared).samples.map(({ state }) => numbers(state))).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ])
  })
  it('takes the one array of a file for the one input, whatever its name', () => {
    expect(read(npz('d.npz', { arr_0: npy('<f4', [1, 2], upTo(2)) }), table).samples).toHaveLength(1)
    const noteOf = (arrays: Readonly<Record<string, Uint8Array>>) => read(npz('n.npz', arrays), table).note
    const rows = npy('<f4', [1, 2], upTo(2))
    expect(noteOf({ pixels: rows, labels: npy('<f4', [1], upTo(1)) })).toBe(
      "the array 'pixels' was used as the input 'x', the only one",
    )
    expect([noteOf({ arr_0: rows }), noteOf({ x: rows }), read(file('d.csv', 'a,b\n1,2\n'), table).note]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(read(file('d.npy', npy('<f4', [2, 2], upTo(4), { version: 2 })), table).samples).toHaveLength(2)
  })
  it('reads big-endian, Fortran order, bools and strings', () => {
    const big = new Uint8Array(8)
    new DataView(big.buffer).setFloat32(0, 1.5)
    new DataView(big.buffer).setFloat32(4, -2)
    expect(numbers(read(file('b.npy', npy('>f4', [1, 2], big)), table).samples[0]!.x)).toEqual([1.5, -2])
    // [[0, 1], [2, 3]] by columns is 0 2 1 3.
    const columns = read(file('f.npy', npy('<f4', [2, 2], Float32Array.of(0, 2, 1, 3), { fortran: true })), table)
    expect(columns.samples.map(({ x }) => numbers(x))).toEqual([
      [0, 1],
      [2, 3],
    ])
    const flags = read(file('c.npy', npy('|b1', [1, 2], Uint8Array.of(1, 0))), [input('m', 'bool', [1, 2])])
    expect(numbers(flags.samples[0]!.m)).toEqual([1, 0])
    const words = Uint32Array.from('hé\0ab\0', (mark) => mark.codePointAt(0)!)
    const text = read(file('u.npy', npy('<U3', [2, 1], words)), [input('t', 'string', ['n', 1])])
    expect(text.samples.map(({ t }) => t!.data)).toEqual([['hé'], ['ab']])
  })
})

describe('csv and json', () => {
  it('reads a table with a header, its labels apart', () => {
    const { samples, labels } = read(file('d.csv', 'a,label,b\n1,yes,2\n3,"no, sir",4\n'), table)
    expect(samples.map(({ x }) => numbers(x))).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(labels!.map(({ data }) => data)).toEqual([['yes'], ['no, sir']])
    expect(read(file('e.csv', '1;2\n3;4'), table).samples).toHaveLength(2)
    expect(read(file('f.csv', 'a,b,c\n1,2,5\n'), table, { labelsName: 'c' }).labels!.map(numbers)).toEqual([[5]])
  })
  it('gives each input its column where the header names them all', () => {
    const declared = [input('age', 'float32', [null, 1]), input('pay', 'int64', [null, 1])]
    const { samples } = read(file('d.csv', 'pay,age\n7,1.5\n8,2.5'), declared)
    expect(samples[1]).toMatchObject({ age: { data: Float32Array.of(2.5) }, pay: { data: BigInt64Array.of(8n) } })
  })
  it('reads numbers and texts of a data frame side by side', () => {
    const declared = [input('pay', 'float32', [null, 1]), input('land', 'string', [null, 1])]
    const { samples, labels } = read(file('g.csv', 'land,pay,label\n7,,1\nFR,2.5,0'), declared, { allowNaN: true })
    expect(samples.map(({ pay, land }) => [...numbers(pay), land!.data])).toEqual([
      [Number.NaN, ['7']],
      [2.5, ['FR']],
    ])
    expect(labels!.map(numbers)).toEqual([[1], [0]])
  })
  it('reads nested arrays, and a list of samples of their own shapes', () => {
    expect(read(file('d.json', '{"x": [[1, 2], [3, 4]], "labels": [0, 1]}'), table).labels!.map(numbers)).toEqual([[0], [1]])
    expect(read(file('b.json', '[[1, 2], [3, 4], [5, 6]]'), table).samples).toHaveLength(3)
    const open = [input('ids', 'int64', ['b', 's'])]
    const { samples } = read(file('e.json', '[{"ids": [[1, 2]]}, {"ids": [[3, 4, 5]]}]'), open)
    expect(samples.map(({ ids }) => ids!.shape)).toEqual([
      [1, 2],
      [1, 3],
    ])
  })
  it('takes missing values only where they are allowed', () => {
    const path = file('d.csv', 'a,b\n1,\n')
    expect(() => read(path, table)).toThrow(/'x' holds NaN/)
    expect(numbers(read(path, table, { allowNaN: true }).samples[0]!.x)).toEqual([1, Number.NaN])
  })
})

describe('folders', () => {
  const pb = (name: string, dims: readonly number[], values: readonly number[]) =>
    toBinary(TensorProtoSchema, create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType: 1, floatData: [...values] }))
  const declared = [input('x', 'float32', ['n', 2]), input('y', 'float32', [1])]

  it('reads ONNX test data by name and by place', () => {
    for (const [set, n] of [
      ['test_data_set_0', 1],
      ['test_data_set_1', 3],
    ] as const) {
      mkdirSync(join(dir, set))
      file(`${set}/input_0.pb`, pb('', [n, 2], upTo(2 * n) as unknown as number[]))
      file(`${set}/input_1.pb`, pb('y', [1], [9]))
      file(`${set}/output_0.pb`, pb('z', [1], [9]))
    }
    expect(read(dir, declared).samples.map(({ x }) => x!.shape)).toEqual([
      [1, 2],
      [3, 2],
    ])
    expect(read(join(dir, 'test_data_set_1'), declared).samples[0]!.y).toMatchObject({ data: Float32Array.of(9) })
  })
  it('reads one sample a file in the order of their numbers', () => {
    for (const n of [10, 2, 1]) file(`s${n}.npy`, npy('<f4', [2], Float32Array.of(n, 0)))
    file('labels.npy', npy('<i4', [3], Int32Array.of(5, 6, 7)))
    const { samples, labels } = read(dir, table)
    expect(samples.map(({ x }) => numbers(x)[0])).toEqual([1, 2, 10])
    expect(samples[0]!.x!.shape).toEqual([1, 2])
    expect(labels!.map(numbers)).toEqual([[5], [6], [7]])
  })
  it('takes every row of the tables in a folder, in the order of their names', () => {
    file('b.csv', '5,6\n')
    file('a.csv', '1,2\n3,4\n')
    expect(read(dir, table).samples.map(({ x }) => Array.from(x!.data as Float32Array))).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ])
  })

  it('does not take a picture beside arrays for data', () => {
    file('preview.png', 'no picture')
    file('a.npy', npy('<f4', [1, 2], upTo(2)))
    expect(read(dir, table)).toMatchObject({ samples: [{ x: { shape: [1, 2] } }] })
  })

  describe('pictures', () => {
    const pictures = [input('x', 'float32', ['batch', 3, 8, 8])]
    const names = (declared: readonly ValueDeclaration[]) =>
      picturesIn(dir, resolveInputs(declared, graphOf(declared), NO_FLAGS).inputs, null)

    it('are the data beside tables and notes that tell of them, but for a model of tables', () => {
      for (const name of ['img10.jpg', 'img2.png', 'annotations.json', 'metadata.csv']) file(name, '')
      expect(names(pictures)).toEqual(['img2.png', 'img10.jpg'])
      expect(names(table)).toEqual([])
      file('arrays.npz', '')
      expect(names(pictures)).toEqual([])
    })

    it('in folders of classes are one of each in turn', () => {
      for (const name of ['cat/1.jpg', 'cat/2.jpg', 'dog/1.jpg', 'notes/readme.txt']) {
        mkdirSync(dirname(join(dir, name)), { recursive: true })
        file(name, '')
      }
      expect(names(pictures)).toEqual([join('cat', '1.jpg'), join('dog', '1.jpg'), join('cat', '2.jpg')])
      expect(names(table)).toEqual([])
      file('labels.npy', '')
      expect(names(pictures)).toEqual([join('cat', '1.jpg'), join('cat', '2.jpg'), join('dog', '1.jpg')])
    })

    it('beside inputs that were saved are none', () => {
      file('plot.png', '')
      saveInputs(dir, [{ x: { dtype: 'float32', shape: [1, 3, 8, 8], data: upTo(192) } }])
      expect(names(pictures)).toEqual([])
    })
  })

  it('replays saved inputs, by folder and by index', () => {
    const x = { dtype: 'float32', shape: [3, 2], data: upTo(6) } as const
    const index = saveInputs(dir, [{ x }])
    expect(read(dir, table).samples).toEqual([{ x }])
    expect(read(index, table).samples).toEqual([{ x }])
  })
})

describe('refusals', () => {
  const good = npy('<f4', [2, 2], upTo(4))
  const cases: readonly [string, () => string, RegExp, Partial<SampleOptions>?][] = [
    ['a missing file', () => join(dir, 'none.npz'), /there is no such file/],
    ['an unknown kind', () => file('d.txt', ''), /not a kind of data that is read; give \.npz/],
    ['an empty folder', () => dir, /nothing in this folder that is read/],
    ['no zip', () => file('d.npz', 'hello'), /d\.npz: the archive is damaged or no zip/],
    [
      'lists without end',
      () => file('d.json', `${'['.repeat(100_000)}1${']'.repeat(100_000)}`),
      /lists are nested 100000 deep; give an array/,
    ],
    ['a cut zip', () => file('d.npz', zipSync({ 'x.npy': good }).subarray(0, 90)), /the archive is damaged/],
    ['no npy', () => file('d.npy', 'hello world'), /not a NumPy array file/],
    ['a cut npy', () => file('d.npy', good.subarray(0, good.length - 3)), /the file ends after 13 of 16 bytes/],
    [
      'pickled objects',
      () => file('d.npy', npy('|O', [1], new Uint8Array(8))),
      /pickled Python objects, which are never executed/,
    ],
    ['wrong names', () => npz('d.npz', { a: good, b: good }), /no array 'x', .* the file holds 'a', 'b'/],
    ['a wrong size', () => npz('d.npz', { x: npy('<f4', [2, 3], upTo(6)) }), /'x' is 1x3: axis 1 is 3, the model says 2/],
    [
      'a wrong rank',
      () => npz('d.npz', { x: npy('<f4', [1, 1, 1, 2], upTo(2)) }),
      /'x' has 4 axes \(1x1x1x2\), the model takes 2/,
    ],
    ['a wrong dtype', () => file('d.json', '{"x": [["a", "b"]]}'), /'x' holds string, the model takes float32/],
    ['too few rows', () => npz('d.npz', { x: good }), /'x' has 2 rows, a sample takes 5/, { batch: 5 }],
    ['no labels', () => npz('d.npz', { x: good }), /no array 'truth' for --labels/, { labelsName: 'truth' }],
    ['few labels', () => npz('d.npz', { x: good, labels: npy('|i1', [1], Int8Array.of(1)) }), /1 labels for 2 samples/],
    ['an empty array', () => npz('d.npz', { x: npy('<f4', [0, 2], upTo(0)) }), /'x' is empty/],
    ['ragged rows', () => file('d.csv', '1,2\n3\n'), /row 2 has 1 cells, the first 2/],
    ['text in a table', () => file('d.csv', 'a,b\n1,two\n'), /row 2, column 'b' is 'two', no number/],
    ['no JSON', () => file('d.json', '{"x": [\n'), /not JSON/],
    ['ragged JSON', () => file('d.json', '{"x": [[1, 2], [3]]}'), /one list has 1 items where another has 2/],
    ['no tensor', () => file('d.pb', 'hello'), /d\.pb: not an ONNX TensorProto/],
  ]
  it.each(cases)('refuses %s in one line', (_, make, message, options) => {
    const path = make()
    expect(() => read(path, table, options)).toThrow(InputError)
    expect(() => read(path, table, options)).toThrow(message)
    expect(() => read(path, table, options)).not.toThrow(/\n/)
  })
  it('never throws anything but an InputError at damaged bytes', () => {
    const bytes = zipSync({ 'x.npy': good })
    for (const [name, whole] of [
      ['d.npz', bytes],
      ['d.npy', good],
    ] as const) {
      for (let at = 0; at < whole.length; at++) {
        const path = file(
          name,
          whole.map((byte, index) => (index === at ? byte ^ 0x55 : byte)),
        )
        try {
          read(path, table, { allowNaN: true })
        } catch (error) {
          if (!(error instanceof InputError)) throw new Error(`${name}, byte ${at}: ${(error as Error).stack}`)
        }
      }
    }
  })
})
