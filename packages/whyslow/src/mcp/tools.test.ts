import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Flag } from '@whyslow/command/terminal/flags/flag.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { describe, expect, test } from 'vitest'
import { pathUse } from '../options/flag-schema.ts'
import { flags } from '../options/flags.ts'
import { createProgram } from '../program.ts'
import type { ResolvePath } from './protocol/tool.ts'
import { createTools, DESCRIBED_TOOLS, WITHHELD_FLAGS } from './tools.ts'

const tools = createTools([])
const tool = (name: string) => tools.find((one) => one.name === name)!
const asGiven: ResolvePath = (given) => given
/** The command line, or why there is none. */
const words = (name: string, given: Record<string, unknown>, resolve = asGiven) => {
  const typed = tool(name).words(given, resolve)
  return typed.ok ? typed.words : typed.line
}
const offered = (name: string) => Object.keys(tool(name).inputSchema.properties as object)

describe('every tool', () => {
  test('is a command with that name, and takes its arguments', () => {
    const program = createProgram({ version: '0', screen: {} as never, interrupt: () => new AbortController().signal })
    for (const { name, takes } of DESCRIBED_TOOLS) {
      const command = name === 'why' ? program : program.commands.find((one) => one.name() === name)!
      // What stands behind -- is for the user's program, and no tool passes it.
      const [named, ...behind] = command.registeredArguments.map((one) => [one.name(), one.variadic])
      expect(named).toEqual([takes, takes === 'models'])
      expect(behind).toEqual(name === 'fix' ? [['arguments', true]] : [])
    }
  })

  test('writes nothing but what its out names, and runs what is measured alone', () => {
    expect(tools.map(({ name }) => name)).toEqual(['why', 'fix', 'quantize', 'compare', 'check', 'lint'])
    expect(tools.filter(({ isReadOnly }) => !isReadOnly).map(({ name }) => name)).toEqual(['fix', 'quantize'])
    for (const { name } of tools) for (const key of Object.keys(WITHHELD_FLAGS)) expect(offered(name)).not.toContain(key)
  })

  test('takes paths only where they are checked', () => {
    for (const { name } of DESCRIBED_TOOLS)
      for (const flag of flags[name] as readonly Flag[]) {
        if (!offered(name).includes(flag.key)) continue
        const namesFile = /<(path|file|files|dir|folder|model|report|store|where)>/.test(flag.words)
        expect([flag.words, pathUse(flag) !== null]).toEqual([flag.words, namesFile])
      }
  })

  test('offers what the table of flags has, and no more', () => {
    expect(offered('lint')).toEqual([
      ...[
        'model',
        'duration',
        'shape',
        'value',
        'data',
        'labels',
        'imagePreprocessing',
        'batch',
        'signature',
        'engine',
        'threads',
      ],
      ...['graphOptimization', 'memoryLimit'],
    ])
    expect(offered('check')).toEqual(expect.arrayContaining(['baseline', 'against', 'failAbove', 'runs', 'quick']))
    expect(offered('fix')).toEqual(expect.arrayContaining(['out', 'budget', 'dryRun', 'require', 'imageNormalize']))
  })
})

describe('a call becomes a command line', () => {
  test.each([
    ['why', { model: 'm.onnx', quick: true, threads: 2 }, ['why', '--quick', '--threads=2', '--', 'm.onnx']],
    ['compare', { models: ['a', 'b'], batch: [1, 8] }, ['compare', '--batch=1,8', '--', 'a', 'b']],
    ['fix', { model: 'm', out: 'fast', for: 'size' }, ['fix', '--out=fast', '--for=size', '--', 'm']],
    ['fix', { model: 'a/m.onnx' }, ['fix', '--out=m-fast', '--', 'a/m.onnx']],
    ['fix', { model: 'm', dryRun: true }, ['fix', '--dry-run', '--', 'm']],
    ['check', { model: 'm', baseline: 'b' }, ['check', '--baseline=b', '--', 'm']],
  ])('%s', (name, given, expected) => expect(words(name, given)).toEqual(expected))

  test('with each path resolved for what it is', () => {
    const seen: string[] = []
    const resolve: ResolvePath = (given, use) => {
      seen.push(`${use} ${given}`)
      return `/real/${given}`
    }
    expect(words('quantize', { model: 'm', out: 'o', data: 'd', labels: 'l' }, resolve)).toEqual([
      ...['quantize', '--out=/real/o', '--data=/real/d', '--labels=l', '--', '/real/m'],
    ])
    expect(seen).toEqual(['input m', 'output o', 'input d'])
  })

  test('with the places of engines that the user named', () => {
    expect(createTools(['--ort=/own'])[0]!.words({ model: 'm' }, asGiven)).toEqual({
      ok: true,
      words: ['why', '--ort=/own', '--', 'm'],
    })
  })

  test('how images are normalized is read next to the model and above: those files are inputs, too', () => {
    const folder = folderOfTests()
    mkdirSync(path.join(folder, 'onnx'))
    writeFileSync(path.join(folder, 'preprocessor_config.json'), '{}')
    const model = path.join(folder, 'onnx/m.onnx')
    const seen: string[] = []
    const resolve: ResolvePath = (given) => {
      seen.push(path.relative(folder, given))
      return given
    }
    words('why', { model, data: 'd', imagePreprocessing: 'imagenet' }, resolve)
    words('why', { model }, resolve)
    expect(seen).not.toContain('preprocessor_config.json')
    words('why', { model, data: 'd' }, resolve)
    expect(seen).toContain('preprocessor_config.json')
  })
})

test.each([
  ['why', {}, 'why: give model, as a path or paths'],
  ['compare', { models: [] }, 'compare: give models, as a path or paths'],
  ['why', { model: ['a'] }, 'why: model must be string'],
  ['compare', { models: 'a' }, 'compare: models must be array'],
  ['why', { model: 'm', qick: true }, 'why: qick is not an argument of this tool; leave it out'],
  ['why', { model: 'm', constructor: 1 }, 'why: constructor is not an argument of this tool; leave it out'],
  ['why', { model: 'm', python: 'p' }, /^why: python is not offered to clients \(starts a program: /],
  ['fix', { model: 'm', force: true }, /^fix: force is not offered to clients/],
  ['lint', { model: 'm', out: 'o' }, 'lint: out is not an argument of this tool; leave it out'],
  ['why', { model: 'm', batch: 'four' }, 'why: batch must be integer'],
  ['why', { model: 'm', shape: ['x=1\0'] }, 'why: shape holds a NUL character; leave it out'],
])('%s %j is refused', (name, given, line) => {
  expect(words(name, given)).toEqual(expect.stringMatching(line))
})

describe('the default folder', () => {
  const at = folderOfTests()
  mkdirSync(path.join(at, 'model-fast'))
  writeFileSync(path.join(at, 'model-fast/report.json'), JSON.stringify({ model: { file: 'a/model.onnx', sha256: '0' } }))
  const resolve: ResolvePath = (given) => path.resolve(at, given)
  const out = `--out=${path.join(at, 'model-fast')}`

  test('is not taken from another model', () => {
    expect(words('fix', { model: 'b/model.onnx' }, resolve)).toBe(
      'fix: model-fast/ holds what was made of a/model.onnx; give another folder (out)',
    )
  })
  test('is written again for its own model, and for any if it is named', () => {
    expect(words('fix', { model: 'a/model.onnx' }, resolve)).toContain(out)
    expect(words('fix', { model: 'b/model.onnx', out: 'model-fast' }, resolve)).toContain(out)
  })
})
