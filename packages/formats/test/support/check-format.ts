// What every format's reader must do: read its fixtures to the graph that is expected, be chosen by the file's own bytes, and answer
// whatever is damaged with one line.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { constantsOf, readBytes } from '@whyslow/graph/constants.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { nodesOf } from '@whyslow/graph/walk.ts'
import { randomFeeds, runModel } from '@whyslow/measure/support/engines/example-run.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fullOr } from '../../../../test/only-full.ts'
import { identifyFile } from '../../src/identify.ts'
import { readModel } from '../../src/index.ts'

export interface FormatCases {
  /** As `identify` calls it. */
  readonly format: string
  /** `file`: in fixtures/models. Values as 'float32 1x4'; a size that is free is its symbol, or ?. */
  readonly reads: readonly {
    readonly file: string
    readonly inputs: Readonly<Record<string, string>>
    readonly outputs: Readonly<Record<string, string>>
    /** Operators in order. */
    readonly operators: readonly string[]
    /** Why weights are no views into the file's bytes: they are written as text, or packed. */
    readonly copies?: string
  }[]
  readonly refuses: readonly { readonly file: string; readonly message: RegExp }[]
}

const FOLDER = path.resolve(import.meta.dirname, '../../../../fixtures/models')
const CUTS = fullOr(16, 8)
const FLIPS = fullOr(48, 12)

export function checkFormat(read: (file: string) => Promise<Model>, { format, reads, refuses }: FormatCases): void {
  describe(`the reader of ${format}`, () => {
    let folder: string
    beforeAll(() => {
      folder = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-format-'))
    })
    afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

    test('has fixtures of its own', () => expect(reads.length).toBeGreaterThan(0))

    test.each(reads)('reads $file', async ({ file, inputs, outputs, operators }) => {
      const model = await read(path.join(FOLDER, file))
      const graph = viewGraph(model)
      expect(model.source).toMatchObject({
        format,
        sizeBytes: expect.any(Number),
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      })
      expect(typesOf(graph.inputs)).toEqual(inputs)
      expect(typesOf(graph.outputs)).toEqual(outputs)
      expect(graph.nodes.map(({ opType }) => opType)).toEqual(operators)
    })

    test.each(reads)('$file runs on the engine, with the outputs that it declares', async ({ file }) => {
      const model = await read(path.join(FOLDER, file))
      const [results] = await runModel(model, [randomFeeds(model, 1)])
      const { outputs } = viewGraph(model)
      expect(Object.keys(results!)).toEqual(outputs.map(({ name }) => name))
      for (const { name, dtype, shape } of outputs) {
        const { dtype: dtypeRun, shape: shapeRun } = results![name]!
        expect([name, dtypeRun]).toEqual([name, dtype])
        if (shape !== null)
          expect(shapeRun).toEqual(shape.map((size, axis) => (typeof size === 'number' ? size : shapeRun[axis])))
      }
    })

    test.each(reads)('keeps the weights of $file where they lie, and the names of its nodes', async ({ file, copies }) => {
      const model = await read(path.join(FOLDER, file))
      const buffers = new Set<ArrayBufferLike>()
      for (const constant of constantsOf(model)) {
        // Names are texts, and lie nowhere.
        if (constant.dtype === 'string') continue
        const bytes = readBytes(model, constant)
        expect(bytes.byteLength, constant.name).toBe(constant.sizeBytes)
        buffers.add(bytes.buffer)
      }
      // Views into what was read have its one buffer.
      if (copies === undefined) expect(buffers.size, 'buffers that hold weights').toBeLessThanOrEqual(1 + model.weights.size)
      // ONNX names its nodes itself.
      const unnamed = format === 'onnx' ? [] : nodesOf(model.proto).filter((one) => !model.origins.get(one))
      expect(unnamed.map(({ opType, output }) => `${opType} that makes ${output.join()}`)).toEqual([])
    })

    test.each(reads)('is chosen for $file by its bytes', async ({ file }) => {
      expect(identifyFile(path.join(FOLDER, file)).format).toBe(format)
      expect((await readModel(path.join(FOLDER, file))).source.format).toBe(format)
    })

    test.each(reads)('answers $file, cut off or with bytes changed, with one line or a model', async ({ file }) => {
      const whole = fs.readFileSync(path.join(FOLDER, file))
      const random = mulberry32(1)
      const damaged = [
        ...Array.from({ length: CUTS }, (_, k) => whole.subarray(0, Math.floor((whole.length * k) / CUTS))),
        ...Array.from({ length: FLIPS }, () => {
          const copy = Buffer.from(whole)
          copy[Math.floor(random() * copy.length)]! ^= 1 << Math.floor(random() * 8)
          return copy
        }),
      ]
      const at = path.join(folder, `damaged${path.extname(file)}`)
      for (const bytes of damaged) {
        fs.writeFileSync(at, bytes)
        const error = await read(at).then(
          () => null,
          (reason: unknown) => reason,
        )
        if (error === null) continue
        expect(error).toBeInstanceOf(InputError)
        expect((error as InputError).message).not.toMatch(/\n/)
      }
    })

    if (refuses.length > 0)
      test.each(refuses)('refuses $file', async ({ file, message }) => {
        const error = await read(path.join(FOLDER, file)).catch((reason: unknown) => reason)
        expect(error).toBeInstanceOf(InputError)
        expect((error as InputError).message).toMatch(message)
      })
  })
}

const typesOf = (values: ReturnType<typeof viewGraph>['inputs']): Record<string, string> =>
  Object.fromEntries(
    values.map(({ name, dtype, shape }) => [name, `${dtype} ${shape?.map((size) => size ?? '?').join('x') ?? '?'}`]),
  )
