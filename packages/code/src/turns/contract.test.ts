// The contract of a module, in the forms that it is written in.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { ContractError, needsSample, reasonOf, stepOf, targetOf } from './contract.ts'

type Module = Readonly<Record<string, unknown>>

const namesOf = (module: Module) => targetOf(module, null).stages.map(({ name }) => name)

/** What one call gives. */
async function called(module: Module, sample: unknown, call: string | null = null): Promise<unknown> {
  const target = targetOf(module, call)
  const model = target.load === null ? undefined : await target.load()
  let value = sample
  for (const stage of target.stages) value = await stepOf(stage, model)(value)
  return value
}

class Service {
  factor = 0
  async load() {
    this.factor = 5
  }
  samples() {
    return [1, 2]
  }
  predict(x: number) {
    return this.factor * x
  }
}

describe('where the stages are', () => {
  test('exports follow each other', async () => {
    const module = { preprocess: (x: number) => x + 1, predict: (x: number) => x * 10, postprocess: (y: number) => `${y}` }
    expect(namesOf(module)).toEqual(['preprocess', 'predict', 'postprocess'])
    expect(await called(module, 1)).toBe('20')
  })

  test('methods of a default export keep what they belong to', async () => {
    const whole = {
      factor: 5,
      predict(x: number) {
        return this.factor * x
      },
    }
    expect(await called({ default: whole }, 3)).toBe(15)
    // CommonJS that was made of ES modules.
    expect(await called({ default: { __esModule: true, default: whole }, __esModule: true }, 3)).toBe(15)
  })

  test('of a class one object is made', async () => {
    const target = targetOf({ default: Service }, null)
    expect(target).toMatchObject({ kind: 'stages', stages: [{ name: 'predict' }] })
    expect((target.samples as () => unknown)()).toEqual([1, 2])
    expect(await called({ default: Service }, 3)).toBe(15)
    class Both extends Service {
      static predict = (x: number) => -x
    }
    expect(await called({ default: Both }, 3)).toBe(-3)
  })

  test('some in the default export, some beside it', async () => {
    const module = {
      load: () => 4,
      samples: [1, 2],
      default: { predict: (model: number, x: number) => model * x },
      postprocess: (y: number) => y + 1,
    }
    expect(targetOf(module, null).samples).toEqual([1, 2])
    expect(await called(module, 2)).toBe(9)
    const other = { default: { load: () => 4, samples: () => [1] }, predict: (model: number, x: number) => model * x }
    expect(targetOf(other, null).samples).toBeTypeOf('function')
    expect(await called(other, 2)).toBe(8)
  })

  test('a default function is called by its name; a class without predict is no function', () => {
    expect(targetOf({ default: function score() {} }, null)).toMatchObject({
      kind: 'function',
      stages: [{ name: 'score' }],
    })
    expect(targetOf({ default: class {} }, null).kind).toBe('script')
  })

  test('one function alone is a script, or where that is asked for the function', () => {
    const module = { score: (x: number) => -x, samples: () => [1] }
    expect(targetOf(module, null).kind).toBe('script')
    expect(targetOf(module, null, { single: true }).stages).toMatchObject([{ name: 'score' }])
    expect(targetOf({ a: () => 1, b: () => 2 }, null, { single: true }).kind).toBe('script')
  })
})

describe('CommonJS, as Node imports it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'whyslow-contract-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('names that Node does not find in the source are there', async () => {
    const file = join(folder, 'app.cjs')
    writeFileSync(
      file,
      'const load = () => 7\nconst predict = (m, x) => [m * x]\nmodule.exports = { predict, postprocess: (y) => y[0], load, samples: () => [1] }\n',
    )
    const exported = createRequire(import.meta.url)(file) as Module
    // Node's lexer stops at the arrow.
    const module = { predict: exported.predict, default: exported }
    expect(namesOf(module)).toEqual(['predict', 'postprocess'])
    expect(await called(module, 3)).toBe(21)
    const { default: whole, ...named } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Module
    expect(await called({ ...named, default: whole }, 3)).toBe(21)
  })
})

describe('what is given the model', () => {
  test.each<[string, Module, unknown]>([
    ['two parameters', { predict: (a: number, x: number) => [a, x] }, [7, 3]],
    ['one, which is the sample’s', { predict: (x: number) => x }, 3],
    ['one that is called model, beside an option', { predict: (model: number, x = 1) => [model, x] }, [7, 3]],
    ['one, and an option', { predict: (x: number, most = 1) => [x, most] }, [3, 1]],
    ['whatever there is', { predict: (...all: unknown[]) => all }, [7, 3]],
    ['not what prepares', { preprocess: (x: number, more?: number) => [x, more], predict: (x: unknown) => x }, [3, undefined]],
  ])('%s', async (_, module, expected) => {
    expect(await called({ load: () => 7, ...module }, 3)).toEqual(expected)
  })

  test('a load that gives none leaves predict its sample', async () => {
    expect(await called({ load: () => undefined, predict: (...all: unknown[]) => all }, 3)).toEqual([3])
    expect(await called({ load: () => {}, predict: (x: number) => x }, 3)).toBe(3)
  })

  test('predict of one parameter and no sample takes the model', async () => {
    const module = { load: () => 7, predict: (session: number) => session }
    expect(targetOf(module, null).stages[0]!.parameters).toBe(0)
    const target = targetOf({ load: () => {}, predict: (x: number) => x }, null)
    expect([needsSample(target, 7), needsSample(target, undefined)]).toEqual([false, true])
    expect(await called(module, undefined)).toBe(7)
    expect(await called({ load: () => 7, predict: (it: number) => it }, undefined)).toBe(7)
  })

  test('a function that is called by its name as well', async () => {
    const module = { load: () => 7, score: (a: number, x: number) => a * x, plain: (x: number) => x }
    expect(await called(module, 3, 'score')).toBe(21)
    expect(await called(module, 3, 'plain')).toBe(3)
    expect(await called({ default: Service }, 3, 'predict')).toBe(15)
  })
})

describe('a function by its name', () => {
  const module = { score: (x: number) => -x, other: () => 0, deep: { add: (x: number) => x + 1 }, Service }

  test('wherever it lies', async () => {
    expect(await called(module, 2, 'score')).toBe(-2)
    expect(await called(module, 2, 'deep.add')).toBe(3)
    expect(await called(module, 2, 'Service.predict')).toBe(0)
  })

  test('a wrong one lists the others', () => {
    for (const name of ['sore', 'Service'])
      expect(() => targetOf(module, name)).toThrow(`it exports no function ${name}; it has score, other`)
    expect(() => targetOf({ value: 3 }, 'sore')).toThrow('it has no functions')
  })
})

test('without a model a function of several parameters takes the members of its sample', async () => {
  const module = { predict: (a: number, b: number) => a - b }
  expect(await called(module, { first: 5, second: 3 })).toBe(2)
  expect(await called(module, [5, 3])).toBe(2)
  expect(await called({ predict: (a: number[], b?: number) => [a, b] }, [5, 3, 1])).toEqual([[5, 3, 1], undefined])
})

test('why it failed is one line', () => {
  expect(reasonOf(new TypeError('bad\n  row'))).toBe('TypeError: bad row')
  expect(reasonOf(new ContractError('app.mjs exports no function f'))).toBe('app.mjs exports no function f')
  expect([reasonOf('a'), reasonOf(undefined), reasonOf({ message: 'b' }), reasonOf('')]).toEqual([
    'a',
    'undefined',
    'b',
    'no reason given',
  ])
})
